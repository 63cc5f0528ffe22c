//! Refusals in words for people.

use super::Pages;
use super::shell::Outcome;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use vestibule_model::refusal::{Failed, Refusal, WeakPassword};
use vestibule_ops::Error;

/// Why a new password is refused.
pub(super) fn weakness(weak: WeakPassword) -> String {
    match weak {
        WeakPassword::TooShort { minimum } => format!("Too short: at least {minimum} characters."),
        WeakPassword::TooLong => "Too long: at most 1,024 bytes.".into(),
        WeakPassword::Nul => "It contains a character that no keyboard types. Please type it again.".into(),
        WeakPassword::Common => {
            "This password is among the first that an attacker tries. Choose a less common one.".into()
        }
        WeakPassword::Classes => "It needs an upper-case letter, a lower-case letter and a digit.".into(),
    }
}

impl Pages {
    /// The page for what no form can mend: too many tries, or trouble of our own.
    pub(super) fn trouble(&self, project: Option<&str>, error: Error) -> Response {
        if let Error::Fault(fault) = &error {
            tracing::error!(?fault, "a page could not be answered");
        }
        let refusal = error.refusal();
        let retry_after = refusal.retry_after();
        let (status, title, text) = match &refusal {
            Refusal::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many tries",
                "Please wait a little and try again.",
            ),
            Refusal::Failed(Failed::Overloaded { .. } | Failed::Unavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not right now",
                "Nothing was changed. Please try again in a moment.",
            ),
            Refusal::Failed(Failed::Unknown) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "We cannot tell whether it worked",
                "Please try again in a moment. If the link then counts as used, it did work.",
            ),
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "Please try again in a moment.",
            ),
        };
        let mut response = self.shell.outcome(
            status,
            &Outcome {
                project,
                mood: "bad",
                title,
                text,
                advice: None,
            },
        );
        if let Some(wait) = retry_after {
            let seconds = wait.as_secs().max(1);
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
