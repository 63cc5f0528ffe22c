//! `DELETE /api/users/me`

use crate::cookie;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

pub(crate) async fn delete_me(call: Call, caller: Caller) -> Result<Answer, Error> {
    vestibule_ops::delete_account(&call.cx, &caller).await?;
    Ok(cookie::clear(Answer::empty(204), &call))
}
