//! Refusals in an operator's words.

use vestibule_model::Refusal;
use vestibule_model::refusal::{
    Account, ApiKey, Conflict, Credentials, Failed, Input, NotFound, Permission, Record, Refresh, Secret,
    Throttled, Token, WeakPassword,
};

/// What an operator is told.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::ApiKey(ApiKey::Missing) => "an API key is needed".into(),
        Refusal::ApiKey(ApiKey::Invalid) => "the API key is unknown or revoked".into(),
        Refusal::Credentials(Credentials::Wrong) => "wrong e-mail address or password".into(),
        Refusal::Credentials(Credentials::CurrentPasswordWrong) => "the current password is wrong".into(),
        Refusal::Token(Token::Missing | Token::NotAuthentic) => "the access token is not authentic".into(),
        Refusal::Token(Token::Expired) => "the access token has expired".into(),
        Refusal::Token(Token::OtherEnvironment { key }) => {
            format!("the API key is of the environment {key}, the token of the other one")
        }
        Refusal::Refresh(Refresh::Unknown | Refresh::Expired) => {
            "the refresh token is unknown or has expired".into()
        }
        Refusal::Token(Token::Revoked) | Refusal::Refresh(Refresh::Revoked | Refresh::Reused) => {
            "the session has ended".into()
        }
        Refusal::Secret(Secret::Invalid) => "the mailed secret is unknown, used or voided".into(),
        Refusal::Secret(Secret::Expired) => "the mailed secret has expired".into(),
        Refusal::Account(Account::Disabled) => "the account is disabled".into(),
        Refusal::Account(Account::Unverified) => "the e-mail address is not verified".into(),
        Refusal::Input(input) => self::input(input),
        Refusal::Conflict(Conflict::EmailTaken) => "a user with this e-mail address exists already".into(),
        Refusal::Conflict(Conflict::ValueTaken(paths)) => {
            format!("another one has this {} already", paths.join(", "))
        }
        Refusal::Conflict(Conflict::LastSuperuser) => {
            "nobody would be left who may do everything: give another enabled user a superuser role first"
                .into()
        }
        Refusal::Permission(Permission::ReadOnly) => {
            "the roles of this project stand in its configuration ([roles]): change them there".into()
        }
        Refusal::Permission(Permission::Insufficient) => "this is not permitted".into(),
        Refusal::Permission(Permission::RegistrationClosed) => {
            "registration is closed in this project".into()
        }
        Refusal::Permission(Permission::CrossSite) => "a page of another site may not do this".into(),
        Refusal::NotFound(NotFound::Session) => "there is no such session".into(),
        Refusal::NotFound(NotFound::Record { kind, id }) => {
            let kind = match kind {
                Record::Role => "role",
                Record::Permission => "permission",
                Record::Assignment => "assignment",
                Record::User => "user",
            };
            format!("there is no {kind} {id}")
        }
        Refusal::NotFound(NotFound::Route | NotFound::Method { .. }) => "there is no such thing".into(),
        Refusal::Throttled(Throttled::Client { retry_after } | Throttled::Account { retry_after }) => {
            format!(
                "too many attempts: try again in {} seconds",
                retry_after.as_secs()
            )
        }
        Refusal::Failed(Failed::Overloaded { .. } | Failed::Unavailable) => {
            "too much to do right now; nothing happened, try again".into()
        }
        Refusal::Failed(Failed::Unknown) => "the outcome is not known: look before you try again".into(),
        Refusal::Failed(Failed::Internal) => "an internal fault; the log tells more".into(),
    }
}

fn input(input: &Input) -> String {
    match input {
        Input::Malformed(why) => why.clone(),
        Input::Fields(fields) => {
            let told: Vec<_> = fields
                .iter()
                .map(|field| format!("{} {}", field.field, field.message))
                .collect();
            told.join("; ")
        }
        Input::WeakPassword(weak) => match weak {
            WeakPassword::TooShort { minimum } => {
                format!("the password is too short: at least {minimum} characters")
            }
            WeakPassword::TooLong => "the password is too long: at most 1,024 bytes".into(),
            WeakPassword::Nul => "the password contains a NUL character".into(),
            WeakPassword::Common => "the password is too common or too easily guessed".into(),
            WeakPassword::Classes => {
                "the password needs an upper-case letter, a lower-case letter and a digit".into()
            }
        },
        Input::IdentifierNotAllowed => "users of this project do not log in with this field".into(),
        Input::TooLarge => "the input is too large".into(),
        Input::UnsupportedMediaType => "the input is not of a type that is taken here".into(),
    }
}
