//! What only this API has as settings (`contracts/arkos.md`, "Login identifiers", "Cookie").

use schemars::JsonSchema;
use serde::Deserialize;
use vestibule_model::Project;

/// The fields of `[arkos]` that other dialects do not have.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ArkosSettings {
    /// The identifiers that users log in with, as paths (`email`, `phones.some.number`); the first is the default. Unset:
    /// an address or a username.
    pub(crate) allowed_usernames: Vec<String>,
    /// Where a login puts the access token: into the answer, into a cookie, or into both.
    pub(crate) send_access_token_through: Delivery,
}

/// Where a login puts the access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Delivery {
    #[default]
    Both,
    ResponseOnly,
    CookieOnly,
}

impl ArkosSettings {
    /// Those of a project.
    pub(crate) fn of(project: &Project) -> Self {
        project.own.get().cloned().unwrap_or_default()
    }
}
