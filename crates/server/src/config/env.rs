//! Settings from environment variables.

use super::keys::{self, Key, Kind};
use super::{Origin, Profile};
use std::collections::BTreeMap;
use toml::Value;

/// What every variable of ours begins with.
pub const PREFIX: &str = "VESTIBULE_";

/// Ours, but read by the command line and not a setting.
const OTHER: [&str; 1] = ["VESTIBULE_CONFIG"];

/// A setting that a variable names.
pub struct Named {
    pub path: String,
    pub value: Value,
    pub origin: Origin,
}

/// Reads the variables; an empty one counts as unset. The second list are the problems.
pub fn read(variables: &BTreeMap<String, String>, profile: Profile) -> (Vec<Named>, Vec<String>) {
    let (mut named, mut problems) = (bare(variables, profile), Vec::new());
    for (name, text) in variables
        .iter()
        .filter(|(name, text)| name.starts_with(PREFIX) && !text.is_empty())
    {
        let origin = Origin::Variable(name.clone());
        if let Some(key) = keys::keys().iter().find(|key| key.variable() == *name) {
            named.push(Named {
                path: key.path.clone(),
                value: value(key, text),
                origin,
            });
        } else if let Some(key) = secret_file(name) {
            named.push(Named {
                path: format!("{}_file", key.path),
                value: text.as_str().into(),
                origin,
            });
        } else if !OTHER.contains(&name.as_str()) {
            problems.push(unknown(name));
        }
    }
    (named, problems)
}

/// The variables that platforms set under names of their own; ours win over them.
fn bare(variables: &BTreeMap<String, String>, profile: Profile) -> Vec<Named> {
    let set = |name: &str| variables.get(name).filter(|text| !text.is_empty());
    let named = |path: &str, value: String, name: &str| Named {
        path: path.to_owned(),
        value: value.into(),
        origin: Origin::Variable(name.to_owned()),
    };
    let host = if profile == Profile::Development {
        "127.0.0.1"
    } else {
        "0.0.0.0"
    };
    let listed = [
        set("PORT").map(|port| named("server.listen", format!("{host}:{port}"), "PORT")),
        set("SMTP_URL").map(|url| named("mail.smtp_url", url.clone(), "SMTP_URL")),
        set("SMTP_URL_FILE").map(|file| named("mail.smtp_url_file", file.clone(), "SMTP_URL_FILE")),
        set("DATABASE_URL").map(|url| database(url, named)),
        set("DATABASE_URL_FILE").map(|file| named("database.url_file", file.clone(), "DATABASE_URL_FILE")),
    ];
    listed.into_iter().flatten().collect()
}

/// `sqlite:vestibule.db`, `sqlite://vestibule.db` and `sqlite:///srv/vestibule.db` name files, as does what has no scheme
/// at all. Any other is an address, and refused by the check of addresses unless it is PostgreSQL's.
fn database(url: &str, named: impl Fn(&str, String, &str) -> Named) -> Named {
    match database_path(url) {
        Some(path) => named("database.path", path.to_owned(), "DATABASE_URL"),
        None => named("database.url", url.to_owned(), "DATABASE_URL"),
    }
}

/// The file that an address names, if it names one.
pub fn database_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:");
    let path = path.or((!url.contains("://")).then_some(url))?;
    Some(path.strip_prefix("//").unwrap_or(path))
}

fn secret_file(variable: &str) -> Option<&'static Key> {
    let of = variable.strip_suffix("_FILE")?;
    keys::keys().iter().find(|key| key.secret && key.variable() == of)
}

/// A TOML value, or the text itself where the setting is a text.
fn value(key: &Key, text: &str) -> Value {
    let parsed = format!("value = {text}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut table| table.remove("value"));
    match (&key.kind, parsed) {
        (Kind::Text | Kind::Choice(_), Some(Value::String(text))) => text.into(),
        (Kind::Text | Kind::Choice(_), _) | (_, None) => text.into(),
        (_, Some(value)) => value,
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<String> = keys::keys().iter().map(Key::variable).collect();
    let hint = keys::nearest(name, known.iter().map(String::as_str));
    let hint = hint.map_or_else(String::new, |name| format!("; did you mean {name}?"));
    format!("{name} (environment) is not a setting{hint}")
}
