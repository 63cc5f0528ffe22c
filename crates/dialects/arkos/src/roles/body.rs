//! What the bodies of the three collections have in common.

use serde_json::Value;
use vestibule_web::Fields;

/// The id of another record, as `roleId` or as `"role": {"id"}`.
pub(super) fn reference(fields: &mut Fields, record: &str) -> String {
    if !nested(fields, record) {
        return fields.text(&format!("{record}Id"));
    }
    optional_reference(fields, record).unwrap_or_default()
}

/// The same, where it may be absent.
pub(super) fn optional_reference(fields: &mut Fields, record: &str) -> Option<String> {
    if !nested(fields, record) {
        return fields.optional_text(&format!("{record}Id"));
    }
    let mut inner = fields.optional_object(record)?;
    let id = inner.shift_remove("id");
    for name in inner.keys() {
        refuse_unknown(fields, &format!("{record}.{name}"));
    }
    match id {
        Some(Value::String(id)) => Some(id),
        Some(_) => {
            fields.refuse_by(&format!("{record}.id"), "type", "must be a string");
            None
        }
        None => {
            fields.refuse_by(&format!("{record}.id"), "required", "is required");
            None
        }
    }
}

fn nested(fields: &Fields, record: &str) -> bool {
    fields.has(record) && !fields.has(&format!("{record}Id"))
}

/// Refuses whatever was not read.
pub(super) fn close(fields: &mut Fields) {
    for name in fields.rest().keys() {
        refuse_unknown(fields, name);
    }
}

fn refuse_unknown(fields: &mut Fields, name: &str) {
    fields.refuse_by(name, "additionalProperties", "is not a field of this record");
}
