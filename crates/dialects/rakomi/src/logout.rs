//! `POST /v1/auth/logout`

use utoipa::ToSchema;
use vestibule_model::Refusal;
use vestibule_ops::{Error, LogoutTarget};
use vestibule_web::{Answer, Call, Fields};

/// Which session ends; nothing means the one of the access token.
#[derive(ToSchema)]
pub(crate) struct LogoutBody {
    /// Another session of the same user.
    #[schema(required = false, nullable = false)]
    session_id: Option<String>,
    /// A refresh token of the session; enough without an access token.
    #[schema(required = false, nullable = false)]
    refresh_token: Option<String>,
}

fn body(fields: &mut Fields) -> LogoutBody {
    LogoutBody {
        session_id: fields.optional_text("session_id"),
        refresh_token: fields.optional_text("refresh_token"),
    }
}

pub(crate) async fn logout(call: Call) -> Result<Answer, Error> {
    let target = match call.read(body)? {
        LogoutBody {
            session_id: None,
            refresh_token: None,
        } => LogoutTarget::Current,
        LogoutBody {
            session_id: Some(id),
            refresh_token: None,
        } => LogoutTarget::Session(id),
        LogoutBody {
            session_id: None,
            refresh_token: Some(token),
        } => LogoutTarget::RefreshToken(token),
        LogoutBody {
            session_id: Some(_),
            refresh_token: Some(_),
        } => {
            return Err(Refusal::field("session_id", "cannot be sent together with refresh_token").into());
        }
    };
    vestibule_ops::logout(&call.cx, call.bearer(), target).await?;
    Ok(Answer::empty(204))
}
