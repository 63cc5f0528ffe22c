//! `POST /api/v1/auth/refresh`, also at `/api/v1/auth/refresh-token`

use crate::wire::Tokens;
use utoipa::ToSchema;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields};

/// The refresh token of the last answer.
#[derive(ToSchema)]
pub(crate) struct RefreshBody {
    pub(crate) refresh_token: String,
}

/// A body that names one refresh token.
pub(crate) fn body(fields: &mut Fields) -> RefreshBody {
    RefreshBody {
        refresh_token: fields.text("refresh_token"),
    }
}

pub(crate) async fn refresh(call: Call) -> Result<Answer, Error> {
    let RefreshBody { refresh_token } = call.read(body)?;
    let signed_in = vestibule_ops::refresh(&call.cx, &refresh_token).await?;
    Ok(Answer::json(200, &Tokens::of(&signed_in)))
}
