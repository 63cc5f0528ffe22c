//! The envelope of a refusal: one message.

use crate::error::say;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::{Refusal, Timestamp};
use vestibule_web::{Answer, Endpoint, RequestId};

/// What is said to a client that is refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct Message<'a> {
    #[schema(example = "Invalid credentials.")]
    message: &'a str,
}

/// Says a refusal as Rakcha says it at this endpoint.
pub(crate) fn answer(at: Endpoint, refusal: &Refusal, _: &RequestId, _: Timestamp) -> Answer {
    let (status, message) = say(refusal);
    let exact = match refusal {
        Refusal::Input(input) => input.detail(),
        _ => None,
    };
    let message = exact.as_deref().unwrap_or(message);
    let answer = Answer::json(status, &Message { message });
    if at == Endpoint::Login {
        answer
    } else {
        answer.challenging(refusal)
    }
}
