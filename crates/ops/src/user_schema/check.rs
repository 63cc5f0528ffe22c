//! Judging a profile by its schema, and by the rules that hold under every schema.

use super::path::{Identifier, Path};
use super::reserved::is_reserved;
use super::{UserSchema, words};
use jsonschema::Validator;
use serde_json::{Map, Value};
use vestibule_model::Email;
use vestibule_model::refusal::FieldError;

/// Largest profile, in bytes of its JSON.
const MAX_PROFILE: usize = 16 * 1_024;
/// How many objects and lists may be open at once within a field.
const MAX_LEVELS: usize = 16;
/// Longest identifier, in bytes.
const MAX_IDENTIFIER: usize = 256;
/// How many unique values one user may have.
pub(crate) const MAX_IDENTIFIERS: usize = 20;
/// The rule that a value breaks which is nested more deeply than anything is read.
const TOO_DEEP: &str = "maxDepth";
/// How many errors are told of one profile.
const MAX_TOLD: usize = 50;

/// Who sets a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The user whose it is, or will be.
    Owner,
    /// An operator.
    Operator,
}

/// A checked profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The fields, without those that were `null`.
    pub(crate) fields: Map<String, Value>,
    /// Values that only one user of the realm may have.
    pub(crate) identifiers: Vec<Identifier>,
}

/// A schema with its validator.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(super) schema: &'a UserSchema,
    pub(super) validator: &'a Validator,
}

impl Rules<'_> {
    /// Checks the profile of a new user; says everything that is wrong with it at once.
    pub(crate) fn admit(self, given: Map<String, Value>, by: By) -> Result<Profile, Vec<FieldError>> {
        let wrong = self.forbidden(&given, by, false);
        self.whole(self.with(Map::new(), given), wrong)
    }

    /// Checks what a profile would be after changes: what is absent stays, `null` clears a field.
    pub(crate) fn change(
        self,
        present: &Map<String, Value>,
        changes: Map<String, Value>,
        by: By,
    ) -> Result<Profile, Vec<FieldError>> {
        let wrong = self.forbidden(&changes, by, true);
        self.whole(self.with(present.clone(), changes), wrong)
    }

    /// What nobody may say of themselves, whatever the schema allows.
    fn forbidden(self, given: &Map<String, Value>, by: By, change: bool) -> Vec<FieldError> {
        let marks = |name: &str| self.schema.declaration.marks(name);
        let judged = given.keys().filter_map(|name| {
            let message = match (marks(name), by) {
                (None, _) if is_reserved(name) => "cannot be set",
                (Some(marks), By::Owner) if marks.admin_only => "cannot be set",
                (Some(marks), By::Owner) if change && !marks.self_editable => "cannot be changed",
                _ => return None,
            };
            Some(FieldError::new(name.clone(), "forbidden", message))
        });
        judged.collect()
    }

    /// `null` takes a field away. One that nobody knows stays, so that the schema has its say about it.
    fn with(self, mut profile: Map<String, Value>, changes: Map<String, Value>) -> Map<String, Value> {
        for (name, value) in changes {
            let known = self.schema.declaration.marks(&name).is_some() || profile.contains_key(&name);
            if value.is_null() && known {
                profile.shift_remove(&name);
            } else {
                profile.insert(name, value);
            }
        }
        profile
    }

    fn whole(
        self,
        profile: Map<String, Value>,
        mut wrong: Vec<FieldError>,
    ) -> Result<Profile, Vec<FieldError>> {
        shape(&profile, &mut wrong);
        if wrong.iter().any(|it| it.rule == TOO_DEEP) {
            return Err(wrong);
        }
        let profile = Value::Object(profile);
        let broken = self.validator.iter_errors(&profile).take(MAX_TOLD);
        let broken: Vec<_> = broken
            .flat_map(|error| words::of_value(&error))
            .filter(|it| wrong.iter().all(|told| told.field != it.field))
            .collect();
        wrong.extend(broken);
        let Value::Object(mut profile) = profile else {
            return Err(wrong);
        };
        self.identifiers(&profile, &mut wrong);
        if wrong.is_empty() {
            profile.retain(|_, value| !value.is_null());
            let identifiers = self.schema.identifiers_of(&profile);
            return Ok(Profile {
                fields: profile,
                identifiers,
            });
        }
        let place = |error: &FieldError| {
            let top = error.field.split('.').next().unwrap_or_default();
            profile.keys().position(|name| name == top).unwrap_or(usize::MAX)
        };
        wrong.sort_by_key(place);
        wrong.truncate(MAX_TOLD);
        Err(wrong)
    }

    fn identifiers(self, profile: &Map<String, Value>, wrong: &mut Vec<FieldError>) {
        let mut count = 0;
        for path in &self.schema.declaration.identifiers {
            path.values(profile, |place, value| {
                count += 1;
                if let Some((rule, message)) = misfit(path, value)
                    && !wrong.iter().any(|it| it.field == place)
                {
                    wrong.push(FieldError::new(place, rule, message));
                }
            });
            if count > MAX_IDENTIFIERS {
                let message = format!("makes more than {MAX_IDENTIFIERS} unique values of one user");
                wrong.push(FieldError::new(path.text(), "maxItems", message));
                return;
            }
        }
    }
}

/// Why a value cannot be an identifier, whatever the schema says of it.
pub(super) fn misfit(path: &Path, value: &str) -> Option<(&'static str, String)> {
    if value.is_empty() {
        Some(("minLength", "must not be empty".to_owned()))
    } else if value.len() > MAX_IDENTIFIER {
        Some((
            "maxLength",
            format!("must be at most {MAX_IDENTIFIER} bytes long"),
        ))
    } else if path.text() == "username" && Email::parse(value).is_ok() {
        // Who logs in by either would reach somebody else's account, or keep somebody from theirs (R10).
        Some(("pattern", "must not be an e-mail address".to_owned()))
    } else {
        None
    }
}

/// What no schema can say: size in bytes, depth, and which characters and names are harmless.
fn shape(profile: &Map<String, Value>, wrong: &mut Vec<FieldError>) {
    for (name, value) in profile {
        if let Some((rule, message)) = harm(name, value, MAX_LEVELS) {
            wrong.push(FieldError::new(name.clone(), rule, message));
        }
    }
    if wrong.is_empty() && serde_json::to_string(profile).map_or(usize::MAX, |text| text.len()) > MAX_PROFILE
    {
        let widest = profile.iter().max_by_key(|(_, value)| value.to_string().len());
        let name = widest.map_or("", |(name, _)| name);
        let message = format!("makes the profile larger than {MAX_PROFILE} bytes");
        wrong.push(FieldError::new(name, "maxLength", message));
    }
}

/// What is wrong with a value or with what it holds.
fn harm(name: &str, value: &Value, levels: usize) -> Option<(&'static str, &'static str)> {
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if name == "__proto__" || name.chars().any(char::is_control) {
        return Some(("propertyNames", "holds a field of a name that is not allowed"));
    }
    match value {
        Value::String(text) if text.chars().any(strange) => {
            Some(("pattern", "must not contain control characters"))
        }
        Value::Array(_) | Value::Object(_) if levels == 0 => Some((TOO_DEEP, "is nested too deeply")),
        Value::Array(entries) => entries.iter().find_map(|entry| harm("", entry, levels - 1)),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| harm(name, value, levels - 1)),
        _ => None,
    }
}
