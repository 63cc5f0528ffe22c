//! What a project can set. The instance's configuration gives the defaults for every project; what a project
//! sets for itself wins.

use crate::{Environment, GatewayRule, Policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The settings of a project, complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Who may register.
    pub registration: Registration,
    /// Where mailed links lead.
    pub links: Links,
    /// Browser origins that may call.
    pub cors: Cors,
    /// Lifetimes that all dialects share.
    pub tokens: Tokens,
    /// Published keys.
    pub jwks: Jwks,
    /// Host names that lead to the project, each with its environment (`live` or `test`).
    pub hosts: BTreeMap<String, Environment>,
    /// Paths that lead to an upstream. Those of the configuration are the default project's alone, unless it has
    /// its own.
    pub gateway: Vec<GatewayRule>,
    /// A table for each dialect, by its name.
    pub dialects: BTreeMap<String, DialectSettings>,
}

/// `[registration]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Whether strangers may register.
    pub open: bool,
    /// Whether registering a taken address is answered like a new one, and its owner told by mail.
    pub hide_existing: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            open: true,
            hide_existing: false,
        }
    }
}

/// `[links]`: templates in which `{token}` stands for the mailed token. Unset: Vestibule's own pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Links {
    /// The page that verifies an address.
    pub verify_email: Option<String>,
    /// The page that sets a new password.
    pub reset_password: Option<String>,
}

/// `[cors]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Exact origins (`https://app.example.com`); in `dev` a port may be `*`.
    pub allowed_origins: Vec<String>,
}

/// `[tokens]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Seconds for which a consumed refresh token yields the same successor again (0 to 60).
    pub refresh_overlap: u64,
    /// Days after which a signing key is replaced.
    pub key_rotation_days: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            refresh_overlap: 10,
            key_rotation_days: 90,
        }
    }
}

impl Tokens {
    /// The overlap, never longer than a minute.
    pub fn overlap(&self) -> Duration {
        Duration::from_secs(self.refresh_overlap.min(60))
    }
}

/// `[jwks]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jwks {
    /// Whether the root document also lists the keys of the test environment.
    pub publish_test_keys: bool,
    /// Seconds for which verifiers may keep the document; a new key is published this long before its first use.
    pub max_age: u64,
}

impl Default for Jwks {
    fn default() -> Self {
        Self {
            publish_test_keys: false,
            max_age: 300,
        }
    }
}

/// The table of one dialect, such as `[rakomi]`. Unset values are the dialect's own defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DialectSettings {
    /// `false` takes the dialect's routes away from this project.
    pub enabled: Option<bool>,
    /// The `iss` of access tokens.
    pub issuer: Option<String>,
    /// The `aud` of access tokens; unset: the project's id.
    pub audience: Option<String>,
    /// Seconds that an access token lives.
    pub access_token_lifetime: Option<u64>,
    /// Seconds that a session lives; rotation does not prolong it.
    pub session_lifetime: Option<u64>,
    /// Seconds that a session lives without being used, where the API has such a bound.
    pub session_idle_lifetime: Option<u64>,
    /// Whether an unverified address keeps its owner out.
    pub verified_email: Option<bool>,
    /// Least number of characters of a new password.
    pub password_minimum: Option<u32>,
    /// Whether common passwords are refused.
    pub password_blocklist: Option<bool>,
    /// What only this dialect has; the dialect itself says what that may be.
    #[serde(flatten)]
    #[schemars(skip)]
    pub own: Map<String, Value>,
}

impl DialectSettings {
    /// The dialect's policy with what is set here instead of its defaults.
    pub fn over(&self, defaults: &Policy) -> Policy {
        let mut policy = defaults.clone();
        policy.access_lifetime = self
            .access_token_lifetime
            .map_or(policy.access_lifetime, Duration::from_secs);
        policy.session_lifetime = self
            .session_lifetime
            .map_or(policy.session_lifetime, Duration::from_secs);
        if let (Some(idle), Some(seconds)) = (&mut policy.idle_lifetime, self.session_idle_lifetime) {
            *idle = Duration::from_secs(seconds);
        }
        policy.verified_email = self.verified_email.unwrap_or(policy.verified_email);
        policy.password.minimum = self.password_minimum.unwrap_or(policy.password.minimum);
        policy.password.blocklist = self.password_blocklist.unwrap_or(policy.password.blocklist);
        policy
    }
}

impl Settings {
    /// `defaults` with the sparse `own` settings of a project laid over them, table by table.
    pub fn layered(defaults: &Self, own: &Map<String, Value>) -> Result<Self, serde_json::Error> {
        let mut merged = serde_json::to_value(defaults)?;
        lay_over(&mut merged, own);
        serde_json::from_value(merged)
    }
}

fn lay_over(below: &mut Value, above: &Map<String, Value>) {
    let Value::Object(below) = below else { return };
    for (name, value) in above {
        match (below.get_mut(name), value) {
            (Some(inner @ Value::Object(_)), Value::Object(table)) => lay_over(inner, table),
            _ => drop(below.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn layered(own: Value) -> Result<Settings, serde_json::Error> {
        let mut defaults = Settings::default();
        defaults.jwks.max_age = 60;
        defaults.dialects.insert(
            "rakomi".into(),
            DialectSettings {
                issuer: Some("instance".into()),
                ..Default::default()
            },
        );
        let Value::Object(own) = own else { unreachable!() };
        Settings::layered(&defaults, &own)
    }

    #[test]
    fn what_a_project_sets_wins_and_the_rest_is_the_instances() {
        let settings = layered(
            json!({"jwks": {"publish_test_keys": true}, "dialects": {"rakomi": {"audience": "app"}}}),
        )
        .unwrap();
        assert!(settings.jwks.publish_test_keys);
        assert_eq!(settings.jwks.max_age, 60);
        let rakomi = &settings.dialects["rakomi"];
        assert_eq!(
            (rakomi.issuer.as_deref(), rakomi.audience.as_deref()),
            (Some("instance"), Some("app"))
        );
    }

    #[test]
    fn an_unknown_setting_is_an_error_that_names_it() {
        let error = layered(json!({"tokens": {"refresh_overlapp": 5}})).unwrap_err();
        assert!(error.to_string().contains("refresh_overlapp"), "{error}");
    }
}
