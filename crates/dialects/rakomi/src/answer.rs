//! The envelope of a refusal: one problem document that both generations of Rakomi clients read.

use crate::error::say;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::Refusal;
use vestibule_model::refusal::{Input, Token, WeakPassword};
use vestibule_web::{Answer, Endpoint, RequestId};

const BEARER: &str = r#"Bearer realm="vestibule""#;
const BEARER_INVALID: &str = r#"Bearer realm="vestibule", error="invalid_token""#;

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
pub(crate) fn answer(at: Endpoint, refusal: &Refusal, request: &RequestId) -> Answer {
    let said = say(refusal);
    let detail = detail(refusal).unwrap_or_else(|| said.detail.to_owned());
    if matches!(at, Endpoint::Token | Endpoint::Revoke) {
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
    match challenge(at, refusal, said.status) {
        Some(challenge) => answer.header("www-authenticate", challenge),
        None => answer,
    }
}

/// The `WWW-Authenticate` of a 401 on a route that takes a bearer token (RFC 6750 §3).
fn challenge(at: Endpoint, refusal: &Refusal, status: u16) -> Option<&'static str> {
    let bearer_route = matches!(
        at,
        Endpoint::Me
            | Endpoint::Sessions
            | Endpoint::RevokeSession
            | Endpoint::Logout
            | Endpoint::ChangePassword
            | Endpoint::Gateway
            | Endpoint::ForwardAuth
    );
    if status != 401 || !bearer_route {
        return None;
    }
    let presented = matches!(refusal, Refusal::Token(token) if *token != Token::Missing);
    Some(if presented { BEARER_INVALID } else { BEARER })
}

fn oauth_error(refusal: &Refusal, status: u16) -> (u16, &'static str) {
    match refusal {
        Refusal::ApiKey(_) => (401, "invalid_client"),
        Refusal::Credentials(_)
        | Refusal::Token(_)
        | Refusal::Refresh(_)
        | Refusal::Secret(_)
        | Refusal::Account(_) => (400, "invalid_grant"),
        Refusal::Input(Input::Fields(fields)) if fields.iter().any(|it| it.field == "grant_type") => {
            (400, "unsupported_grant_type")
        }
        Refusal::Throttled(_) | Refusal::Failed(_) => (status, "temporarily_unavailable"),
        Refusal::Input(_) | Refusal::Conflict(_) | Refusal::Permission(_) | Refusal::NotFound(_) => {
            (status, "invalid_request")
        }
    }
}

/// A more exact text than the code's own, where the refusal knows one.
fn detail(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Input(Input::Malformed(why)) => Some(why.clone()),
        Refusal::Input(Input::Fields(fields)) => fields
            .first()
            .map(|first| format!("{} {}", first.field, first.message)),
        Refusal::Input(Input::WeakPassword(why)) => Some(match why {
            WeakPassword::TooShort { minimum } => {
                format!("The password must have at least {minimum} characters")
            }
            WeakPassword::TooLong => "The password must not be longer than 1024 bytes".to_owned(),
            WeakPassword::Nul => "The password must not contain the character U+0000".to_owned(),
            WeakPassword::Common => "The password is too common or too easily guessed".to_owned(),
            WeakPassword::Classes => {
                "The password must contain an uppercase letter, a lowercase letter and a number".to_owned()
            }
        }),
        _ => None,
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
