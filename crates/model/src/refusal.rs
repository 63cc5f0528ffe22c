//! The expected "no", with a group for each thing a dialect must decide how to say.
//!
//! A dialect matches these exhaustively. A new variant breaks every dialect's build until its vendor code is
//! decided, which is why there is no catch-all.

mod words;

use crate::project::Environment;
use std::fmt;
use std::time::Duration;

/// Why an operation did not do what was asked, although nothing is broken but perhaps [`Refusal::Failed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The API key in the request.
    ApiKey(ApiKey),
    /// The password, or the pair of identifier and password.
    Credentials(Credentials),
    /// The access token.
    Token(Token),
    /// The refresh token.
    Refresh(Refresh),
    /// The mailed token or code.
    Secret(Secret),
    /// The account; said only to somebody who proved the password.
    Account(Account),
    /// What the request says.
    Input(Input),
    /// Something exists already.
    Conflict(Conflict),
    /// The caller may not.
    Permission(Permission),
    /// There is no such thing here.
    NotFound(NotFound),
    /// Too many requests from one place, or for one account.
    Throttled(Throttled),
    /// We cannot, now.
    Failed(Failed),
}

/// Refusals about the API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKey {
    /// None was sent where one is needed.
    Missing,
    /// Malformed, unknown, revoked, or of a kind that does not open this door.
    Invalid,
}

/// Refusals about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// No such user, no password set, or the wrong one: always the same answer.
    Wrong,
    /// A signed-in caller's current password is not the one given.
    CurrentPasswordWrong,
}

/// Refusals about an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// No token, another scheme, or more than one.
    Missing,
    /// Not one of ours, or of another dialect, project or shape.
    NotAuthentic,
    /// Authentic, but past its `exp`.
    Expired,
    /// Authentic, but its session has ended.
    Revoked,
    /// Authentic, but the API key is of the other environment.
    OtherEnvironment {
        /// The key's environment.
        key: Environment,
    },
}

/// Refusals about a refresh token (`STORE.md` §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Forged, malformed, or of a session that does not exist.
    Unknown,
    /// Its session is past its absolute end.
    Expired,
    /// Its session was ended.
    Revoked,
    /// It had been used by somebody else too; the session has been ended.
    Reused,
}

/// Refusals about a mailed token or code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// Unknown, used, voided by a newer mail, or of another purpose.
    Invalid,
    /// Authentic, but too old.
    Expired,
}

/// Refusals about the account itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Disabled by an operator.
    Disabled,
    /// The project wants a verified e-mail address before this dialect signs in.
    Unverified,
}

/// Refusals about what the request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The body or query cannot be read at all; the text says why.
    Malformed(String),
    /// These fields are missing or wrong; never empty.
    Fields(Vec<FieldError>),
    /// A new password does not satisfy the rules.
    WeakPassword(WeakPassword),
    /// The body is larger than the limit.
    TooLarge,
    /// The body is not the media type that this route takes.
    UnsupportedMediaType,
    /// A login names a field that is no identifier of this project, or none that the project lets users log in with.
    IdentifierNotAllowed,
}

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name or path, as the client spelled it.
    pub field: String,
    /// The rule that is broken: the keyword of JSON Schema where one says it (`type`, `required`, `maxLength`,
    /// `pattern`, `format`, `additionalProperties`, …), or `forbidden`, `unique`, `invalid`.
    pub rule: &'static str,
    /// What is wrong, as a predicate: `must be a string`.
    pub message: String,
}

impl FieldError {
    /// A wrong field, the rule that it breaks, and what is wrong with it.
    pub fn new(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule,
            message: message.into(),
        }
    }
}

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakPassword {
    /// Fewer characters (code points) than the minimum.
    TooShort {
        /// The least number of characters.
        minimum: u32,
    },
    /// More than 1,024 bytes.
    TooLong,
    /// Contains U+0000.
    Nul,
    /// Among the commonly used passwords, or guessed as quickly.
    Common,
    /// Lacks an upper-case letter, a lower-case letter or a digit, where the dialect documents that rule.
    Classes,
}

