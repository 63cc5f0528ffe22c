//! `POST /v1/sdk/auth/send-verification`

use crate::wire::Message;
use utoipa::ToSchema;
use vestibule_model::Refusal;
use vestibule_model::refusal::Token;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

/// Whose address is to be verified; nothing means that of the bearer token's user.
#[derive(ToSchema)]
pub(crate) struct SendBody {
    #[schema(required = false, nullable = false, example = "user@example.com")]
    email: Option<String>,
}

fn body(fields: &mut Fields) -> SendBody {
    SendBody {
        email: fields.has("email").then(|| fields.text("email")),
    }
}

pub(crate) async fn send_verification(call: Call) -> Result<Answer, Error> {
    let SendBody { email } = call.read(body)?;
    match email {
        Some(email) => vestibule_ops::resend_verification(&call.cx, &email).await?,
        None => vestibule_ops::resend_verification_to(&call.cx, &caller(&call).await?).await?,
    }
    Ok(Answer::json(
        200,
        &Message::new("If that email exists, a verification link has been sent."),
    ))
}

/// Who asks without saying an address.
async fn caller(call: &Call) -> Result<Caller, Error> {
    match call.caller().await {
        Err(Error::Refused(Refusal::Token(Token::Missing))) => {
            Err(Refusal::field("email", "is required without a bearer token").into())
        }
        other => other,
    }
}
