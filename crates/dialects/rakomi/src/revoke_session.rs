//! `DELETE /v1/auth/me/sessions/{id}`

use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

pub(crate) async fn revoke_session(call: Call, caller: Caller) -> Result<Answer, Error> {
    vestibule_ops::revoke_session(&call.cx, &caller, call.path("id")).await?;
    Ok(Answer::empty(204))
}
