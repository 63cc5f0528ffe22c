//! The Arkos API (`contracts/arkos.md`): its routes, its words, its tokens. Rules live in `vestibule-ops`.

mod answer;
mod cookie;
mod delete_me;
mod error;
mod login;
mod login_field;
mod logout;
mod me;
mod roles;
mod routes;
mod settings;
mod signup;
mod token;
mod update_me;
mod update_password;
mod wire;

use settings::ArkosSettings;
use std::time::Duration;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::token::{Algorithm, Plain};
use vestibule_model::{DialectName, Policy};
use vestibule_ops::{Door, OwnSettings};
use vestibule_web::{Dialect, Identity, KeyRule, LimitHeaders, OwnBudget, Quickstart, Rate, SchemaOf};

const MONTH: Duration = Duration::from_hours(30 * 24);

static DOOR: Door = Door {
    name: DialectName::new("arkos"),
    policy: Policy {
        algorithm: Algorithm::Hs256,
        access_lifetime: MONTH,
        session_lifetime: MONTH,
        idle_lifetime: None,
        refresh_tokens: false,
        verified_email: false,
        password: PasswordPolicy {
            minimum: 8,
            blocklist: false,
            classes: true,
        },
    },
    issuer: "arkos",
    audience: None,
    token: &Plain(token::ArkosClaims),
    own: OwnSettings::of::<ArkosSettings>(),
};

/// Ten requests in five seconds on everything below `/api/auth`, and the vendor's global limit elsewhere.
fn own_budgets() -> Vec<OwnBudget> {
    let authentication = Rate {
        requests: 10,
        window: Duration::from_secs(5),
    };
    vec![
        OwnBudget::new(&["/api/auth"], authentication),
        OwnBudget::new(&[], Rate::per_minute(300)),
    ]
}

/// The dialect, to be registered with the server.
pub fn dialect() -> Dialect {
    Dialect {
        door: &DOOR,
        title: "Arkos",
        prefixes: &["/api"],
        key_header: "x-api-key",
        key: KeyRule::Optional,
        cookie: Some(cookie::NAME),
        limit_headers: LimitHeaders::DRAFT_7,
        own_budgets: own_budgets(),
        quickstart: Quickstart {
            key: None,
            sign_up: Some("/api/auth/signup"),
            sign_in: "/api/auth/login",
            identifier: "username",
            token: "accessToken",
            profile: "/api/users/me",
        },
        routes: routes::routes,
        identity: |_, user, roles| Identity {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            roles,
        },
        answer: answer::answer,
        error_schema: SchemaOf::new::<answer::ErrorBody>(),
        error_type: "application/json",
    }
}
