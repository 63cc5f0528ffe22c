//! The marks of a user schema, and where each may stand.

use super::declaration::{At, Reader};
use super::path::SOME;
use super::reserved::is_reserved;
use serde_json::{Map, Value};

const IDENTIFIER: &str = "x-identifier";
const SELF_EDITABLE: &str = "x-self-editable";
const ADMIN_ONLY: &str = "x-admin-only";

/// What a field of the profile is marked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    /// Whether the user may change it.
    pub(super) self_editable: bool,
    /// Whether only operators set and see it.
    pub(super) admin_only: bool,
}

impl Reader<'_> {
    /// Reads the marks of a field of the profile.
    pub(super) fn field(&mut self, name: &str, field: &Value) -> Marks {
        let place = format!("properties.{name}");
        if is_reserved(name) {
            self.refuse(&place, "has a name that is the server's own");
        }
        let is = |mark| field.get(mark).and_then(Value::as_bool);
        let admin_only = is(ADMIN_ONLY).unwrap_or(false);
        let required = self.root.get("required").and_then(Value::as_array);
        if admin_only && required.is_some_and(|names| names.iter().any(|it| it == name)) {
            self.refuse(&place, "is required and x-admin-only: nobody could sign up");
        }
        Marks {
            self_editable: is(SELF_EDITABLE).unwrap_or(true) && !admin_only,
            admin_only,
        }
    }

    /// Judges the marks of any part.
    pub(super) fn marks(&mut self, part: &Map<String, Value>, at: &At) {
        for (mark, value) in part.iter().filter(|(keyword, _)| keyword.starts_with("x-")) {
            let place = format!("{}.{mark}", at.place);
            match mark.as_str() {
                IDENTIFIER | SELF_EDITABLE | ADMIN_ONLY if !value.is_boolean() => {
                    self.refuse(&place, "must be true or false");
                }
                IDENTIFIER if value == false => {}
                IDENTIFIER => self.identifier(part, at, &place),
                SELF_EDITABLE | ADMIN_ONLY if at.is_field() => {}
                SELF_EDITABLE | ADMIN_ONLY => {
                    self.refuse(&place, "can stand at a field of the profile itself only");
                }
                _ => self.refuse(
                    &place,
                    format!("is no mark: there are {IDENTIFIER}, {SELF_EDITABLE} and {ADMIN_ONLY}"),
                ),
            }
        }
    }

    fn identifier(&mut self, part: &Map<String, Value>, at: &At, place: &str) {
        let Some(path) = at.profile.as_ref().filter(|path| !path.text().is_empty()) else {
            return self.refuse(
                place,
                "must be reached from the top by properties, items and $ref alone",
            );
        };
        if part.get("type").is_none_or(|kind| kind != "string") {
            self.refuse(place, "marks what is not of the type \"string\"");
        }
        let name = path.last_field().unwrap_or_default();
        if is_reserved(name) {
            self.refuse(
                place,
                format!("marks a field named {name}, which is the server's own"),
            );
        }
        if !path.is_plain() {
            let message =
                format!("is at a path with an empty name, a dot in a name, or a field named {SOME}");
            self.refuse(place, message);
        }
        if !self.declaration.identifiers.contains(path) {
            self.declaration.identifiers.push(path.clone());
        }
    }
}
