//! `POST /api/v1/auth/verify-email`

use crate::wire::Sentence;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

pub(crate) async fn verify_email(call: Call) -> Result<Answer, Error> {
    let proof = call.read(Fields::proof)?;
    vestibule_ops::verify_email(&call.cx, proof).await?;
    Ok(Sentence::said(200, "Email verified successfully."))
}
