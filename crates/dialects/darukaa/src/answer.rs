//! The envelope of a refusal.

use crate::error::say;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::{Refusal, Timestamp};
use vestibule_web::{Answer, Endpoint, RequestId};

/// A refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct Envelope<'a> {
    error: Problem<'a>,
}

/// What happened, and what to do about it.
#[derive(Serialize, ToSchema)]
struct Problem<'a> {
    code: &'static str,
    message: &'static str,
    details: &'a str,
    /// The `X-Request-Id` of the answer.
    request_id: &'a str,
    /// RFC 3339 in UTC with whole seconds.
    timestamp: String,
}

/// Says a refusal as Darukaa says it at this endpoint.
pub(crate) fn answer(at: Endpoint, refusal: &Refusal, request: &RequestId, now: Timestamp) -> Answer {
    let said = say(at, refusal);
    let error = Problem {
        code: said.code,
        message: said.message,
        details: &said.details,
        request_id: request.as_str(),
        timestamp: now.rfc3339_seconds(),
    };
    let answer = Answer::json(said.status, &Envelope { error });
    if matches!(refusal, Refusal::Token(_)) {
        answer.challenging(refusal)
    } else {
        answer
    }
}
