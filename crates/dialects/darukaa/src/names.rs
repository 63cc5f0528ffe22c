//! The names of users: Darukaa's two fields are the OIDC standard claims `given_name` and `family_name`.

use serde_json::{Map, Value};
use vestibule_model::user::User;

/// Each field with the claim that it shows.
const NAMES: [(&str, &str); 2] = [("first_name", "given_name"), ("last_name", "family_name")];

/// A field of the profile as clients of this dialect know it.
pub(crate) fn spelled(field: &str) -> &str {
    let known = NAMES.iter().find(|(_, claim)| *claim == field);
    known.map_or(field, |(name, _)| name)
}

/// What a user is shown as; empty when unset.
pub(crate) fn shown<'u>(user: &'u User, name: &str) -> &'u str {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known
        .and_then(|(_, claim)| user.profile_text(claim))
        .unwrap_or_default()
}

/// Reads both names with `read` into fields of a profile. Since what is unset is shown as an empty text, an empty text
/// unsets.
pub(crate) fn profile(mut read: impl FnMut(&'static str) -> Option<Value>) -> Map<String, Value> {
    let mut profile = Map::new();
    for (name, claim) in NAMES {
        if let Some(value) = read(name) {
            let empty = value.as_str().is_some_and(str::is_empty);
            profile.insert(claim.to_owned(), if empty { Value::Null } else { value });
        }
    }
    profile
}
