//! `POST /v1/sdk/auth/reset-password`

use crate::wire::Message;
use utoipa::ToSchema;
use vestibule_ops::{Error, Proof};
use vestibule_web::{Answer, Call, Fields};

/// The mailed token and the new password.
#[derive(ToSchema)]
pub(crate) struct ResetBody {
    #[schema(example = "reset_token_from_email")]
    token: String,
    #[schema(example = "newSecurePassword123")]
    password: String,
}

fn body(fields: &mut Fields) -> ResetBody {
    ResetBody {
        token: fields.text("token"),
        password: fields.text("password"),
    }
}

pub(crate) async fn reset_password(call: Call) -> Result<Answer, Error> {
    let ResetBody { token, password } = call.read(body)?;
    vestibule_ops::reset_password(&call.cx, Proof::Token(token), password).await?;
    Ok(Answer::json(200, &Message::new("Password updated successfully.")))
}
