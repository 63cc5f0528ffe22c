//! The Rakomi API (`contracts/rakomi.md`): its routes, its words, its tokens. Rules live in `vestibule-ops`.

mod answer;
mod change_password;
mod error;
mod forgot_password;
mod health;
mod jwks;
mod login;
mod logout;
mod me;
mod oauth;
mod refresh;
mod register;
mod resend_verification;
mod reset_password;
mod revoke_session;
mod routes;
mod sessions;
mod token;
mod verify_email;
mod wire;

use std::time::Duration;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::Algorithm;
use vestibule_model::{DialectName, Policy};
use vestibule_ops::{ApiKeyKind, Door, OwnSettings};
use vestibule_web::{Dialect, Identity, KeyRule, LimitHeaders, Quickstart, SchemaOf};

static DOOR: Door = Door {
    name: DialectName::new("rakomi"),
    policy: Policy {
        algorithm: Algorithm::Rs256,
        access_lifetime: Duration::from_mins(15),
        session_lifetime: Duration::from_hours(30 * 24),
        idle_lifetime: None,
        refresh_tokens: true,
        verified_email: false,
        password: PasswordPolicy {
            minimum: 8,
            blocklist: true,
            classes: false,
        },
    },
    issuer: "rakomi.com",
    audience: None,
    token: &token::RakomiToken,
    own: OwnSettings::NONE,
};

/// The dialect, to be registered with the server.
pub fn dialect() -> Dialect {
    Dialect {
        door: &DOOR,
        title: "Rakomi",
        prefixes: &["/v1", "/oauth", "/.well-known", "/p"],
        key_header: "x-api-key",
        key: KeyRule::OrBearer,
        cookie: None,
        limit_headers: LimitHeaders::DRAFT_7,
        own_budgets: Vec::new(),
        quickstart: Quickstart {
            key: Some(ApiKeyKind::Api),
            sign_up: Some("/v1/auth/register"),
            sign_in: "/v1/auth/login",
            identifier: "email",
            token: "access_token",
            profile: "/v1/auth/me",
        },
        routes: routes::routes,
        identity: |_, user, roles| Identity {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            roles,
        },
        answer: answer::answer,
        error_schema: SchemaOf::new::<answer::Problem>(),
        error_type: "application/problem+json",
    }
}
