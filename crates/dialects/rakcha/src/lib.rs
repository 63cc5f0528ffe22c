//! The Rakcha API (`contracts/rakcha.md`): one sign-in, its words, its tokens. Rules live in `vestibule-ops`.

mod answer;
mod error;
mod login;
mod role;
mod routes;
mod token;
mod wire;

use std::time::Duration;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::{Algorithm, Plain};
use vestibule_model::{DialectName, Policy};
use vestibule_ops::{Door, OwnSettings};
use vestibule_web::{Dialect, Identity, KeyRule, LimitHeaders, Quickstart, SchemaOf};

/// The document only says that tokens are limited in time.
const LIFETIME: Duration = Duration::from_hours(1);

static DOOR: Door = Door {
    name: DialectName::new("rakcha"),
    policy: Policy {
        algorithm: Algorithm::Hs256,
        access_lifetime: LIFETIME,
        session_lifetime: LIFETIME,
        idle_lifetime: None,
        refresh_tokens: false,
        verified_email: false,
        password: PasswordPolicy {
            minimum: 8,
            blocklist: true,
            classes: false,
        },
    },
    issuer: "rakcha",
    audience: None,
    token: &Plain(token::RakchaClaims),
    own: OwnSettings::of::<role::RakchaSettings>(),
};

/// The dialect, to be registered with the server.
pub fn dialect() -> Dialect {
    Dialect {
        door: &DOOR,
        title: "Rakcha",
        prefixes: &["/api/users/auth"],
        key_header: "x-api-key",
        key: KeyRule::Optional,
        cookie: None,
        limit_headers: LimitHeaders::DRAFT_7,
        own_budgets: Vec::new(),
        routes: routes::routes,
        identity: |cx, user, roles| Identity {
            user_id: user.number.to_string(),
            email: user.email.to_string(),
            roles: role::all(roles, &cx.project.own),
        },
        answer: answer::answer,
        error_schema: SchemaOf::new::<answer::Message>(),
        error_type: "application/json",
        quickstart: Quickstart {
            key: None,
            sign_up: None,
            sign_in: "/api/users/auth",
            identifier: "email",
            token: "token",
            profile: "/api/films",
        },
    }
}
