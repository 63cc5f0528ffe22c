//! From an error to a dialect's "no".

use crate::answer::Answer;
use crate::app::App;
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::limit::Shown;
use crate::request_id::RequestId;
use vestibule_model::refusal::Throttled;
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
        crate::reply::with_advice(answer, &refusal)
    }
}

/// A client is over its budget.
pub(crate) fn throttled(shown: &Shown) -> Error {
    Throttled::Client {
        retry_after: shown.standing.reset,
    }
    .into()
}
