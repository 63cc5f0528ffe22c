//! What travels, field by field in the documented order.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_model::session::Session;
use vestibule_model::user::User;
use vestibule_model::{Timestamp, id::SessionId};
use vestibule_ops::{Me, SignedIn};

/// The answer to a registration.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registered {
    user_id: String,
    email: String,
    email_verified: bool,
    /// RFC 3339 in UTC with milliseconds.
    created_at: String,
}

impl From<&User> for Registered {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            email_verified: user.email_verified_at.is_some(),
            created_at: user.created_at.rfc3339_millis(),
        }
    }
}

/// The answer to a login and to a refresh.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    access_token: String,
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: u64,
}

impl From<SignedIn> for Tokens {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            refresh_token: signed_in.refresh_token.unwrap_or_default(),
            token_type: "Bearer",
            expires_in: signed_in.expires_in.as_secs(),
        }
    }
}

/// The profile of the signed-in user.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile<'a> {
    user_id: String,
    email: &'a str,
    email_verified: bool,
    created_at: String,
    updated_at: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    given_name: Option<&'a str>,
    #[schema(required)]
    family_name: Option<&'a str>,
    roles: &'a [String],
    permissions: &'a [String],
    public_metadata: &'a Map<String, Value>,
    /// The user's live sessions, newest first, at most 100.
    data: Vec<SessionShape<'a>>,
}

impl<'a> Profile<'a> {
    pub(crate) fn of(me: &'a Me, current: SessionId) -> Self {
        let user = &me.user;
        Self {
            user_id: user.id.to_string(),
            email: user.email.as_str(),
            email_verified: user.email_verified_at.is_some(),
            created_at: user.created_at.rfc3339_millis(),
            updated_at: user.updated_at.rfc3339_millis(),
            name: user.display_name(),
            given_name: user.profile_text("given_name"),
            family_name: user.profile_text("family_name"),
            roles: &me.authority.roles,
            permissions: &me.authority.permissions,
            public_metadata: &user.public_metadata,
            data: me
                .sessions
                .iter()
                .map(|session| SessionShape::of(session, current))
                .collect(),
        }
    }
}

/// The sessions of the signed-in user.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions<'a> {
    data: Vec<SessionShape<'a>>,
}

impl<'a> Sessions<'a> {
    pub(crate) fn of(sessions: &'a [Session], current: SessionId) -> Self {
        Self {
            data: sessions
                .iter()
                .map(|session| SessionShape::of(session, current))
                .collect(),
        }
    }
}

/// One session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionShape<'a> {
    id: String,
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// Equal for equal client addresses of one project and environment; meaningless to others.
    ip_hash: &'a str,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    /// Whether it is the session of the token that asks.
    is_current: bool,
}

impl<'a> SessionShape<'a> {
    fn of(session: &'a Session, current: SessionId) -> Self {
        let time = Timestamp::rfc3339_millis;
        Self {
            id: session.id.to_string(),
            user_agent: session.user_agent.as_deref(),
            ip_hash: &session.ip_hash,
            created_at: time(session.created_at),
            last_used_at: time(session.last_used_at()),
            expires_at: time(session.family.expires_at),
            is_current: session.id == current,
        }
    }
}

/// The answer to a verification.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verified {
    email: String,
    email_verified: bool,
}

impl From<&User> for Verified {
    fn from(user: &User) -> Self {
        Self {
            email: user.email.to_string(),
            email_verified: user.email_verified_at.is_some(),
        }
    }
}

/// A sentence that says what was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Message {
    message: &'static str,
}

impl Message {
    pub(crate) const fn new(message: &'static str) -> Self {
        Self { message }
    }
}

/// The answer of the health check.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `unavailable`.
    pub(crate) status: &'static str,
    /// Vestibule's version.
    pub(crate) version: &'static str,
}
