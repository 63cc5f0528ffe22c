//! `PUT /api/v1/auth/user`

use crate::names;
use crate::wire::{Profile, status};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_model::user::User;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

/// What changes of the user. A field that is absent stays; `null` or an empty name clears it. The other fields of the
/// user may be sent back as they are.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct UpdateBody {
    #[schema(required = false, max_length = 256)]
    first_name: Option<String>,
    #[schema(required = false, max_length = 256)]
    last_name: Option<String>,
}

/// The fields of the profile that change, of a body like that of `GET`.
fn changes(fields: &mut Fields, user: &User) -> Map<String, Value> {
    fields.unchanged("id", &user.id.to_string().into());
    fields.unchanged("email", &user.email.as_str().into());
    fields.unchanged("status", &status(user).into());
    fields.unchanged("is_email_verified", &user.email_verified_at.is_some().into());
    names::profile(|name| {
        let value = fields.text_or_null(name)?;
        // What is shown of a name that is unset changes nothing, even where a project's users have no such name.
        let unset = names::shown(user, name).is_empty() && value.as_str().is_none_or(str::is_empty);
        (!unset).then_some(value)
    })
}

pub(crate) async fn update_user(call: Call, caller: Caller) -> Result<Answer, Error> {
    let changes = call.read(|fields| changes(fields, &caller.user))?;
    let user = vestibule_ops::update_profile(&call.cx, &caller, changes).await?;
    Ok(Answer::json(200, &Profile::of(&user)))
}
