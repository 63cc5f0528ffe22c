//! What a client is told when its request could not be passed on.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use std::fmt;
use vestibule_web::{Passed, RequestId};

/// Why there is no answer of the upstream.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It cannot be reached, or broke off before it answered.
    Down(Box<dyn std::error::Error + Send + Sync>),
    /// It did not begin to answer in time.
    Slow,
    /// It answered what nobody asked for.
    Nonsense,
    /// The client stopped sending its body.
    Unfinished,
    /// The request has been here before.
    Loop,
}

impl Refusal {
    const fn said(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Down(_) => (
                StatusCode::BAD_GATEWAY,
                "The service behind this address cannot be reached.",
            ),
            Self::Slow => (
                StatusCode::GATEWAY_TIMEOUT,
                "The service behind this address did not answer in time.",
            ),
            Self::Nonsense => (
                StatusCode::BAD_GATEWAY,
                "The service behind this address gave no usable answer.",
            ),
            Self::Unfinished => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
            Self::Loop => (StatusCode::LOOP_DETECTED, "This address leads back to itself."),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Down(error) = self {
            let mut cause: Option<&dyn std::error::Error> = Some(error.as_ref());
            while let Some(error) = cause {
                write!(f, "{error}; ")?;
                cause = error.source();
            }
        }
        f.write_str(self.said().1)
    }
}

/// The answer, in the form that `contracts/rakcha.md` gives it for every dialect. The cause goes to the log.
pub(crate) fn refused(refusal: &Refusal, upstream: &str, id: &RequestId) -> Passed {
    let (status, message) = refusal.said();
    tracing::warn!(request_id = id.as_str(), upstream, %refusal, "a request could not be passed on");
    let mut response = Response::new(Body::from(serde_json::json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
