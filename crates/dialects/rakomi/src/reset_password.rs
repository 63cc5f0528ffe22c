//! `POST /v1/auth/reset-password`

use crate::wire::Message;
use utoipa::ToSchema;
use vestibule_ops::{Error, Proof};
use vestibule_web::{Answer, Call, Fields};

/// The mailed token and the new password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct ResetBody {
    token: String,
    /// `new_password` is accepted too.
    password: String,
}

fn body(fields: &mut Fields) -> (Proof, String) {
    (fields.proof(), fields.text_of_either("password", "new_password"))
}

pub(crate) async fn reset_password(call: Call) -> Result<Answer, Error> {
    let (proof, password) = call.read(body)?;
    vestibule_ops::reset_password(&call.cx, proof, password).await?;
    Ok(Answer::json(200, &Message::new("Password updated successfully.")))
}
