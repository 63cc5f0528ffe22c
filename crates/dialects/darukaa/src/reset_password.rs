//! `POST /api/v1/auth/reset-password`

use crate::wire::Sentence;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

pub(crate) async fn reset_password(call: Call) -> Result<Answer, Error> {
    let (proof, password) = call.read(Fields::password_reset)?;
    vestibule_ops::reset_password(&call.cx, proof, password).await?;
    Ok(Sentence::said(200, "Password updated successfully."))
}
