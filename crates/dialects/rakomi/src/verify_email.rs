//! `POST /v1/auth/verify-email`

use crate::wire::Verified;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

pub(crate) async fn verify_email(call: Call) -> Result<Answer, Error> {
    let proof = call.read(Fields::proof)?;
    let user = vestibule_ops::verify_email(&call.cx, proof).await?;
    Ok(Answer::json(200, &Verified::from(&user)))
}
