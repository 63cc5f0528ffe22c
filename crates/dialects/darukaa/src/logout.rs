//! `POST /api/v1/auth/logout`

use crate::wire::Sentence;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields, RefreshBody};

pub(crate) async fn logout(call: Call, caller: Caller) -> Result<Answer, Error> {
    let RefreshBody { refresh_token } = call.read(Fields::refresh_token)?;
    vestibule_ops::logout_with_refresh_token(&call.cx, &caller, &refresh_token).await?;
    Ok(Sentence::said(200, "Logged out"))
}
