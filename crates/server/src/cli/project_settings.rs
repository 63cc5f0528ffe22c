//! The settings of a project as the configuration file spells them.

use super::{Attempt, Failure, project_schema};
use crate::config;
use serde::Serialize;
use serde_json::Value;

/// A setting in force.
#[derive(Serialize)]
pub struct Setting {
    #[serde(rename = "setting")]
    pub path: String,
    pub value: Value,
    /// `project` when the project sets it itself, else `instance`.
    pub source: &'static str,
}

impl Setting {
    /// Its value as the file spells it.
    pub fn value_for_people(&self) -> String {
        match &self.value {
            Value::Object(_) => "see `vestibule project schema`".to_owned(),
            value => config::toml_value(value),
        }
    }
}

/// Every setting that has a value, as the configuration file spells it.
pub fn of(in_force: &Value, own: &Value) -> Vec<Setting> {
    let mut found = Vec::new();
    for key in config::keys() {
        let pointer = format!("/{}", in_model(&key.path).replace('.', "/"));
        let Some(value) = in_force.pointer(&pointer).filter(|value| !value.is_null()) else {
            continue;
        };
        let source = if own.pointer(&pointer).is_some() {
            "project"
        } else {
            "instance"
        };
        found.push(Setting {
            path: key.path.clone(),
            value: value.clone(),
            source,
        });
    }
    found
}

/// A dialect's table stands at the top level for people, and under `dialects` in the model; the user schema is read
/// from a file there, and stands in the model itself.
pub fn in_model(setting: &str) -> String {
    if project_schema::is_meant(setting) {
        return "user_schema".to_owned();
    }
    let table = setting.split('.').next().unwrap_or_default();
    if crate::dialects::names().contains(&table) {
        format!("dialects.{setting}")
    } else {
        setting.to_owned()
    }
}

/// A value as the file spells it; quotes around text may be left out.
pub fn read(text: &str) -> Result<Value, Failure> {
    let parsed = format!("value = {text}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut table| table.remove("value"));
    parsed.map_or_else(
        || Ok(text.into()),
        |value| serde_json::to_value(value).attempting("read the value"),
    )
}
