//! The envelope of a refusal: a text for people and a code for programs.

use crate::error::say;
use crate::wire;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::refusal::{Conflict, Input};
use vestibule_model::{Refusal, Timestamp};
use vestibule_web::{Answer, Endpoint, RequestId};

/// What is said to a client that is refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    /// For people.
    #[schema(example = "Wrong email or password")]
    error: &'a str,
    /// For programs.
    #[schema(example = "invalid_credentials")]
    code: &'static str,
}

/// Says a refusal as Koolbase says it at this endpoint.
pub(crate) fn answer(at: Endpoint, refusal: &Refusal, _: &RequestId, _: Timestamp) -> Answer {
    let said = say(at, refusal);
    let exact = exact(refusal);
    let problem = Problem {
        error: exact.as_deref().unwrap_or(said.text),
        code: said.code,
    };
    let answer = Answer::json(said.status, &problem);
    let takes_bearer = matches!(
        at,
        Endpoint::Me
            | Endpoint::UpdateMe
            | Endpoint::DeleteMe
            | Endpoint::Logout
            | Endpoint::ResendVerification
            | Endpoint::Gateway
            | Endpoint::ForwardAuth
    );
    if takes_bearer {
        answer.challenging(refusal)
    } else {
        answer
    }
}

/// A more exact text than the code's own, where the refusal knows one, with fields named as this API names them.
fn exact(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Input(Input::Fields(fields)) => fields
            .first()
            .map(|first| format!("{} {}", wire::field(&first.field), first.message)),
        Refusal::Input(input) => input.detail(),
        Refusal::Conflict(Conflict::ValueTaken(paths)) => paths
            .first()
            .map(|path| format!("{} is already taken", wire::field(path))),
        _ => None,
    }
}
