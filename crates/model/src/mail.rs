//! What is mailed.

/// What a one-time secret may do, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Prove control of an e-mail address.
    VerifyEmail,
    /// Set a new password.
    ResetPassword,
}

impl Purpose {
    /// As stored, and as the `action` of a mailed link.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }

    /// The purpose of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::VerifyEmail, Self::ResetPassword]
            .into_iter()
            .find(|it| it.as_str() == name)
    }
}

/// The kinds of mail; each has an HTML and a text template of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// Link and code to verify an address.
    VerifyEmail,
    /// Link and code to set a new password.
    ResetPassword,
    /// Notice that the password was changed or reset.
    PasswordChanged,
    /// Notice to an owner that somebody tried to register the address again.
    AlreadyRegistered,
    /// Sent to nobody: keeps the work for an unknown address equal to that for a known one.
    Nothing,
}

impl MailKind {
    /// All kinds that reach a reader.
    pub const SENT: [Self; 4] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::PasswordChanged,
        Self::AlreadyRegistered,
    ];

    /// As stored, and the template's file name without its ending.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::AlreadyRegistered => "already_registered",
            Self::Nothing => "nothing",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::SENT
            .into_iter()
            .chain([Self::Nothing])
            .find(|it| it.as_str() == name)
    }
}

/// A mail to be sent, before it is rendered: the sealed payload of an outbox row.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Letter {
    /// The stored address of the user; never a typed one.
    pub to: String,
    /// The user's name, when set. It is the user's text: escaped, and never a link.
    pub name: Option<String>,
    /// The project's name, as the reader knows it.
    pub project: String,
    /// The link with its token, when the kind has one.
    pub link: Option<String>,
    /// The six-digit code, when the kind has one.
    pub code: Option<String>,
    /// When link and code stop working, in microseconds since the epoch.
    pub expires_at: Option<i64>,
}
