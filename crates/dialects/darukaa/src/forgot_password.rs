//! `POST /api/v1/auth/forgot-password`

use crate::wire::Sentence;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

pub(crate) async fn forgot_password(call: Call) -> Result<Answer, Error> {
    let body = call.read(Fields::email)?;
    vestibule_ops::forgot_password(&call.cx, &body.email).await?;
    Ok(Sentence::said(
        200,
        "If that email exists, a reset link has been sent.",
    ))
}
