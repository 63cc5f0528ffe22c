//! The settings in force, each with its source.

use super::keys::{self, Key};
use super::{Loaded, render};
use serde::Serialize;

/// One setting as it is in force.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its path in the file.
    pub setting: &'static str,
    /// Its value as TOML; secrets are masked; nothing when it is unset.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: String,
}

/// All settings in force, in the order of the sample.
pub fn shown(loaded: &Loaded) -> Vec<Shown> {
    keys::keys().iter().map(|key| one(key, loaded)).collect()
}

fn one(key: &'static Key, loaded: &Loaded) -> Shown {
    let (value, source) = match loaded.tree.get(&key.path) {
        Some((_, origin)) if key.secret => (Some("********".to_owned()), origin.to_string()),
        Some((value, origin)) => (Some(value.to_string()), origin.to_string()),
        None => (key.default.as_ref().map(render::value), "default".to_owned()),
    };
    Shown {
        setting: &key.path,
        value,
        source,
    }
}

/// The settings that differ between two configurations.
pub fn changed(before: &Loaded, after: &Loaded) -> Vec<&'static str> {
    let value = |loaded: &Loaded, key: &Key| loaded.tree.get(&key.path).map(|(value, _)| value.clone());
    let differing = keys::keys()
        .iter()
        .filter(|key| value(before, key) != value(after, key));
    differing.map(|key| key.path.as_str()).collect()
}
