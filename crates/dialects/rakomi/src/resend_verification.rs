//! `POST /v1/auth/resend-verification`

use crate::wire::Message;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

pub(crate) async fn resend_verification(call: Call) -> Result<Answer, Error> {
    let body = call.read(Fields::email)?;
    vestibule_ops::resend_verification(&call.cx, &body.email).await?;
    Ok(Answer::json(
        200,
        &Message::new("If that address needs verification, an email has been sent."),
    ))
}
