//! What travels, field by field in the documented order.

use crate::role;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::project::OwnSettings;
use vestibule_ops::SignedIn;

/// The answer to a sign-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Authenticated<'a> {
    /// For `Authorization: Bearer` in every request that needs it.
    token: &'a str,
    user: UserShape<'a>,
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
struct UserShape<'a> {
    #[schema(example = 42)]
    id: i64,
    #[schema(example = "user@example.com")]
    email: &'a str,
    /// The role that the user was given first.
    #[schema(example = "client")]
    role: &'a str,
}

impl<'a> Authenticated<'a> {
    pub(crate) fn of(signed_in: &'a SignedIn, own: &'a OwnSettings) -> Self {
        Self {
            token: &signed_in.access_token,
            user: UserShape {
                id: signed_in.user.number,
                email: signed_in.user.email.as_str(),
                role: role::shown(&signed_in.authority.roles, own),
            },
        }
    }
}
