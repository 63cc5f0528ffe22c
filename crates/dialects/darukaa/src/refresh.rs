//! `POST /api/v1/auth/refresh`, also at `/api/v1/auth/refresh-token`

use crate::wire::Tokens;
use vestibule_ops::Error;
use vestibule_web::{Answer, Call, Fields, RefreshBody};

pub(crate) async fn refresh(call: Call) -> Result<Answer, Error> {
    let RefreshBody { refresh_token } = call.read(Fields::refresh_token)?;
    let signed_in = vestibule_ops::refresh(&call.cx, &refresh_token).await?;
    Ok(Answer::json(200, &Tokens::of(&signed_in)))
}
