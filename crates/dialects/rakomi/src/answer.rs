//! The envelope of a refusal: one problem document that both generations of Rakomi clients read.

use crate::error::say;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::refusal::Input;
use vestibule_model::{Refusal, Timestamp};
use vestibule_web::{Answer, Endpoint, RequestId};

/// Said of a body that is of another type than the `/oauth` routes take.
const NO_FORM: &str = "The request body must be uncompressed application/x-www-form-urlencoded";

/// RFC 9457, with the vendor's older `error` object inside.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    /// Always `about:blank`: the `code` tells problems apart.
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem<'a>>,
    error: InnerError<'a>,
}

/// One field and what is wrong with it.
#[derive(Serialize, ToSchema)]
struct FieldProblem<'a> {
    field: &'a str,
    message: &'a str,
}

/// The same refusal as the vendor's first clients read it.
#[derive(Serialize, ToSchema)]
struct InnerError<'a> {
    code: &'static str,
    message: &'a str,
    request_id: &'a str,
}

/// RFC 6749 §5.2, for the `/oauth` routes.
#[derive(Serialize, ToSchema)]
pub(crate) struct OauthError<'a> {
    error: &'static str,
    error_description: &'a str,
}

/// Says a refusal as Rakomi says it at this endpoint.
pub(crate) fn answer(at: Endpoint, refusal: &Refusal, request: &RequestId, _: Timestamp) -> Answer {
    let said = say(refusal);
    let takes_form = matches!(at, Endpoint::Token | Endpoint::Revoke);
    let detail = match refusal {
        Refusal::Input(Input::UnsupportedMediaType) if takes_form => Some(NO_FORM.to_owned()),
        Refusal::Input(input) => input.detail(),
        _ => None,
    };
    let detail = detail.unwrap_or_else(|| said.detail.to_owned());
    if takes_form {
        let (status, error) = oauth_error(refusal, said.status);
        return Answer::json(
            status,
            &OauthError {
                error,
                error_description: &detail,
            },
        );
    }
    let problem = Problem {
        r#type: "about:blank",
        title: title(said.status),
        status: said.status,
        code: said.code,
        detail: &detail,
        request_id: request.as_str(),
        errors: field_problems(refusal),
        error: InnerError {
            code: said.code,
            message: &detail,
            request_id: request.as_str(),
        },
    };
    let answer = Answer::problem(said.status, &problem);
    if takes_bearer(at) {
        answer.challenging(refusal)
    } else {
        answer
    }
}

const fn takes_bearer(at: Endpoint) -> bool {
    matches!(
        at,
        Endpoint::Me
            | Endpoint::Sessions
            | Endpoint::RevokeSession
            | Endpoint::Logout
            | Endpoint::ChangePassword
            | Endpoint::Gateway
            | Endpoint::ForwardAuth
    )
}

fn oauth_error(refusal: &Refusal, status: u16) -> (u16, &'static str) {
    match refusal {
        Refusal::ApiKey(_) => (401, "invalid_client"),
        Refusal::Credentials(_)
        | Refusal::Token(_)
        | Refusal::Refresh(_)
        | Refusal::Secret(_)
        | Refusal::Account(_) => (400, "invalid_grant"),
        // One that is absent or empty is a request that lacks a parameter (RFC 6749 §5.2).
        Refusal::Input(Input::Fields(fields))
            if fields
                .iter()
                .any(|it| it.field == "grant_type" && it.rule == "enum") =>
        {
            (400, "unsupported_grant_type")
        }
        Refusal::Throttled(_) | Refusal::Failed(_) => (status, "temporarily_unavailable"),
        Refusal::Input(_) | Refusal::Conflict(_) | Refusal::Permission(_) | Refusal::NotFound(_) => {
            (status, "invalid_request")
        }
    }
}

fn field_problems(refusal: &Refusal) -> Vec<FieldProblem<'_>> {
    let Refusal::Input(Input::Fields(fields)) = refusal else {
        return Vec::new();
    };
    fields
        .iter()
        .map(|it| FieldProblem {
            field: &it.field,
            message: &it.message,
        })
        .collect()
}

const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
