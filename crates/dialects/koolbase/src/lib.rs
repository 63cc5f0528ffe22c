//! The Koolbase API (`contracts/koolbase.md`): its routes, its words, its tokens. Rules live in `vestibule-ops`.

mod answer;
mod delete_me;
mod error;
mod forgot_password;
mod login;
mod logout;
mod me;
mod refresh;
mod register;
mod reset_password;
mod routes;
mod send_verification;
mod token;
mod update_me;
mod verify_email;
mod wire;

use std::time::Duration;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::{Algorithm, Plain};
use vestibule_model::{DialectName, Policy};
use vestibule_ops::{ApiKeyKind, Door, OwnSettings};
use vestibule_web::{Dialect, Identity, KeyRule, LimitHeaders, Quickstart, SchemaOf};

const DAY: Duration = Duration::from_hours(24);

static DOOR: Door = Door {
    name: DialectName::new("koolbase"),
    policy: Policy {
        algorithm: Algorithm::Hs256,
        // The token is the session's: it says when the session ends at the latest.
        access_lifetime: DAY.saturating_mul(365),
        session_lifetime: DAY.saturating_mul(365),
        idle_lifetime: Some(DAY.saturating_mul(30)),
        refresh_tokens: true,
        verified_email: true,
        password: PasswordPolicy {
            minimum: 8,
            blocklist: true,
            classes: false,
        },
    },
    issuer: "koolbase",
    audience: Some("koolbase-client"),
    token: &Plain(token::KoolbaseClaims),
    own: OwnSettings::NONE,
};

/// The dialect, to be registered with the server.
pub fn dialect() -> Dialect {
    Dialect {
        door: &DOOR,
        title: "Koolbase",
        prefixes: &["/v1/sdk"],
        key_header: "x-api-key",
        key: KeyRule::Required,
        cookie: None,
        limit_headers: LimitHeaders::DRAFT_7,
        own_budgets: Vec::new(),
        routes: routes::routes,
        identity: |_, user, roles| Identity {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            roles,
        },
        answer: answer::answer,
        error_schema: SchemaOf::new::<answer::Problem>(),
        error_type: "application/json",
        quickstart: Quickstart {
            key: Some(ApiKeyKind::Publishable),
            sign_up: Some("/v1/sdk/auth/register"),
            sign_in: "/v1/sdk/auth/login",
            identifier: "email",
            token: "token",
            profile: "/v1/sdk/auth/me",
        },
    }
}
