//! Who counts what all nodes count together.

use super::Config;
use super::check::{Finding, error, warning};
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

/// The database, or Redis in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LimitsBackend {
    Database,
    Redis,
}

/// What cannot be meant.
pub fn findings(config: &Config) -> Option<Finding> {
    let url = config.limits.redis_url.as_ref();
    let judged = url.map(|url| vestibule_redis::Redis::judge(url.expose_secret()));
    match (config.limits.backend, judged) {
        (LimitsBackend::Database, Some(_)) => Some(warning(
            "limits.redis_url",
            "is not used: limits.backend is \"database\"",
        )),
        (LimitsBackend::Redis, _) if config.database.url.is_none() => Some(error(
            "limits.backend",
            "is \"redis\", which is for several nodes over one PostgreSQL database: one server over a SQLite file \
             counts exactly by itself, so remove it",
        )),
        (LimitsBackend::Redis, None) => Some(error(
            "limits.redis_url",
            "is not set: name the Redis or Valkey of limits.backend = \"redis\", such as \"redis://host:6379/0\"",
        )),
        (LimitsBackend::Redis, Some(Err(wrong))) => Some(error(
            "limits.redis_url",
            format!("is no address such as \"redis://host:6379/0\": {wrong}"),
        )),
        (LimitsBackend::Database, None) | (LimitsBackend::Redis, Some(Ok(()))) => None,
    }
}
