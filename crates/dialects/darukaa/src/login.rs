//! `POST /auth/login`, also at `/api/v1/auth/login`

use crate::wire::Tokens;
use utoipa::ToSchema;
use vestibule_ops::{Error, IdentifierField, PasswordLogin};
use vestibule_web::{Answer, Call, Fields};

/// E-mail address and password.
#[derive(ToSchema)]
pub(crate) struct LoginBody {
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "SecureP@ss123")]
    password: String,
}

fn body(fields: &mut Fields) -> LoginBody {
    LoginBody {
        email: fields.text("email"),
        password: fields.text("password"),
    }
}

pub(crate) async fn login(call: Call) -> Result<Answer, Error> {
    let LoginBody { email, password } = call.read(body)?;
    let login = PasswordLogin {
        identifier: email,
        by: IdentifierField::Email,
        password,
    };
    let signed_in = vestibule_ops::password_login(&call.cx, login).await?;
    Ok(Answer::json(200, &Tokens::of(&signed_in)))
}
