//! A user, and what happened to it, for people and scripts.

use super::output::{self, Column};
use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_model::user::User;
use vestibule_model::{Realm, Timestamp};
use vestibule_store::audit::Entry;

/// A user for people and scripts.
#[derive(Serialize)]
pub struct Shown {
    id: String,
    number: i64,
    email: String,
    email_typed: String,
    email_verified_at: Option<String>,
    name: Option<String>,
    disabled_at: Option<String>,
    created_at: String,
    updated_at: String,
    profile: Map<String, Value>,
    public_metadata: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<Vec<Act>>,
}

#[derive(Serialize)]
struct Act {
    at: String,
    #[serde(rename = "act")]
    name: &'static str,
    outcome: &'static str,
    actor: String,
    session_id: Option<String>,
    dialect: String,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    detail: Option<String>,
}

/// The columns of a list of users.
pub const COLUMNS: [Column<Shown>; 6] = [
    ("Number", |it| it.number.to_string()),
    ("E-mail", |it| it.email.clone()),
    ("Name", |it| it.name.clone().unwrap_or_default()),
    ("State", |it| state(it).to_owned()),
    ("Registered", |it| it.created_at.clone()),
    ("Id", |it| it.id.clone()),
];

/// A user as it is shown.
pub fn shown(user: &User) -> Shown {
    Shown {
        id: user.id.to_string(),
        number: user.number,
        email: user.email.to_string(),
        email_typed: user.email_typed.clone(),
        email_verified_at: user.email_verified_at.map(|at| at.to_string()),
        name: user.display_name(),
        disabled_at: user.disabled_at.map(|at| at.to_string()),
        created_at: user.created_at.to_string(),
        updated_at: user.updated_at.to_string(),
        profile: user.profile.clone(),
        public_metadata: user.public_metadata.clone(),
        roles: None,
        locked_until: None,
        audit: None,
    }
}

impl Shown {
    /// The same user with what only `user show` tells: its roles, its lock and the latest acts about it.
    pub fn with(mut self, roles: Vec<String>, locked_until: Option<Timestamp>, acts: &[Entry]) -> Self {
        self.roles = Some(roles);
        self.locked_until = locked_until.map(|at| at.to_string());
        self.audit = Some(acts.iter().map(act).collect());
        self
    }
}

/// A user with the acts about it, as sentences.
pub fn describe(user: &Shown, realm: Realm) -> String {
    let facts = [
        ("user", user.email.clone()),
        ("id", user.id.clone()),
        ("number", user.number.to_string()),
        ("environment", realm.environment.to_string()),
        ("state", state(user).to_owned()),
        ("locked until", user.locked_until.clone().unwrap_or_default()),
        (
            "verified",
            user.email_verified_at.clone().unwrap_or_else(|| "no".into()),
        ),
        (
            "roles",
            user.roles
                .iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ("registered", user.created_at.clone()),
        ("changed", user.updated_at.clone()),
        (
            "profile",
            output::harmless(&Value::Object(user.profile.clone()).to_string()),
        ),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let columns: [Column<Act>; 6] = [
        ("When", |it| it.at.clone()),
        ("Act", |it| {
            format!("{} {}", it.name, it.detail.as_deref().unwrap_or_default())
        }),
        ("Outcome", |it| it.outcome.to_owned()),
        ("By", |it| it.actor.clone()),
        ("Address", |it| it.ip.clone().unwrap_or_default()),
        ("Agent", |it| it.user_agent.clone().unwrap_or_default()),
    ];
    let acts = user.audit.as_deref().unwrap_or_default();
    format!("{}\n\n{}", output::facts(&facts), output::table(acts, &columns))
}

fn act(entry: &Entry) -> Act {
    Act {
        at: entry.at.to_string(),
        name: entry.act.as_str(),
        outcome: entry.outcome.as_str(),
        actor: entry.actor.clone(),
        session_id: entry.session.map(|id| id.to_string()),
        dialect: entry.dialect.clone(),
        ip: entry.ip.clone(),
        user_agent: entry.user_agent.clone(),
        request_id: entry.request_id.clone(),
        detail: entry.detail.clone(),
    }
}

const fn state(user: &Shown) -> &'static str {
    if user.disabled_at.is_some() {
        "disabled"
    } else if user.email_verified_at.is_some() {
        "verified"
    } else {
        "unverified"
    }
}
