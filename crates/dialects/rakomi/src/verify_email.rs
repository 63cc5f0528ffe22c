//! `POST /v1/auth/verify-email`

use crate::wire::Verified;
use utoipa::ToSchema;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

/// The mailed token, or the address and the mailed code.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) enum VerifyBody {
    #[schema(title = "By token")]
    Token(TokenBody),
    #[schema(title = "By code")]
    Code(CodeBody),
}

/// The token of the mailed link.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct TokenBody {
    token: String,
}

/// The six digits of the mail.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct CodeBody {
    email: String,
    #[schema(example = "123456")]
    code: String,
}

pub(crate) async fn verify_email(call: Call) -> Result<Answer, Error> {
    let proof = call.read(Fields::proof)?;
    let user = vestibule_ops::verify_email(&call.cx, proof).await?;
    Ok(Answer::json(200, &Verified::from(&user)))
}
