//! The schema of a project that declares none.

use serde_json::{Map, Value, json};

/// One line: no control characters.
pub(super) const LINE: &str = "^[^\\x00-\\x1f\\x7f-\\x9f]*$";
/// No `@`, so that no username reads like somebody's address (R10), and no letter that folds into another.
pub(super) const USERNAME: &str = "^[A-Za-z0-9._-]{1,64}$";
/// Only what a browser fetches, because apps put it into `src` and `href`.
pub(super) const WEB: &str = "^https?://[^\\s\\x00-\\x1f\\x7f-\\x9f]*$";

/// The schema of a new project (`contracts/README.md`, "Users"). All fields are texts, none is required.
pub(super) fn schema() -> Map<String, Value> {
    let line = json!({"type": "string", "maxLength": 256, "pattern": LINE});
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "name": line,
            "bio": {"type": "string", "maxLength": 2048},
            "username": {"type": "string", "pattern": USERNAME, "x-identifier": true},
            "given_name": line,
            "family_name": line,
            "phone_number": line,
            "picture": {"type": "string", "maxLength": 2048, "pattern": WEB},
        },
        "additionalProperties": false,
    });
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}
