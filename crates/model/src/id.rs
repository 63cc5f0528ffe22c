//! One id type per noun, so that a session's id is never passed where a user's is meant.

use crate::{Entropy, Timestamp, entropy};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in its canonical lower-case form")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id (`UUIDv7`) of this moment.
            pub fn new(entropy: &dyn Entropy, now: Timestamp) -> Self {
                Self(entropy::uuid_v7(entropy, now))
            }

            /// The id as its sixteen bytes, which is how it is stored.
            pub const fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// The id with these sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            /// Reads only the canonical form (36 characters, lower case): one id has one spelling.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let id = Self(Uuid::try_parse(text).map_err(|_| NotAnId)?);
                let mut canonical = Uuid::encode_buffer();
                if text == id.0.hyphenated().encode_lower(&mut canonical) { Ok(id) } else { Err(NotAnId) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}

id!(
    /// A project: one app's isolated users, keys and settings.
    ProjectId
);
id!(
    /// A user of one project and environment.
    UserId
);
id!(
    /// A process that serves a database beside others.
    NodeId
);
id!(
    /// A session: a signed-in device.
    SessionId
);
id!(
    /// An API key of a project and environment.
    ApiKeyId
);
id!(
    /// A sealed secret key row.
    KeyId
);
id!(
    /// A mailed one-time secret.
    SecretId
);
id!(
    /// A mail in the outbox; also the local part of its `Message-ID`.
    MailId
);
id!(
    /// An audit row.
    AuditId
);
id!(
    /// A role of one project and environment.
    RoleId
);
id!(
    /// A permission of a role.
    PermissionId
);
id!(
    /// A role that a user has.
    AssignmentId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_id_has_one_spelling() {
        let canonical = "01926f1a-0000-7000-8000-000000000000";
        assert_eq!(UserId::from_str(canonical).unwrap().to_string(), canonical);
        for other in [
            "01926F1A-0000-7000-8000-000000000000",
            "01926f1a000070008000000000000000",
            "{01926f1a-0000-7000-8000-000000000000}",
            "",
        ] {
            assert_eq!(UserId::from_str(other), Err(NotAnId), "{other}");
        }
    }
}
