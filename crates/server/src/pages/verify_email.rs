//! The page that a verification mail leads to. Reading it changes nothing, because programs that check mail read
//! links too (R15); its button does.

use super::form::Form;
use super::realm::Place;
use super::shell::Outcome;
use super::{Pages, Shared};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};
use vestibule_model::Refusal;
use vestibule_model::refusal::Secret;
use vestibule_ops::{Error, Facts, Proof, verify_email};

/// `GET /verify-email?token=…`, or without a token a form for address and code.
pub(super) async fn show(State(pages): Shared, RawQuery(query): RawQuery) -> Response {
    let query = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    match pages.place(&query).await {
        Ok(Some(place)) => pages.verify_form(StatusCode::OK, &place, &query, None),
        Ok(None) => pages.verify_dead(None, Secret::Invalid),
        Err(error) => pages.trouble(None, error),
    }
}

/// `POST /verify-email`: the token, or address and code, in the body. They are the authority; there is no cookie that
/// another site could make use of.
pub(super) async fn submit(
    State(pages): Shared,
    facts: Option<Extension<Facts>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(form) = Form::of_body(&headers, &body) else {
        return pages.verify_dead(None, Secret::Invalid);
    };
    let place = match pages.place(&form).await {
        Ok(Some(place)) => place,
        Ok(None) => return pages.verify_dead(None, Secret::Invalid),
        Err(error) => return pages.trouble(None, error),
    };
    let project = place.project.name.as_str();
    let Some(proof) = proof(&form) else {
        let missing = "Enter your e-mail address and the six digits from the mail.";
        return pages.verify_form(StatusCode::BAD_REQUEST, &place, &form, Some(missing));
    };
    let by_code = matches!(proof, Proof::Code { .. });
    let Some(cx) = pages.cx(&place, facts.map(|Extension(facts)| facts)) else {
        return pages.verify_dead(Some(project), Secret::Invalid);
    };
    match verify_email(&cx, proof).await {
        Ok(user) => {
            let text = format!("{} is now confirmed for {project}.", user.email.as_str());
            let advice = Some("You can close this page and go on where you came from.");
            let outcome = Outcome {
                project: Some(project),
                mood: "good",
                title: "Address confirmed",
                text: &text,
                advice,
            };
            pages.shell.outcome(StatusCode::OK, &outcome)
        }
        Err(Error::Refused(Refusal::Secret(secret))) if by_code => {
            let says = match secret {
                Secret::Invalid => {
                    "This is not the code of the newest mail to that address, or it was used already."
                }
                Secret::Expired => "This code is too old. Ask for a new mail where you signed up.",
            };
            pages.verify_form(StatusCode::BAD_REQUEST, &place, &form, Some(says))
        }
        Err(Error::Refused(Refusal::Secret(secret))) => pages.verify_dead(Some(project), secret),
        Err(error) => pages.trouble(Some(project), error),
    }
}

/// What a form proves: its token, or its address and code. Blanks within the code are a matter of taste.
pub(super) fn proof(form: &Form) -> Option<Proof> {
    if let Some(token) = form.get("token") {
        return Some(Proof::Token(token.to_owned()));
    }
    let (email, code) = (form.get("email")?, form.get("code")?);
    let code = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    Some(Proof::Code {
        email: email.to_owned(),
        code,
    })
}

impl Pages {
    fn verify_form(&self, status: StatusCode, place: &Place, form: &Form, problem: Option<&str>) -> Response {
        let values = context! {
            project => &place.project.name,
            named => Value::from(Serde(place.named())),
            token => form.get("token"),
            email => form.get("email"),
            problem => problem,
        };
        self.shell.page(status, "verify_email.html", values)
    }

    fn verify_dead(&self, project: Option<&str>, secret: Secret) -> Response {
        let (title, text) = match secret {
            Secret::Invalid => (
                "This link does not work any more",
                "It was used already, or a newer mail has taken its place. If you have confirmed your address before, \
                 there is nothing left to do: just log in.",
            ),
            Secret::Expired => ("This link is too old", "Links in these mails work for 24 hours."),
        };
        let advice = Some(
            "If you still need one, ask for a new mail where you signed up, and use the newest mail only.",
        );
        self.shell.outcome(
            StatusCode::BAD_REQUEST,
            &Outcome {
                project,
                mood: "bad",
                title,
                text,
                advice,
            },
        )
    }
}
