//! Paths that lie behind the doors: which upstream they lead to, and whose tokens open them.

use crate::Environment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[[gateway]]`: a path prefix, the upstream behind it, and who may pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayRule {
    /// The path that is guarded, with all paths below it, such as `/api/films`.
    pub prefix: String,
    /// Where its requests go: `http://` or `https://`, a host, and a port unless it is the usual one.
    pub upstream: String,
    /// The API whose tokens open it, such as `rakcha`.
    pub dialect: String,
    /// Roles of which a user needs one; empty: every user may pass.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whose users may pass, `live` or `test`; unset: live ones, and test ones where `server.default_environment`
    /// is `test`.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// Seconds after which an upstream that has not begun to answer is given up.
    #[serde(default = "half_a_minute")]
    pub timeout: u64,
}

const fn half_a_minute() -> u64 {
    30
}

impl GatewayRule {
    /// How long the upstream may take to begin its answer.
    pub const fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// Whether it lets users of this environment pass, where `default` is the environment of requests that name none.
    pub fn admits(&self, environment: Environment, default: Environment) -> bool {
        match self.environment {
            Some(only) => only == environment,
            None => environment == Environment::Live || default == Environment::Test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Environment::{Live, Test};

    #[test]
    fn test_users_pass_only_where_they_are_meant_to() {
        let mut rule: GatewayRule = serde_json::from_value(serde_json::json!({
            "prefix": "/api/films", "upstream": "http://127.0.0.1:9000", "dialect": "rakcha",
        }))
        .unwrap();
        assert!(rule.admits(Live, Live) && !rule.admits(Test, Live));
        assert!(rule.admits(Live, Test) && rule.admits(Test, Test));
        rule.environment = Some(Test);
        assert!(rule.admits(Test, Live) && !rule.admits(Live, Test));
    }
}
