//! Code that a developer copies: sign up, sign in, read the profile, in any of these languages through any dialect, with
//! this instance's URL and the test key of `dev`.

use super::Shared;
use super::form::Form;
use crate::instance::keys::Keys;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use std::path::Path;
use vestibule_ops::ApiKeyKind;
use vestibule_web::Dialect;

/// The languages, each with its template.
const LANGUAGES: [(&str, &str); 8] = [
    ("curl", include_str!("quickstart/curl.sh")),
    ("javascript", include_str!("quickstart/javascript.mjs")),
    ("python", include_str!("quickstart/python.py")),
    ("rust", include_str!("quickstart/rust.rs")),
    ("go", include_str!("quickstart/go.go")),
    ("php", include_str!("quickstart/php.php")),
    ("java", include_str!("quickstart/java.java")),
    ("csharp", include_str!("quickstart/csharp.cs")),
];

/// The languages, in the order of listing.
pub(super) fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|(language, _)| *language)
}

/// `GET /quickstart?lang=&dialect=`; what is not named is the first of its list.
pub(super) async fn show(State(pages): Shared, RawQuery(query): RawQuery) -> Response {
    let state = &pages.state;
    let wanted = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let dialect = match wanted.get("dialect") {
        Some(name) => state.dialect(name),
        None => state.dialects.first(),
    };
    let language = match wanted.get("lang") {
        Some(name) => LANGUAGES.iter().find(|(language, _)| *language == name),
        None => LANGUAGES.first(),
    };
    let (Some(dialect), Some((language, template))) = (dialect, language) else {
        let languages = languages().collect::<Vec<_>>().join(", ");
        let dialects: Vec<_> = state.dialects.iter().map(|it| it.door.name.as_str()).collect();
        let text = format!(
            "lang is one of {languages}; dialect is one of {}.\n",
            dialects.join(", ")
        );
        return plain(StatusCode::BAD_REQUEST, text);
    };
    let keys = state.dev_keys.as_deref().and_then(kept);
    match code(dialect, template, &state.core.settings.public_url, keys.as_ref()) {
        Ok(code) => plain(StatusCode::OK, code),
        Err(error) => {
            tracing::error!(language, %error, "a quickstart cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, text).into_response()
}

fn kept(dev_keys: &Path) -> Option<Keys> {
    serde_json::from_str(&std::fs::read_to_string(dev_keys).ok()?).ok()
}

/// Writes the code. Without the keys of `dev`, a placeholder stands where the reader puts one.
fn code(
    dialect: &Dialect,
    template: &str,
    base: &str,
    keys: Option<&Keys>,
) -> Result<String, minijinja::Error> {
    let steps = dialect.quickstart;
    let key = steps.key.map(|kind| {
        let key = keys.map(|keys| match kind {
            ApiKeyKind::Publishable => keys.test.publishable.clone(),
            ApiKeyKind::Api | ApiKeyKind::Darukaa | ApiKeyKind::Secret => keys.test.api.clone(),
        });
        key.unwrap_or_else(|| format!("{}_test_…", kind.prefix()))
    });
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let code = environment.render_str(
        template,
        context! {
            heading => heading(dialect, base), base, key, key_header => dialect.key_header,
            sign_up => steps.sign_up, sign_in => steps.sign_in, identifier => steps.identifier,
            token => steps.token, profile => steps.profile,
        },
    )?;
    Ok(format!("{}\n", code.trim_end()))
}

/// The first line: what the code does, and what its reader has to do between.
fn heading(dialect: &Dialect, base: &str) -> String {
    let (title, steps) = (dialect.title, dialect.quickstart);
    if steps.sign_up.is_none() {
        let profile = steps.profile;
        return format!("{title}: sign in as a user that exists, request {profile} with the token");
    }
    let does = format!("{title}: sign up, sign in, read the profile. Mail is read at {base}/dev/inbox");
    if dialect.door.policy.verified_email {
        format!("{does}; verify the address there first, then run this again: nobody signs in before")
    } else {
        does
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_promises_what_the_dialect_can_do() {
        for dialect in crate::dialects::all() {
            let heading = heading(&dialect, "https://auth.example.com");
            let steps = dialect.quickstart;
            assert_eq!(heading.contains("sign up"), steps.sign_up.is_some(), "{heading}");
            assert_eq!(
                heading.contains("verify"),
                dialect.door.policy.verified_email,
                "{heading}"
            );
        }
    }

    #[test]
    fn every_language_has_code_for_every_dialect() {
        for dialect in crate::dialects::all() {
            for (language, template) in LANGUAGES {
                let code = code(&dialect, template, "https://auth.example.com", None).unwrap();
                let steps = dialect.quickstart;
                for part in [
                    "https://auth.example.com",
                    steps.sign_in,
                    steps.token,
                    steps.profile,
                ] {
                    assert!(
                        code.contains(part),
                        "{language} {}: {part}\n{code}",
                        dialect.title
                    );
                }
                assert_eq!(
                    code.contains("_test_…"),
                    steps.key.is_some(),
                    "{language}\n{code}"
                );
                assert!(!code.contains("{%") && !code.contains("{{ "), "{code}");
                assert!(code.lines().all(|line| line.trim_end() == line), "{code}");
            }
        }
    }
}
