//! What makes a configuration unsafe or useless, named setting by setting.

mod mail;
mod network;

pub use network::plain_links;

use super::{Config, limits_backend};
use crate::logs;
use secrecy::ExposeSecret;
use serde::Serialize;
use std::fmt;
use vestibule_model::refusal::Input;
use vestibule_model::{Refusal, Settings};
use vestibule_ops::admin::{gateway, settings};

/// More threads than any machine has cores for; each takes the memory of a hash.
const MOST_WORKERS: u32 = 1024;
/// Seconds; no load balancer needs longer to notice.
const LONGEST_GRACE: u64 = 3600;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// `serve` refuses to start.
    Error,
    /// Worth knowing; `doctor` tells.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The setting or file.
    pub subject: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.message)
    }
}

/// An error about a setting or a file.
pub fn error(subject: &str, message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Error,
        subject: subject.to_owned(),
        message: message.into(),
    }
}

/// A warning about a setting or a file.
pub fn warning(subject: &str, message: impl Into<String>) -> Finding {
    Finding {
        severity: Severity::Warning,
        subject: subject.to_owned(),
        message: message.into(),
    }
}

/// What no server may be started with, not even `dev`.
pub fn always(config: &Config) -> Vec<Finding> {
    let (hashing, lockout) = (&config.hashing, &config.lockout);
    let positive = [
        ("server.request_timeout", config.server.request_timeout),
        ("server.max_connections", config.server.max_connections as u64),
        ("postgres.connections", config.postgres.connections.into()),
        ("limits.sign_in", config.limits.sign_in.into()),
        ("limits.mail", config.limits.mail.into()),
        ("limits.other", config.limits.other.into()),
        ("limits.conflicts", config.limits.conflicts.into()),
        ("lockout.failures", lockout.failures.into()),
    ];
    let mut found: Vec<_> = positive
        .into_iter()
        .filter(|(_, value)| *value == 0)
        .map(|(setting, _)| error(setting, "must be at least 1; nothing here can be switched off"))
        .collect();
    let database = config
        .database
        .path
        .as_ref()
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    let mut demand = |holds: bool, setting: &str, message: &str| {
        if !holds {
            found.push(error(setting, message));
        }
    };
    demand(
        hashing.memory >= 19_456,
        "hashing.memory",
        "must be at least 19456 KiB (OWASP's floor for Argon2id)",
    );
    demand(
        hashing.iterations >= 2,
        "hashing.iterations",
        "must be at least 2 (OWASP's floor for Argon2id)",
    );
    demand(
        hashing.workers != Some(0),
        "hashing.workers",
        "must be at least 1, or unset",
    );
    demand(
        hashing.workers.is_none_or(|workers| workers <= MOST_WORKERS),
        "hashing.workers",
        "must be at most 1024: threads beyond the cores of the machine hash nothing sooner",
    );
    demand(
        config.server.shutdown_grace <= LONGEST_GRACE,
        "server.shutdown_grace",
        "must be at most 3600 seconds: the server would not stop for that long",
    );
    demand(
        lockout.steps.iter().all(|step| *step <= 900),
        "lockout.steps",
        "no step may be longer than 900 seconds: a lock must not keep a victim out",
    );
    demand(
        !database.contains("://"),
        "database.path",
        "must be a path; the address of a PostgreSQL database is database.url",
    );
    let url = config.database.url.as_ref().map(ExposeSecret::expose_secret);
    demand(
        url.is_none_or(|url| url.starts_with("postgres://") || url.starts_with("postgresql://")),
        "database.url",
        "must begin with postgres://; a SQLite file is database.path, or sqlite:PATH in DATABASE_URL",
    );
    demand(
        url.is_none() || config.database.path.is_none(),
        "database.path",
        "is set beside database.url (or DATABASE_URL): remove the one that is not the database",
    );
    found.extend(network::hosts(&config.network.hosts));
    found.extend(project_defaults(config));
    found.extend(rate_limits(config));
    found.extend(limits_backend::findings(config));
    found
}

/// The budgets that dialects have for themselves.
fn rate_limits(config: &Config) -> Vec<Finding> {
    let dialects = crate::dialects::all().into_iter();
    let set =
        dialects.filter_map(|dialect| Some((config.rate_limits.get(dialect.door.name.as_str())?, dialect)));
    set.flat_map(|(set, dialect)| set.findings(dialect)).collect()
}

/// The defaults of projects obey the rules that hold for what a project sets for itself.
fn project_defaults(config: &Config) -> Vec<Finding> {
    let judged = settings::judge(&config.project_defaults(), &crate::dialects::doors()).and_then(|()| {
        let (dialects, routes) = (crate::dialects::names(), crate::routes::all());
        gateway::judge(&config.gateway, &dialects, &routes)
    });
    let Err(Refusal::Input(Input::Fields(fields))) = judged else {
        return Vec::new();
    };
    let named = fields.into_iter().map(|wrong| {
        if let Some(place) = wrong.field.strip_prefix("user_schema") {
            return error(&format!("users.schema{place}"), wrong.message);
        }
        let setting = wrong.field.strip_prefix("dialects.").unwrap_or(&wrong.field);
        error(setting, wrong.message)
    });
    named.collect()
}

/// What `serve` refuses besides, and what its operator should know.
pub fn production(config: &Config) -> Vec<Finding> {
    let mut found = always(config);
    found.extend(network::public_url(config.server.public_url.as_deref()));
    found.extend(mail::findings(&config.mail));
    found.extend(logs::judge(&config.log).err());
    found.extend(config.gateway.iter().filter_map(network::plain_upstream));
    found.extend(network::trusted_proxies(&config.network.trusted_proxies));
    found.extend(plain_links(&config.links).map(|(setting, message)| error(setting, message)));
    if found.iter().all(|it| it.subject != network::ORIGINS) {
        found.extend(
            config
                .cors
                .allowed_origins
                .iter()
                .filter_map(|origin| network::origin(origin)),
        );
    }
    if config
        .metrics
        .listen
        .is_some_and(|listen| !listen.ip().is_loopback())
    {
        found.push(error(
            "metrics.listen",
            "must be a loopback address: the figures are not for everybody",
        ));
    }
    if config.server.default_environment == super::EnvironmentName::Test {
        found.push(warning(
            "server.default_environment",
            "is `test`: requests without an API key reach test users",
        ));
    }
    found
}

/// What the dialects of a project do by contract, and an operator should have decided on.
pub fn enumeration(project: &str, settings: &Settings) -> Option<Finding> {
    let enabled = |name: &&str| {
        settings
            .dialects
            .get(*name)
            .and_then(|table| table.enabled)
            .unwrap_or(true)
    };
    let telling: Vec<_> = crate::dialects::names().into_iter().filter(enabled).collect();
    if telling.is_empty() || settings.registration.hide_existing || !settings.registration.open {
        return None;
    }
    let dialects = telling.join(", ");
    Some(warning(
        &format!("project {project}"),
        format!(
            "{dialects}: whoever registers learns whether an address has an account here, by the API's contract; \
             set registration.hide_existing = true, or disable the API, if that must not be"
        ),
    ))
}

#[cfg(test)]
mod tests;
