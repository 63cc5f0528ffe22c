//! `POST /v1/sdk/auth/forgot-password`

use crate::wire::Message;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

pub(crate) async fn forgot_password(call: Call) -> Result<Answer, Error> {
    let body = call.read(Fields::email)?;
    vestibule_ops::forgot_password(&call.cx, &body.email).await?;
    Ok(Answer::json(
        200,
        &Message::new("If that email exists, a reset link has been sent."),
    ))
}
