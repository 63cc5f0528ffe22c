//! The Darukaa API (`contracts/darukaa.md`): its routes, its words, its tokens. Rules live in `vestibule-ops`.

mod answer;
mod change_password;
mod error;
mod forgot_password;
mod login;
mod logout;
mod names;
mod refresh;
mod resend_verification;
mod reset_password;
mod routes;
mod signup;
mod token;
mod update_user;
mod user;
mod verify_email;
mod wire;

use std::time::Duration;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::{Algorithm, Plain};
use vestibule_model::{DialectName, Policy};
use vestibule_ops::{Door, OwnSettings};
use vestibule_web::{Dialect, Identity, KeyRule, LimitHeaders, OwnBudget, Quickstart, Rate, SchemaOf};

static DOOR: Door = Door {
    name: DialectName::new("darukaa"),
    policy: Policy {
        algorithm: Algorithm::Hs256,
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
    issuer: "darukaa",
    audience: None,
    token: &Plain(token::DarukaaClaims),
    own: OwnSettings::NONE,
};

/// What the vendor promises each client.
const RATE: Rate = Rate {
    requests: 1_000,
    window: Duration::from_hours(1),
};

/// The dialect, to be registered with the server.
pub fn dialect() -> Dialect {
    Dialect {
        door: &DOOR,
        title: "Darukaa",
        prefixes: &["/api/v1", "/auth"],
        key_header: "x-api-key",
        key: KeyRule::Optional,
        cookie: None,
        limit_headers: LimitHeaders::LEGACY,
        own_budgets: vec![OwnBudget::new(&[], RATE)],
        routes: routes::routes,
        identity: |_, user, roles| Identity {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            roles,
        },
        answer: answer::answer,
        error_schema: SchemaOf::new::<answer::Envelope>(),
        error_type: "application/json",
        quickstart: Quickstart {
            key: None,
            sign_up: Some("/api/v1/auth/signup"),
            sign_in: "/auth/login",
            identifier: "email",
            token: "access_token",
            profile: "/api/v1/auth/user",
        },
    }
}
