//! `PATCH /v1/sdk/auth/me`

use crate::wire::UserShape;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

/// What changes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct UpdateBody {
    full_name: Option<String>,
    avatar_url: Option<String>,
}

/// The fields of the profile that the body changes, whatever their values: the project's user schema judges them.
fn body(fields: &mut Fields) -> Map<String, Value> {
    [("full_name", "name"), ("avatar_url", "picture")]
        .into_iter()
        .filter_map(|(ours, path)| Some((path.to_owned(), fields.value(ours)?)))
        .collect()
}

pub(crate) async fn update_me(call: Call, caller: Caller) -> Result<Answer, Error> {
    let changes = call.read(body)?;
    let user = vestibule_ops::update_profile(&call.cx, &caller, changes).await?;
    Ok(Answer::json(200, &UserShape::from(&user)))
}
