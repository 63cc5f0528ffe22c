//! What travels, field by field in the documented order.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::Timestamp;
use vestibule_model::user::User;
use vestibule_ops::SignedIn;

/// This API's name for a field of the profile.
pub(crate) fn field(path: &str) -> &str {
    match path {
        "name" => "full_name",
        "picture" => "avatar_url",
        other => other,
    }
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserShape {
    id: String,
    #[schema(example = "user@example.com")]
    email: String,
    /// Whether the user proved to read the mail of this address.
    verified: bool,
    /// RFC 3339 in UTC with whole seconds.
    #[schema(example = "2026-01-01T00:00:00Z")]
    created_at: String,
    project_id: String,
    #[schema(example = "2026-01-01T00:00:00Z")]
    updated_at: String,
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(required = false, value_type = String)]
    full_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(required = false, value_type = String)]
    avatar_url: Option<String>,
}

impl From<&User> for UserShape {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            verified: user.email_verified_at.is_some(),
            created_at: user.created_at.rfc3339_seconds(),
            project_id: user.realm.project.to_string(),
            updated_at: user.updated_at.rfc3339_seconds(),
            disabled: user.disabled_at.is_some(),
            full_name: user.display_name(),
            avatar_url: user.profile_text("picture").map(str::to_owned),
        }
    }
}

/// The answer to a registration: the user, once more as `user`, and either that the address has to be verified or
/// tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registered {
    #[serde(flatten)]
    fields: UserShape,
    user: UserShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = bool)]
    verification_required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    expires_at: Option<String>,
}

impl Registered {
    /// Who is not signed in has to read the mail first: it verifies the address, or says that it is taken where the
    /// project tells that to nobody else.
    pub(crate) fn of(user: &User, signed_in: Option<SignedIn>) -> Self {
        let ends_at = signed_in.as_ref().map(|it| it.session_ends_at);
        let (access_token, refresh_token) = signed_in.map(|it| (it.access_token, it.refresh_token)).unzip();
        Self {
            fields: user.into(),
            user: user.into(),
            verification_required: access_token.is_none().then_some(true),
            access_token,
            refresh_token: refresh_token.flatten(),
            expires_at: ends_at.map(Timestamp::rfc3339_seconds),
        }
    }
}

/// The answer to a login and to a refresh.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// The session token, for `Authorization: Bearer`.
    token: String,
    user: UserShape,
    /// The same as `token`.
    access_token: String,
    /// Renews the session, once.
    refresh_token: String,
    /// When the session ends unless it is used before: RFC 3339 in UTC with whole seconds.
    #[schema(example = "2026-01-01T00:00:00Z")]
    expires_at: String,
}

impl From<SignedIn> for Session {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            token: signed_in.access_token.clone(),
            user: signed_in.user.as_ref().into(),
            access_token: signed_in.access_token,
            refresh_token: signed_in.refresh_token.unwrap_or_default(),
            expires_at: signed_in.session_ends_at.rfc3339_seconds(),
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
