//! `GET /v1/auth/me/sessions`

use crate::wire::Sessions;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

pub(crate) async fn sessions(call: Call, caller: Caller) -> Result<Answer, Error> {
    let sessions = vestibule_ops::list_sessions(&call.cx, &caller).await?;
    Ok(Answer::json(200, &Sessions::of(&sessions, caller.session)))
}
