//! Bodies that more than one API takes: as they are read, and as they are documented.

use crate::fields::Fields;
use utoipa::ToSchema;
use vestibule_ops::{IdentifierField, PasswordLogin, Proof};

/// An e-mail address.
#[derive(ToSchema)]
pub struct EmailBody {
    #[schema(example = "user@example.com")]
    pub email: String,
}

/// The refresh token of the last answer.
#[derive(ToSchema)]
pub struct RefreshBody {
    pub refresh_token: String,
}

/// The present password and the one to come.
#[derive(ToSchema)]
pub struct ChangeBody {
    pub current_password: String,
    pub new_password: String,
}

/// The mailed token, or the address and the mailed code.
#[derive(ToSchema)]
pub enum VerifyBody {
    #[schema(title = "By token")]
    Token(TokenBody),
    #[schema(title = "By code")]
    Code(CodeBody),
}

/// The token of the mailed link.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub struct TokenBody {
    token: String,
}

/// The six digits of the mail.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub struct CodeBody {
    email: String,
    #[schema(example = "123456")]
    code: String,
}

/// The mailed token and the new password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub struct ResetBody {
    token: String,
    /// `new_password` is accepted too.
    password: String,
}

impl Fields {
    /// Reads `email` and `password`, by which somebody signs in.
    pub fn email_login(&mut self) -> PasswordLogin {
        PasswordLogin {
            identifier: self.text("email"),
            by: IdentifierField::Email,
            password: self.text("password"),
        }
    }

    /// Reads an [`EmailBody`].
    pub fn email(&mut self) -> EmailBody {
        EmailBody {
            email: self.text("email"),
        }
    }

    /// Reads a [`RefreshBody`].
    pub fn refresh_token(&mut self) -> RefreshBody {
        RefreshBody {
            refresh_token: self.text("refresh_token"),
        }
    }

    /// Reads a [`ChangeBody`].
    pub fn password_change(&mut self) -> ChangeBody {
        ChangeBody {
            current_password: self.text("current_password"),
            new_password: self.text("new_password"),
        }
    }

    /// Reads a [`VerifyBody`], what proves control of a mailbox: `token`, or `email` and `code`.
    pub fn proof(&mut self) -> Proof {
        if self.has("code") && !self.has("token") {
            Proof::Code {
                email: self.text("email"),
                code: self.text("code"),
            }
        } else {
            Proof::Token(self.text("token"))
        }
    }

    /// Reads a [`ResetBody`]; the mailed code is taken in place of the token.
    pub fn password_reset(&mut self) -> (Proof, String) {
        (self.proof(), self.text_of_either("password", "new_password"))
    }
}
