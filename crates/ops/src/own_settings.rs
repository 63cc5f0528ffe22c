//! Settings that one dialect alone has, as that dialect's own type.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::any::Any;
use std::sync::Arc;

/// What a dialect's table may hold beside the common settings. The type refuses unknown fields itself.
pub struct OwnSettings {
    /// Describes the fields, for the configuration's reference.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    read: fn(Map<String, Value>) -> Result<Read, serde_json::Error>,
}

/// Settings of a type that the dialect knows.
type Read = Arc<dyn Any + Send + Sync>;

/// The settings of a dialect that has only the common ones.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl OwnSettings {
    /// No settings but the common ones.
    pub const NONE: Self = Self::of::<Nothing>();

    /// The settings of this type.
    pub const fn of<T: DeserializeOwned + JsonSchema + Send + Sync + 'static>() -> Self {
        Self {
            schema: T::json_schema,
            read: |fields| Ok(Arc::new(serde_json::from_value::<T>(Value::Object(fields))?)),
        }
    }

    /// Reads the fields of a table that are not common ones.
    pub(crate) fn read(&self, fields: &Map<String, Value>) -> Result<Read, serde_json::Error> {
        (self.read)(fields.clone())
    }
}
