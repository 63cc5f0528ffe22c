//! The one role that this door shows of a user.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use vestibule_model::project::OwnSettings;

/// What a user is who has no role, in the document's example.
const CLIENT: &str = "client";

/// What only this dialect has as settings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RakchaSettings {
    /// The role that this API shows of a user who has none. It is assigned to nobody and appears at no other API.
    #[serde(deserialize_with = "not_blank")]
    default_role: String,
}

impl Default for RakchaSettings {
    fn default() -> Self {
        Self {
            default_role: CLIENT.to_owned(),
        }
    }
}

fn not_blank<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let role = String::deserialize(value)?;
    if role.trim().is_empty() {
        return Err(de::Error::custom("default_role must not be blank"));
    }
    Ok(role)
}

/// The earliest assigned one of the user's roles, else the default one.
pub(crate) fn shown<'a>(roles: &'a [String], own: &'a OwnSettings) -> &'a str {
    let default = || own.get().map(|own: &RakchaSettings| own.default_role.as_str());
    roles
        .first()
        .map(String::as_str)
        .or_else(default)
        .unwrap_or(CLIENT)
}

/// All of the user's roles, else the default one: what a gateway asks for and an upstream is told.
pub(crate) fn all(roles: Vec<String>, own: &OwnSettings) -> Vec<String> {
    if roles.is_empty() {
        vec![shown(&[], own).to_owned()]
    } else {
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn settings(table: Value) -> Result<RakchaSettings, serde_json::Error> {
        serde_json::from_value(table)
    }

    #[test]
    fn the_earliest_role_is_shown_and_the_default_one_when_there_is_none() {
        let own = OwnSettings(vec![Arc::new(
            settings(json!({"default_role": "visitor"})).unwrap(),
        )]);
        let roles = ["cinema_manager".to_owned(), "admin".to_owned()];
        assert_eq!(shown(&roles, &own), "cinema_manager");
        assert_eq!(shown(&[], &own), "visitor");
        assert_eq!(settings(json!({})).unwrap().default_role, "client");
    }

    #[test]
    fn a_default_role_is_a_text_that_says_something() {
        for wrong in [json!(""), json!(" "), json!(null), json!(["client"])] {
            assert!(settings(json!({"default_role": wrong})).is_err(), "{wrong}");
        }
        assert!(settings(json!({"default_rolle": "client"})).is_err());
    }
}
