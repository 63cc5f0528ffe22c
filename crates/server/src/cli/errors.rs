//! The table of a dialect's refusals, as `vestibule reference errors` prints it.

use super::words;
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;
use vestibule_model::refusal::{
    Account, ApiKey, Conflict, Credentials, Failed, FieldError, Input, NotFound, Permission, Refresh, Secret,
    Throttled, Token, WeakPassword,
};
use vestibule_model::{Environment, Refusal};
use vestibule_web::{Dialect, Endpoint};

/// Every refusal as this dialect says it, in Markdown.
pub fn table(dialect: &Dialect) -> String {
    let mut page = format!(
        "# Refusals of {}\n\n| status | code | message | when |\n|---|---|---|---|\n",
        dialect.title
    );
    for refusal in refusals() {
        let (status, body) = dialect.refused(Endpoint::Login, &refusal);
        let body = body
            .get("error")
            .filter(|inner| inner.is_object())
            .unwrap_or(&body);
        let text = |names: &[&str]| {
            let found = names
                .iter()
                .find_map(|name| body.get(*name).and_then(Value::as_str));
            found.unwrap_or_default().replace('|', "\\|")
        };
        // Where the text stands in `error`, the code has a field of its own.
        let (code, message) = (text(&["code"]), text(&["detail", "message", "error"]));
        let code = if code.is_empty() {
            "–".to_owned()
        } else {
            format!("`{code}`")
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {status} | {code} | {message} | {} |",
            words::refusal(&refusal)
        );
    }
    page
}

fn refusals() -> Vec<Refusal> {
    let wait = Duration::from_secs(30);
    let field = FieldError::new("email", "type", "must be a string");
    let weak = [
        WeakPassword::TooShort { minimum: 8 },
        WeakPassword::TooLong,
        WeakPassword::Nul,
        WeakPassword::Common,
        WeakPassword::Classes,
    ];
    let mut all: Vec<Refusal> = vec![
        ApiKey::Missing.into(),
        ApiKey::Invalid.into(),
        Credentials::Wrong.into(),
        Credentials::CurrentPasswordWrong.into(),
        Token::Missing.into(),
        Token::NotAuthentic.into(),
        Token::Expired.into(),
        Token::Revoked.into(),
        Token::OtherEnvironment {
            key: Environment::Live,
        }
        .into(),
        Refresh::Unknown.into(),
        Refresh::Expired.into(),
        Refresh::Revoked.into(),
        Refresh::Reused.into(),
        Secret::Invalid.into(),
        Secret::Expired.into(),
        Account::Disabled.into(),
        Account::Unverified.into(),
        Input::Malformed("the body is not JSON".into()).into(),
        Input::Fields(vec![field]).into(),
        Input::TooLarge.into(),
        Input::UnsupportedMediaType.into(),
        Input::IdentifierNotAllowed.into(),
        Conflict::EmailTaken.into(),
        Conflict::ValueTaken(vec!["username".into()]).into(),
        Permission::Insufficient.into(),
        Permission::RegistrationClosed.into(),
        Permission::CrossSite.into(),
        NotFound::Session.into(),
        NotFound::Route.into(),
        NotFound::Method { allow: "GET".into() }.into(),
        Throttled::Client { retry_after: wait }.into(),
        Throttled::Account { retry_after: wait }.into(),
        Failed::Overloaded { retry_after: wait }.into(),
        Failed::Unavailable.into(),
        Failed::Unknown.into(),
        Failed::Internal.into(),
    ];
    all.extend(weak.map(|reason| Input::WeakPassword(reason).into()));
    all
}
