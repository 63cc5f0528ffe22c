//! The configuration: one model, from which the sample, the reference and the JSON Schema are generated.

pub mod check;
mod env;
mod keys;
mod layers;
mod limits_backend;
mod rate_limit;
mod render;
mod sections;
mod show;
mod smtp;
mod tree;
mod user_schema;

pub use env::database_path;
pub use keys::{Key, Kind, keys, nearest};
pub use layers::{Flag, Loaded, Origin, Profile, Sources};
pub use limits_backend::LimitsBackend;
pub use rate_limit::{RateLimit, StandardHeaders};
pub use render::{reference, sample, schema, value as toml_value};
pub use sections::*;
pub use show::{Shown, changed, shown};
pub use smtp::MailServer;
pub use user_schema::SchemaFile;

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use vestibule_model::GatewayRule;
use vestibule_model::settings::{Cors, DialectSettings, Jwks, Links, Registration, Roles, Settings, Tokens};

/// Everything that can be configured, complete. A dialect's table stands at the top level of the file under its
/// name (`[rakomi]`) and holds that of its budgets (`[arkos.rate_limit]`); here they are gathered in `dialects` and
/// `rate_limits`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server is reached and where it keeps its data.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// How PostgreSQL is used, where it is the database.
    pub postgres: Postgres,
    /// The network in front of the server.
    pub network: Network,
    /// The master key, which seals every other secret.
    pub secrets: Secrets,
    /// How passwords are hashed.
    pub hashing: Hashing,
    /// How mail leaves.
    pub mail: Mail,
    /// Figures for Prometheus.
    pub metrics: Metrics,
    /// What is logged, and how.
    pub log: Log,
    /// How many requests one client address may send.
    pub limits: Limits,
    /// The lock of an account after failed logins.
    pub lockout: LockoutSteps,
    /// Who may register. A default for every project.
    pub registration: Registration,
    /// What users are. A default for every project.
    pub users: Users,
    /// Where mailed links lead. A default for every project.
    pub links: Links,
    /// Browser origins that may call. A default for every project.
    pub cors: Cors,
    /// Lifetimes that all dialects share. A default for every project.
    pub tokens: Tokens,
    /// Published keys. A default for every project.
    pub jwks: Jwks,
    /// Where roles and permissions come from. A default for every project.
    pub roles: Roles,
    /// Paths that lead to an upstream and whose tokens open them; a table for each path. They are the default
    /// project's; another project has its own (`vestibule project set SLUG gateway '[{…}]'`).
    pub gateway: Vec<GatewayRule>,
    /// One table for each dialect. A default for every project.
    pub dialects: BTreeMap<String, DialectSettings>,
    /// Within the table of a dialect that has budgets of its own. For the whole instance.
    pub rate_limits: BTreeMap<String, RateLimit>,
}

impl Config {
    /// What every project has unless it says otherwise. No other project inherits the default project's gateway: its
    /// users would pass as the default project's.
    pub fn project_defaults(&self) -> Settings {
        Settings {
            gateway: Vec::new(),
            registration: self.registration.clone(),
            user_schema: self.users.schema.as_ref().map(|file| Arc::clone(&file.0)),
            links: self.links.clone(),
            cors: self.cors.clone(),
            tokens: self.tokens.clone(),
            jwks: self.jwks.clone(),
            hosts: BTreeMap::new(),
            roles: self.roles.clone(),
            dialects: self.dialects.clone(),
        }
    }
}

/// A configuration that cannot be used, with every problem that was found.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Invalid(pub Vec<String>);

impl Invalid {
    /// One problem.
    pub fn one(problem: impl Into<String>) -> Self {
        Self(vec![problem.into()])
    }
}

#[cfg(test)]
mod tests;
