//! What a new user may say about themselves: the default user schema.

use serde_json::{Map, Value};
use vestibule_model::refusal::FieldError;

/// Longest short text of a profile, in bytes.
const MAX_SHORT: usize = 256;
/// Longest long text of a profile, in bytes.
const MAX_LONG: usize = 2_048;
/// Longest username, in bytes.
const MAX_USERNAME: usize = 64;
/// Largest public metadata, in bytes of their JSON.
const MAX_METADATA: usize = 4_096;

/// A checked profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The fields, without those that were `null`.
    pub(crate) fields: Map<String, Value>,
    /// Values that only one user of the realm may have, as path and canonical value.
    pub(crate) identifiers: Vec<(&'static str, String)>,
}

type Check = fn(&str) -> Result<(), &'static str>;

/// The schema of a new project (`contracts/README.md`, "Users"). All fields are texts, none is required.
const SCHEMA: [(&str, Check); 7] = [
    ("name", short),
    ("bio", long),
    ("username", username),
    ("given_name", short),
    ("family_name", short),
    ("phone_number", short),
    ("picture", picture),
];

/// Checks a profile and public metadata; says everything that is wrong with them at once.
pub(crate) fn check(
    profile: Map<String, Value>,
    metadata: &Map<String, Value>,
) -> Result<Profile, Vec<FieldError>> {
    let mut checked = Profile::default();
    let mut wrong = Vec::new();
    for (field, value) in profile {
        if value.is_null() {
            continue;
        }
        match judge(&field, &value) {
            Ok(()) => {
                if let ("username", Some(name)) = (field.as_str(), value.as_str()) {
                    checked.identifiers.push(("username", name.to_lowercase()));
                }
                checked.fields.insert(field, value);
            }
            Err(message) => wrong.push(FieldError {
                field,
                message: message.to_owned(),
            }),
        }
    }
    if serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len()) > MAX_METADATA {
        let message = format!("must be at most {MAX_METADATA} bytes of JSON");
        wrong.push(FieldError {
            field: "public_metadata".to_owned(),
            message,
        });
    }
    if wrong.is_empty() { Ok(checked) } else { Err(wrong) }
}

fn judge(field: &str, value: &Value) -> Result<(), &'static str> {
    let (_, check) = SCHEMA
        .iter()
        .find(|(name, _)| *name == field)
        .ok_or("is not a field of this project's users")?;
    check(value.as_str().ok_or("must be a string")?)
}

fn short(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_SHORT {
        return Err("must be at most 256 bytes long");
    }
    if text.chars().any(char::is_control) {
        Err("must not contain control characters")
    } else {
        Ok(())
    }
}

fn long(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_LONG {
        return Err("must be at most 2048 bytes long");
    }
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(strange) {
        Err("must not contain control characters")
    } else {
        Ok(())
    }
}

/// No `@`, so that no username reads like somebody's address (R10), and no letter that folds into another.
fn username(text: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > MAX_USERNAME || !text.chars().all(allowed) {
        return Err("must be 1 to 64 ASCII letters, digits, dots, dashes or underscores");
    }
    Ok(())
}

/// Only what a browser fetches, because apps put it into `src` and `href`.
fn picture(text: &str) -> Result<(), &'static str> {
    long(text)?;
    let web = text.starts_with("https://") || text.starts_with("http://");
    if web && !text.contains(char::is_whitespace) {
        Ok(())
    } else {
        Err("must be an http or https URL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(profile: Value) -> Result<Profile, Vec<String>> {
        let Value::Object(profile) = profile else {
            unreachable!()
        };
        check(profile, &Map::new()).map_err(|wrong| wrong.into_iter().map(|it| it.field).collect())
    }

    #[test]
    fn every_field_of_the_schema_is_taken_and_null_is_absent() {
        let profile = json!({"name": "Ada", "bio": "a\nb", "given_name": "A", "family_name": "L", "phone_number": "+44",
            "picture": "https://x.example/a.png", "username": "Ada.L"});
        let taken = checked(profile.clone()).unwrap();
        assert_eq!(Value::Object(taken.fields), profile);
        assert_eq!(taken.identifiers, [("username", "ada.l".to_owned())]);
        assert_eq!(checked(json!({"name": null})).unwrap(), Profile::default());
    }

    #[test]
    fn r01_what_the_schema_does_not_name_is_refused() {
        for field in [
            "role",
            "roles",
            "is_admin",
            "email_verified",
            "id",
            "project_id",
            "password_hash",
            "created_at",
        ] {
            assert_eq!(checked(json!({ field: "x" })).unwrap_err(), [field]);
        }
    }

    #[test]
    fn wrong_fields_are_all_named_at_once() {
        let profile = json!({"name": 1, "bio": "b".repeat(2049), "picture": "javascript:alert(1)", "username": "a@b.example",
            "given_name": "A\r\nBcc: b@x.example"});
        assert_eq!(
            checked(profile).unwrap_err(),
            ["name", "bio", "picture", "username", "given_name"]
        );
    }

    #[test]
    fn metadata_beyond_four_kibibytes_are_refused() {
        let Value::Object(metadata) = json!({"a": "b".repeat(4096)}) else {
            unreachable!()
        };
        assert_eq!(
            check(Map::new(), &metadata).unwrap_err()[0].field,
            "public_metadata"
        );
    }
}
