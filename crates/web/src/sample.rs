//! A small dialect, a client and chance for the tests of this crate.

use crate::access::{api_key, public, signed_in};
use crate::answer::Answer;
use crate::call::{Call, Open};
use crate::client::Client;
use crate::dialect::{Dialect, KeyRule};
use crate::endpoint::Endpoint;
use crate::identity::Identity;
use crate::limit::{self, Budget, OwnBudget, Rate};
use crate::limit_headers::LimitHeaders;
use crate::quickstart::Quickstart;
use crate::route::Route;
use crate::schema::SchemaOf;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::{Algorithm, Expected, Presented, TokenFacts, TokenShape};
use vestibule_model::{DialectName, Entropy, Policy};
use vestibule_ops::{Caller, Door, Error, OwnSettings};

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
        idle_lifetime: None,
        refresh_tokens: true,
        verified_email: false,
        password: PasswordPolicy {
            minimum: 8,
            blocklist: true,
            classes: false,
        },
    },
    issuer: "sample",
    audience: None,
    token: &NoTokens,
    own: OwnSettings::NONE,
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

/// Chance that is always the same.
pub(crate) struct Zero;

impl Entropy for Zero {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

pub(crate) fn client(address: &str) -> Client {
    Client {
        address: address.parse().unwrap(),
        unnamed: false,
    }
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
        key: KeyRule::OrBearer,
        cookie: None,
        limit_headers: LimitHeaders::DRAFT_7,
        own_budgets: Vec::new(),
        quickstart: Quickstart {
            key: None,
            sign_up: None,
            sign_in: "/v1/login",
            identifier: "email",
            token: "token",
            profile: "/v1/health",
        },
        error_type: "application/problem+json",
        error_schema: SchemaOf::new::<Problem>(),
        routes,
        identity: |_, user, roles| Identity {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            roles,
        },
        answer: |_, _, id, _| {
            Answer::problem(
                400,
                &Problem {
                    request_id: id.as_str().to_owned(),
                },
            )
        },
    }
}

/// The sample with budgets of its own: one for what lies under two paths, one for everything else.
pub(crate) fn with_own_budgets() -> Dialect {
    let ten = Rate {
        requests: 10,
        window: Duration::from_secs(5),
    };
    let own_budgets = vec![
        OwnBudget::new(&["/v1/login", "/v1/auth"], ten),
        OwnBudget::new(&[], Rate::per_minute(300)),
    ];
    let mut sample = Dialect {
        own_budgets,
        ..dialect()
    };
    limit::number(std::slice::from_mut(&mut sample));
    sample
}
