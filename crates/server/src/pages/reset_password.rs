//! The page that a password mail leads to. Reading it changes nothing; a password that is too weak does not use the
//! link up; and the token stands in no address after the first (F13).

use super::form::Form;
use super::realm::Place;
use super::shell::Outcome;
use super::verify_email::proof;
use super::{Pages, Shared, refusal};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};
use vestibule_model::Refusal;
use vestibule_model::refusal::{Input, Secret};
use vestibule_ops::{Error, Facts, Proof, reset_password};

/// `GET /reset-password?token=…`, or without a token a form for address and code too.
pub(super) async fn show(State(pages): Shared, RawQuery(query): RawQuery) -> Response {
    let query = Form::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    match pages.place(&query).await {
        Ok(Some(place)) => pages.reset_form(StatusCode::OK, &place, &query, &Problems::default()),
        Ok(None) => pages.reset_dead(None, Secret::Invalid),
        Err(error) => pages.trouble(None, error),
    }
}

/// `POST /reset-password`: the token, or address and code, and the new password twice.
pub(super) async fn submit(
    State(pages): Shared,
    facts: Option<Extension<Facts>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(form) = Form::of_body(&headers, &body) else {
        return pages.reset_dead(None, Secret::Invalid);
    };
    let place = match pages.place(&form).await {
        Ok(Some(place)) => place,
        Ok(None) => return pages.reset_dead(None, Secret::Invalid),
        Err(error) => return pages.trouble(None, error),
    };
    let again = |problems: Problems| pages.reset_form(StatusCode::BAD_REQUEST, &place, &form, &problems);
    let Some(proof) = proof(&form) else {
        return again(Problems::of_code(
            "Enter your e-mail address and the six digits from the mail.",
        ));
    };
    let Some(password) = form.get("password") else {
        return again(Problems::of_password("Choose a password."));
    };
    if form.get("repeated") != Some(password) {
        return again(Problems::of_repeated(
            "This is not the same password. Please type it twice alike.",
        ));
    }
    let project = place.project.name.as_str();
    let by_code = matches!(proof, Proof::Code { .. });
    let Some(cx) = pages.cx(&place, facts.map(|Extension(facts)| facts)) else {
        return pages.reset_dead(Some(project), Secret::Invalid);
    };
    match reset_password(&cx, proof, password.to_owned()).await {
        Ok(()) => {
            let text = format!("Your new password for {project} is set, and all devices were signed out.");
            let advice = Some("You can close this page and log in with it.");
            let outcome = Outcome {
                project: Some(project),
                mood: "good",
                title: "Password set",
                text: &text,
                advice,
            };
            pages.shell.outcome(StatusCode::OK, &outcome)
        }
        Err(Error::Refused(Refusal::Input(Input::WeakPassword(weak)))) => {
            again(Problems::of_password(&refusal::weakness(weak)))
        }
        Err(Error::Refused(Refusal::Secret(secret))) if by_code => again(Problems::of_code(match secret {
            Secret::Invalid => {
                "This is not the code of the newest mail to that address, or it was used already."
            }
            Secret::Expired => "This code is too old. Ask for a new mail where you log in.",
        })),
        Err(Error::Refused(Refusal::Secret(secret))) => pages.reset_dead(Some(project), secret),
        Err(error) => pages.trouble(Some(project), error),
    }
}

/// What is wrong with a form, by its fields.
#[derive(Default, serde::Serialize)]
struct Problems {
    code: Option<String>,
    password: Option<String>,
    repeated: Option<String>,
}

impl Problems {
    fn of_code(text: &str) -> Self {
        Self {
            code: Some(text.to_owned()),
            ..Self::default()
        }
    }

    fn of_password(text: &str) -> Self {
        Self {
            password: Some(text.to_owned()),
            ..Self::default()
        }
    }

    fn of_repeated(text: &str) -> Self {
        Self {
            repeated: Some(text.to_owned()),
            ..Self::default()
        }
    }
}

impl Pages {
    fn reset_form(&self, status: StatusCode, place: &Place, form: &Form, problems: &Problems) -> Response {
        let minimum = self.cx(place, None).map_or(8, |cx| cx.policy().password.minimum);
        let values = context! {
            project => &place.project.name,
            named => Value::from(Serde(place.named())),
            token => form.get("token"),
            email => form.get("email"),
            code => form.get("code"),
            minimum => minimum,
            problems => Value::from(Serde(problems)),
        };
        self.shell.page(status, "reset_password.html", values)
    }

    fn reset_dead(&self, project: Option<&str>, secret: Secret) -> Response {
        let (title, text) = match secret {
            Secret::Invalid => (
                "This link does not work any more",
                "It was used already, or a newer mail has taken its place. If you have set a new password, log in with it.",
            ),
            Secret::Expired => ("This link is too old", "Links in these mails work for one hour."),
        };
        let advice =
            Some("If you still need one, ask for a new mail where you log in, and use the newest mail only.");
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
