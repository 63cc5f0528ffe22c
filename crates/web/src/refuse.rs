//! From an error to a dialect's "no".

use crate::answer::Answer;
use crate::app::App;
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::limit::Shown;
use crate::limit_headers;
use crate::request_id::RequestId;
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use vestibule_model::Refusal;
use vestibule_model::refusal::{NotFound, Throttled};
use vestibule_ops::Error;

impl App {
    /// Says no in the dialect's words. What went wrong on our side is logged, and its cause is told to nobody.
    pub(crate) fn refuse(
        &self,
        dialect: &Dialect,
        endpoint: Endpoint,
        error: Error,
        id: &RequestId,
    ) -> Answer {
        if let Error::Fault(fault) = &error {
            let (request_id, dialect, endpoint) =
                (id.as_str(), dialect.door.name.as_str(), endpoint.as_str());
            tracing::error!(request_id, dialect, endpoint, %fault, "a request failed");
        }
        let refusal = error.refusal();
        let answer = (dialect.answer)(endpoint, &refusal, id, self.core.clock.now());
        with_advice(answer, &refusal)
    }
}

/// A client is over its budget.
pub(crate) fn throttled(shown: &Shown) -> Error {
    Throttled::Client {
        retry_after: shown.standing.reset,
    }
    .into()
}

/// Adds what a refusal says to clients of any dialect: when to come again, and which methods there are. A dialect that
/// says 404 to another method does not admit that there are any.
pub(crate) fn with_advice(mut answer: Answer, refusal: &Refusal) -> Answer {
    if let Some(wait) = refusal.retry_after() {
        answer
            .headers
            .insert(RETRY_AFTER, limit_headers::seconds(wait).max(1).into());
    }
    if let Refusal::NotFound(NotFound::Method { allow }) = refusal
        && answer.status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(allow) = HeaderValue::from_str(allow)
    {
        answer.headers.insert(ALLOW, allow);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use vestibule_model::refusal::Failed;

    #[test]
    fn advice_goes_with_every_dialects_refusal() {
        let advised_at = |status, refusal: Refusal| with_advice(Answer::empty(status), &refusal).headers;
        let advised = |refusal| advised_at(400, refusal);
        let half_a_second = Duration::from_millis(500);
        assert_eq!(
            advised(
                Throttled::Account {
                    retry_after: half_a_second
                }
                .into()
            )[RETRY_AFTER],
            "1"
        );
        assert_eq!(
            advised(
                Failed::Overloaded {
                    retry_after: Duration::ZERO
                }
                .into()
            )[RETRY_AFTER],
            "1"
        );
        let other_method = |status| {
            let allow = "GET, HEAD".into();
            advised_at(status, NotFound::Method { allow }.into())
        };
        assert_eq!(other_method(405)[ALLOW], "GET, HEAD");
        assert!(other_method(404).is_empty());
        assert!(advised(NotFound::Route.into()).is_empty());
    }
}
