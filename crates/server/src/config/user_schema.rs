//! The file that holds the user schema of projects that declare none themselves.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;
use vestibule_model::json;

/// A user schema, read from the file that a setting names. It is judged like one that a project sets.
#[derive(Clone, Debug)]
pub struct SchemaFile(pub Arc<Map<String, Value>>);

impl SchemaFile {
    /// Reads a file of JSON.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = std::fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        let schema = json::object(&text).map_err(|problem| format!("cannot use {shown}: {problem}"))?;
        Ok(Self(Arc::new(schema)))
    }
}

impl<'de> Deserialize<'de> for SchemaFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let path = String::deserialize(from)?;
        Self::read(Path::new(&path)).map_err(D::Error::custom)
    }
}
