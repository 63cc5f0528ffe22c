//! What the bodies of the three collections have in common.

use serde_json::Value;
use vestibule_model::Refusal;
use vestibule_model::refusal::Input;
use vestibule_ops::Error;
use vestibule_web::{Call, Fields};

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

/// What an operation says about a record that a body refers to, by the name under which the body does.
pub(super) fn as_sent(call: &Call, error: Error) -> Error {
    let Error::Refused(Refusal::Input(Input::Fields(mut wrong))) = error else {
        return error;
    };
    for it in &mut wrong {
        if matches!(it.field.as_str(), "role" | "user")
            && !call.read(|fields| nested(fields, &it.field)).is_ok_and(|is| is)
        {
            it.field.push_str("Id");
        }
    }
    Input::Fields(wrong).into()
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
