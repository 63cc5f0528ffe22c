//! A letter as templates see it.

use crate::user_text::greeted_name;
use jiff::fmt::strtime;
use serde::Serialize;
use vestibule_model::Timestamp;
use vestibule_model::mail::{Letter, MailKind};

/// What every template may use.
pub(crate) const ALWAYS: [&str; 4] = ["project", "name", "to", "subject"];
/// What the templates of kinds with a secret may use besides.
pub(crate) const WITH_SECRET: [&str; 3] = ["link", "code", "expires"];

/// The variables of a template. A kind without a secret lacks the last three, so that a template which uses them
/// fails when it is loaded and not when it is sent.
#[derive(Serialize)]
pub(crate) struct Variables<'a> {
    project: String,
    name: Option<String>,
    to: &'a str,
    /// Set once the subject is rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl<'a> Variables<'a> {
    pub(crate) fn of(letter: &'a Letter) -> Self {
        Self {
            project: one_line(&letter.project),
            name: letter.name.as_deref().and_then(greeted_name),
            to: &letter.to,
            subject: None,
            link: letter.link.as_deref(),
            code: letter.code.as_deref(),
            expires: letter.expires_at.map(|at| moment(Timestamp::from_micros(at))),
        }
    }
}

/// Whether mails of this kind carry a link and a code.
pub(crate) const fn has_secret(kind: MailKind) -> bool {
    matches!(kind, MailKind::VerifyEmail | MailKind::ResetPassword)
}

/// Text without line ends, tabs and other control characters, each run of which becomes one space.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A moment for readers: `22 November 2026, 05:44 UTC`.
fn moment(at: Timestamp) -> String {
    let civil = jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::MAX);
    strtime::format("%-d %B %Y, %H:%M UTC", civil).unwrap_or_else(|_| at.rfc3339_seconds())
}

/// Letters as they could come, for trying a template: with and without a name.
pub(crate) fn samples(kind: MailKind) -> [Letter; 2] {
    let secret = has_secret(kind);
    let sample = |name: Option<&str>| Letter {
        to: "ada@example.com".into(),
        name: name.map(Into::into),
        project: "Example".into(),
        link: secret.then(|| "https://auth.example.com/page?token=sample&action=sample".into()),
        code: secret.then(|| "123456".into()),
        expires_at: secret.then_some(1_772_539_200_000_000),
    };
    [sample(Some("Ada Lovelace")), sample(None)]
}
