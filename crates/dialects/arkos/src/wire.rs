//! What travels, field by field in the documented order.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_model::Project;
use vestibule_model::user::User;

/// An answer that shows a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileAnswer {
    data: Profile,
}

impl ProfileAnswer {
    pub(crate) fn of(project: &Project, user: &User) -> Self {
        let data = Profile::of(project, user);
        Self { data }
    }
}

/// A user. Fields that are not set are not shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Profile {
    id: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, value_type = String)]
    name: Option<Value>,
    /// The other fields of the project's user schema, in its order.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    others: Map<String, Value>,
    /// RFC 3339 in UTC with milliseconds.
    created_at: String,
    updated_at: String,
}

impl Profile {
    fn of(project: &Project, user: &User) -> Self {
        let shown = vestibule_ops::shown_profile(project, user).into_iter();
        let mut others: Map<_, _> = shown
            .map(|(field, value)| (field.to_owned(), value.clone()))
            .collect();
        let name = others.shift_remove("name");
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            name: name.or_else(|| user.display_name().map(Value::from)),
            others,
            created_at: user.created_at.rfc3339_millis(),
            updated_at: user.updated_at.rfc3339_millis(),
        }
    }
}

/// The answer to a login.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessToken<'a> {
    /// A JWT, to be sent as `Authorization: Bearer`.
    pub(crate) access_token: &'a str,
}

/// A sentence that says what was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    /// Always `success`.
    status: &'static str,
    message: &'static str,
}

impl Done {
    pub(crate) const fn new(message: &'static str) -> Self {
        Self {
            status: "success",
            message,
        }
    }
}
