//! Sessions: signed-in devices.

use crate::id::{SessionId, UserId};
use crate::refresh::Family;
use crate::{Realm, Timestamp};

/// Why a session was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its owner logged out, or ended it from another session.
    Logout,
    /// Its password was changed from another session.
    PasswordChanged,
    /// The password was reset by mail.
    PasswordReset,
    /// A consumed refresh token came back.
    Reused,
    /// The user was disabled.
    UserDisabled,
    /// An operator ended it.
    Operator,
    /// The database was restored from a backup in which it was still live.
    Restored,
    /// It was the oldest of more sessions than one user can have.
    TooMany,
}

impl EndReason {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::Reused => "reused",
            Self::UserDisabled => "user_disabled",
            Self::Operator => "operator",
            Self::Restored => "restored",
            Self::TooMany => "too_many",
        }
    }
}

/// A session as stored.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id, the `sid` of its tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Project and environment.
    pub realm: Realm,
    /// The dialect that it was made through; its tokens work at no other.
    pub dialect: String,
    /// Sixteen random bytes that its refresh MACs depend on.
    pub salt: [u8; 16],
    /// When it began.
    pub created_at: Timestamp,
    /// The refresh family.
    pub family: Family,
    /// When it ends unless it is used before, where its dialect has such a bound; moved at most once an hour.
    pub idle_until: Option<Timestamp>,
    /// The client's `User-Agent`, at most 512 bytes.
    pub user_agent: Option<String>,
    /// A keyed hash of the client's address: equal for equal addresses, meaningless to others.
    pub ip_hash: String,
}

impl Session {
    /// Whether it is neither ended nor past its end, nor unused for too long.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.family.revoked_at.is_none() && self.ends_at() > now
    }

    /// When it ends by itself unless it is used before.
    pub fn ends_at(&self) -> Timestamp {
        let expires_at = self.family.expires_at;
        self.idle_until.map_or(expires_at, |idle| idle.min(expires_at))
    }

    /// Whether it was unused for too long.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.idle_until.is_some_and(|until| until <= now)
    }

    /// When it was last seen, as far as that is kept: its last rotation or the first use of the newest access token.
    pub fn last_used_at(&self) -> Timestamp {
        self.family
            .leaf_used_at
            .map_or(self.family.rotated_at, |used| used.max(self.family.rotated_at))
    }
}
