//! `GET /api/users/me`

use crate::wire::ProfileAnswer;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

pub(crate) async fn me(call: Call, caller: Caller) -> Result<Answer, Error> {
    let me = vestibule_ops::me(&call.cx, &caller).await?;
    Ok(Answer::json(200, &ProfileAnswer::of(&call.cx.project, &me.user)))
}
