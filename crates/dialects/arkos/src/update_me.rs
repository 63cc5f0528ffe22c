//! `PATCH /api/users/me`

use crate::answer;
use crate::wire::ProfileAnswer;
use utoipa::ToSchema;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

/// What is to change: any fields of the project's user schema that users may edit; `null` clears one.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct UpdateMeBody {
    #[schema(example = "John Smith", required = false)]
    name: Option<String>,
    #[schema(example = "Software Engineer", required = false)]
    bio: Option<String>,
}

pub(crate) async fn update_me(call: Call, caller: Caller) -> Result<Answer, Error> {
    let changes = call.read(Fields::rest)?;
    if changes.contains_key("password") {
        return Ok(answer::error(400, answer::USE_UPDATE_PASSWORD));
    }
    let user = vestibule_ops::update_profile(&call.cx, &caller, changes).await?;
    Ok(Answer::json(200, &ProfileAnswer::of(&call.cx.project, &user)))
}
