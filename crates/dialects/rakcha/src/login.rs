//! `POST /api/users/auth`

use crate::wire::Authenticated;
use utoipa::ToSchema;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

/// E-mail address and password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct LoginBody {
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "your-password")]
    password: String,
}

pub(crate) async fn login(call: Call) -> Result<Answer, Error> {
    let login = call.read(Fields::email_login)?;
    let signed_in = vestibule_ops::password_login(&call.cx, login).await?;
    Ok(Answer::json(
        200,
        &Authenticated::of(&signed_in, &call.cx.project.own),
    ))
}
