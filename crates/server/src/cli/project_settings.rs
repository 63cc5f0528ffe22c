//! The settings of a project as the configuration file spells them.

use super::{Attempt, Failure, project_schema};
use crate::config::{self, Kind};
use serde::Serialize;
use serde_json::Value;
use vestibule_model::Refusal;
use vestibule_model::refusal::{FieldError, Input};

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

/// Why a setting was not set, under the name that was typed.
pub fn refused(setting: &str, error: vestibule_ops::Error) -> Failure {
    let vestibule_ops::Error::Refused(Refusal::Input(Input::Fields(fields))) = &error else {
        return error.into();
    };
    if !is_known(setting) {
        let likely = config::nearest(setting, settable());
        let likely = likely.map_or_else(
            || "`vestibule project show` lists them".to_owned(),
            |likely| format!("did you mean {likely}?"),
        );
        return Failure::usage(format!("{setting} is not a setting of a project; {likely}"));
    }
    let told: Vec<_> = fields.iter().map(|wrong| named(setting, wrong)).collect();
    Failure::new(told.join("; "))
}

/// A problem that is told about a whole table is about what was typed.
fn named(setting: &str, wrong: &FieldError) -> String {
    let (path, field) = (in_model(setting), wrong.field.as_str());
    if field == path {
        format!("{setting} {}", wrong.message)
    } else if field == "settings" || path.starts_with(&format!("{field}.")) {
        format!("{setting}: {}", wrong.message)
    } else {
        let field = field.strip_prefix("dialects.").unwrap_or(field);
        format!("{field} {}", wrong.message)
    }
}

/// The settings that a project may set for itself, as the configuration file spells them.
fn settable() -> impl Iterator<Item = &'static str> {
    const TABLES: [&str; 7] = [
        "registration",
        "links",
        "cors",
        "tokens",
        "jwks",
        "roles",
        "gateway",
    ];
    let dialects = crate::dialects::names();
    let paths = config::keys().iter().map(|key| key.path.as_str());
    paths.filter(move |path| {
        let table = path.split('.').next().unwrap_or_default();
        let own = dialects.contains(&table) && !path.contains(".rate_limit.");
        own || TABLES.contains(&table)
    })
}

fn is_known(setting: &str) -> bool {
    // What stands within these is judged with them.
    const WHOLE: [&str; 3] = ["hosts.", "user_schema.", "users.schema."];
    let within = |path: &str| {
        let inner = setting
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'));
        inner
            && config::keys()
                .iter()
                .any(|key| key.path == path && key.kind == Kind::Table)
    };
    setting == "hosts"
        || WHOLE.iter().any(|whole| setting.starts_with(whole))
        || settable().any(|path| path == setting || within(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(setting: &str, field: &str, message: &str) -> String {
        refused(
            setting,
            vestibule_ops::Error::Refused(Refusal::field(field, message)),
        )
        .message
    }

    #[test]
    fn a_refused_setting_is_named_as_it_was_typed() {
        assert_eq!(
            told("registration.open", "settings", "invalid type"),
            "registration.open: invalid type"
        );
        let field = "dialects.rakomi.access_token_lifetime";
        assert_eq!(
            told("rakomi.access_token_lifetime", field, "must be longer"),
            "rakomi.access_token_lifetime must be longer"
        );
        assert_eq!(
            told("rakomi.issuer", "dialects.rakomi", "bad"),
            "rakomi.issuer: bad"
        );
    }

    #[test]
    fn an_unknown_setting_is_told_with_the_one_that_was_probably_meant() {
        assert_eq!(
            told("registration.opne", "settings", "unknown field"),
            "registration.opne is not a setting of a project; did you mean registration.open?"
        );
        assert!(told("server.listen", "settings", "unknown field").contains("is not a setting of a project"));
        assert!(is_known("hosts.auth.example.com"));
    }
}
