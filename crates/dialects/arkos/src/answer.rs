//! The envelope of a refusal, and what depends on where it is said.

use crate::error::say;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_model::refusal::{Account, Conflict, FieldError, Input, NotFound, Record, Token, WeakPassword};
use vestibule_model::{Refusal, Timestamp};
use vestibule_web::{Answer, Endpoint, RequestId};

/// Said to who sends a password with changes of the profile.
pub(crate) const USE_UPDATE_PASSWORD: &str = "In order to update password use the update-password endpoint.";

/// What every refusal is but that of a body's fields.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    /// Always `error`.
    status: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Violation<'a>>,
}

/// A field and the rules that it breaks.
#[derive(Serialize, ToSchema)]
struct Violation<'a> {
    property: &'a str,
    /// By the name of the rule, a sentence about it.
    #[schema(value_type = Object)]
    constraints: Map<String, Value>,
}

/// An error that the handler words itself.
pub(crate) fn error(status: u16, message: &str) -> Answer {
    Answer::json(
        status,
        &ErrorBody {
            status: "error",
            message,
            code: None,
            errors: Vec::new(),
        },
    )
}

/// Says a refusal as Arkos says it at this endpoint.
pub(crate) fn answer(at: Endpoint, refusal: &Refusal, _: &RequestId, _: Timestamp) -> Answer {
    let said = match refusal {
        // A caller whose account was disabled a moment ago is logged out.
        Refusal::Account(Account::Disabled) if at != Endpoint::Login => say(&Token::Revoked.into()),
        other => say(other),
    };
    match refusal {
        Refusal::Input(Input::Fields(_)) if at == Endpoint::ChangePassword => {
            error(400, "currentPassword and newPassword are required")
        }
        Refusal::Input(Input::Fields(fields)) => Answer::json(
            said.status,
            &ErrorBody {
                status: "error",
                message: said.message,
                code: Some(said.status),
                errors: violations(fields),
            },
        ),
        Refusal::ApiKey(_) | Refusal::Token(_) => error(said.status, said.message).challenging(refusal),
        other => match detail(at, other) {
            Some(message) => error(said.status, &message),
            None => error(said.status, said.message),
        },
    }
}

/// A more exact text than the refusal's own, where it knows one.
fn detail(at: Endpoint, refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Input(Input::Malformed(why)) => Some(format!("The request cannot be read: {why}")),
        Refusal::Input(Input::WeakPassword(why)) => Some(weak(at, *why)),
        Refusal::Conflict(Conflict::EmailTaken) => Some(duplicate("email")),
        Refusal::Conflict(Conflict::ValueTaken(fields)) => {
            let fields: Vec<_> = fields.iter().map(|field| column(at, field)).collect();
            Some(duplicate(&fields.join(", ")))
        }
        Refusal::NotFound(NotFound::Record { kind, id }) => {
            Some(format!("{} with ID {id} not found", model(*kind)))
        }
        _ => None,
    }
}

fn duplicate(fields: &str) -> String {
    format!("Duplicate value detected for the unique field(s): {fields}. Please use a different value.")
}

fn weak(at: Endpoint, why: WeakPassword) -> String {
    let subject = if at == Endpoint::ChangePassword {
        "The new password"
    } else {
        "The password"
    };
    match why {
        WeakPassword::TooShort { minimum } => format!("{subject} must be at least {minimum} characters"),
        WeakPassword::TooLong => format!("{subject} must be at most 1024 bytes"),
        WeakPassword::Nul => format!("{subject} must not contain the character U+0000"),
        WeakPassword::Common => format!("{subject} is too common or too easily guessed"),
        WeakPassword::Classes => format!(
            "{subject} must contain at least one uppercase letter, one lowercase letter, and one number"
        ),
    }
}

/// The vendor's name of a collection's records.
const fn model(kind: Record) -> &'static str {
    match kind {
        Record::Role => "AuthRole",
        Record::Permission => "AuthPermission",
        Record::Assignment => "UserRole",
        Record::User => "User",
    }
}

/// The name under which this API knows a column that operations name `field`.
fn column(at: Endpoint, field: &str) -> &str {
    match (at, field) {
        (
            Endpoint::CreatePermission
            | Endpoint::UpdatePermission
            | Endpoint::CreateAssignment
            | Endpoint::UpdateAssignment,
            "role",
        ) => "roleId",
        (Endpoint::CreateAssignment | Endpoint::UpdateAssignment, "user") => "userId",
        _ => field,
    }
}

/// Every wrong field once, in the order in which it was first met.
fn violations(fields: &[FieldError]) -> Vec<Violation<'_>> {
    let mut violations: Vec<Violation<'_>> = Vec::new();
    for FieldError { field, rule, message } in fields {
        let sentence = Value::from(format!("{field} {message}"));
        match violations.iter_mut().find(|it| it.property == *field) {
            Some(known) => drop(known.constraints.insert((*rule).to_owned(), sentence)),
            None => violations.push(Violation {
                property: field,
                constraints: Map::from_iter([((*rule).to_owned(), sentence)]),
            }),
        }
    }
    violations
}