impl Input {
    /// A sentence that says what exactly is wrong, where more is known than the kind of the refusal.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Malformed(why) => Some(why.clone()),
            Self::Fields(fields) => fields
                .first()
                .map(|first| format!("{} {}", first.field, first.message)),
            Self::WeakPassword(why) => Some(why.to_string()),
            _ => None,
        }
    }
}

impl fmt::Display for WeakPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { minimum } => write!(f, "The password must have at least {minimum} characters"),
            Self::TooLong => f.write_str("The password must not be longer than 1024 bytes"),
            Self::Nul => f.write_str("The password must not contain the character U+0000"),
            Self::Common => f.write_str("The password is too common or too easily guessed"),
            Self::Classes => {
                f.write_str("The password must contain an uppercase letter, a lowercase letter and a number")
            }
        }
    }
}

/// Refusals because something exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The e-mail address has an account.
    EmailTaken,
    /// Another unique value is taken; the paths of the fields.
    ValueTaken(Vec<String>),
    /// No enabled user of the realm would be left whose role permits everything.
    LastSuperuser,
}

/// Refusals about rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The caller lacks the permission.
    Insufficient,
    /// The project does not let strangers register.
    RegistrationClosed,
    /// A page of another site tried to act with the visitor's cookie.
    CrossSite,
    /// The project's roles stand in its configuration, and nobody changes them through a door.
    ReadOnly,
}

/// Refusals because there is no such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// No such session of the caller.
    Session,
    /// No such record in this project and environment.
    Record {
        /// Of which collection.
        kind: Record,
        /// The id as the client wrote it, cut to 64 bytes.
        id: String,
    },
    /// No such path.
    Route,
    /// The path exists, with these other methods (the `Allow` header).
    Method {
        /// Comma-separated methods.
        allow: String,
    },
}

/// The collections whose records are named by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// Roles.
    Role,
    /// Permissions of roles.
    Permission,
    /// Roles that users have.
    Assignment,
    /// Users.
    User,
}

impl NotFound {
    /// No such record.
    pub fn record(kind: Record, id: &str) -> Self {
        let id = id
            .get(..id.floor_char_boundary(64))
            .unwrap_or_default()
            .to_owned();
        Self::Record { kind, id }
    }
}

/// Refusals because of too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// The client's budget for this kind of request is used up.
    Client {
        /// When the next one may come.
        retry_after: Duration,
    },
    /// The account is locked after too many failures.
    Account {
        /// When the lock ends.
        retry_after: Duration,
    },
}

/// What a client hears of our own trouble; the cause is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The work was not begun because there is too much of it; safe to repeat.
    Overloaded {
        /// When to come again.
        retry_after: Duration,
    },
    /// A part that we depend on is away; nothing happened.
    Unavailable,
    /// It may have happened.
    Unknown,
    /// A defect.
    Internal,
}

impl Refusal {
    /// When to try again, where waiting helps: the `Retry-After` header.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(Throttled::Client { retry_after } | Throttled::Account { retry_after })
            | Self::Failed(Failed::Overloaded { retry_after }) => Some(*retry_after),
            Self::Failed(Failed::Unavailable | Failed::Unknown) => Some(Duration::from_secs(1)),
            Self::ApiKey(_)
            | Self::Credentials(_)
            | Self::Token(_)
            | Self::Refresh(_)
            | Self::Secret(_)
            | Self::Account(_)
            | Self::Input(_)
            | Self::Conflict(_)
            | Self::Permission(_)
            | Self::NotFound(_)
            | Self::Failed(Failed::Internal) => None,
        }
    }

    /// One wrong field, by a rule that has no keyword.
    pub fn field(field: &str, message: &str) -> Self {
        Input::Fields(vec![FieldError::new(field, "invalid", message)]).into()
    }
}

macro_rules! refusal_from {
    ($($group:ident),*) => { $(
        impl From<$group> for Refusal {
            fn from(refusal: $group) -> Self { Self::$group(refusal) }
        }
    )* };
}
refusal_from!(
    ApiKey,
    Credentials,
    Token,
    Refresh,
    Secret,
    Account,
    Input,
    Conflict,
    Permission,
    NotFound,
    Throttled,
    Failed
);
