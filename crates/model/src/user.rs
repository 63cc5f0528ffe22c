//! Users.

use crate::id::UserId;
use crate::{Email, Realm, Timestamp};
use serde_json::{Map, Value};

/// A user as stored, without any credential.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id, the `sub` of its tokens.
    pub id: UserId,
    /// Project and environment.
    pub realm: Realm,
    /// The per-environment sequence number, from 1.
    pub number: i64,
    /// The canonical address, which mail goes to.
    pub email: Email,
    /// The address as it was typed at registration; shown to operators only.
    pub email_typed: String,
    /// When control of the address was proven.
    pub email_verified_at: Option<Timestamp>,
    /// Profile fields of the project's user schema, by OIDC claim names where one exists.
    pub profile: Map<String, Value>,
    /// What the app stores beside the profile, readable by the user.
    pub public_metadata: Map<String, Value>,
    /// When an operator disabled the account.
    pub disabled_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// A profile field that is a string.
    pub fn profile_text(&self, field: &str) -> Option<&str> {
        self.profile.get(field).and_then(Value::as_str)
    }

    /// The name to show: `name`, else given and family name joined, else nothing.
    pub fn display_name(&self) -> Option<String> {
        if let Some(name) = self.profile_text("name") {
            return Some(name.to_owned());
        }
        let parts: Vec<_> = ["given_name", "family_name"]
            .into_iter()
            .filter_map(|part| self.profile_text(part))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// A user's password record.
#[derive(Clone)]
pub struct Credential {
    /// Grows with every change of the password; a login's session is made only for the version it verified.
    pub version: i64,
    /// The stored hash, with the version of the normalisation before it: what `keys` parses, and nobody else.
    pub hash: String,
}
