//! `DELETE /api/auth/logout`

use crate::cookie;
use vestibule_ops::{Error, LogoutTarget};
use vestibule_web::{Answer, Call};

pub(crate) async fn logout(call: Call) -> Result<Answer, Error> {
    vestibule_ops::logout(&call.cx, call.bearer(), LogoutTarget::Current).await?;
    Ok(cookie::clear(Answer::empty(204), &call))
}
