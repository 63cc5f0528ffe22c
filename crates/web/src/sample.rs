//! A small dialect for the tests of this crate.

use crate::access::{api_key, public, signed_in};
use crate::answer::Answer;
use crate::call::{Call, Open};
use crate::dialect::{Dialect, LimitHeaders};
use crate::endpoint::Endpoint;
use crate::limit::Budget;
use crate::route::Route;
use crate::schema::SchemaOf;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::{Algorithm, Expected, Presented, TokenFacts, TokenShape};
use vestibule_model::{DialectName, Policy};
use vestibule_ops::{Caller, Door, Error};

struct NoTokens;

impl TokenShape for NoTokens {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn header(&self, _: &str) -> String {
        String::new()
    }

    fn claims(&self, _: &TokenFacts<'_>) -> String {
        String::new()
    }

    fn read(&self, _: &Map<String, Value>, _: &Map<String, Value>, _: &Expected<'_>) -> Option<Presented> {
        None
    }
}

static DOOR: Door = Door {
    name: DialectName::new("sample"),
    policy: Policy {
        algorithm: Algorithm::EdDsa,
        access_lifetime: Duration::from_mins(15),
        session_lifetime: Duration::from_hours(24),
        refresh_tokens: true,
        verified_email: false,
        password: PasswordPolicy {
            minimum: 8,
            blocklist: true,
            classes: false,
        },
    },
    issuer: "sample",
    token: &NoTokens,
};

#[derive(Serialize, ToSchema)]
struct Problem {
    request_id: String,
}

#[derive(Serialize, ToSchema)]
struct Credentials {
    email: String,
    inner: Inner,
}

#[derive(Serialize, ToSchema)]
struct Inner {
    password: String,
}

async fn health(_: Open) -> Result<Answer, Error> {
    Ok(Answer::empty(200))
}

async fn login(_: Call) -> Result<Answer, Error> {
    Ok(Answer::empty(200))
}

async fn revoke(_: Call, _: Caller) -> Result<Answer, Error> {
    Ok(Answer::empty(204))
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/health", Endpoint::Health, public(health)).gives_json(200, "Well"),
        Route::post("/v1/login", Endpoint::Login, api_key(login))
            .budget(Budget::SignIn)
            .takes::<Credentials>()
            .gives::<Credentials>(200, "Signed in")
            .refuses(&[403]),
        Route::delete("/v1/sessions/{id}", Endpoint::RevokeSession, signed_in(revoke))
            .gives_nothing(204, "Ended"),
    ]
}

pub(crate) fn dialect() -> Dialect {
    Dialect {
        door: &DOOR,
        title: "Sample",
        prefixes: &["/v1"],
        key_header: "x-api-key",
        limit_headers: LimitHeaders::Draft7,
        error_type: "application/problem+json",
        error_schema: SchemaOf::new::<Problem>(),
        routes,
        answer: |_, _, id| {
            Answer::problem(
                400,
                &Problem {
                    request_id: id.as_str().to_owned(),
                },
            )
        },
    }
}
