//! `POST /v1/sdk/auth/verify-email`

use crate::wire::Message;
use utoipa::ToSchema;
use vestibule_ops::{Error, Proof};
use vestibule_web::{Answer, Call, Fields};

/// The mailed token.
#[derive(ToSchema)]
pub(crate) struct VerifyBody {
    token: String,
}

fn body(fields: &mut Fields) -> VerifyBody {
    VerifyBody {
        token: fields.text("token"),
    }
}

pub(crate) async fn verify_email(call: Call) -> Result<Answer, Error> {
    let VerifyBody { token } = call.read(body)?;
    vestibule_ops::verify_email(&call.cx, Proof::Token(token)).await?;
    Ok(Answer::json(200, &Message::new("Email verified successfully")))
}
