//! `POST /oauth/token` and `POST /oauth/revoke`, where the vendor's SDKs refresh and log out.

use crate::wire::Tokens;
use utoipa::ToSchema;
use vestibule_model::refusal::ApiKey;
use vestibule_ops::{Cx, Error, LogoutTarget};
use vestibule_web::{Answer, Call, Fields};

/// RFC 6749 §6.
#[derive(ToSchema)]
pub(crate) struct TokenForm {
    /// Always `refresh_token`.
    #[schema(example = "refresh_token")]
    #[expect(dead_code, reason = "judged while it is read; the field is its documentation")]
    grant_type: String,
    refresh_token: String,
    /// The publishable key.
    client_id: String,
}

/// RFC 7009 §2.1.
#[derive(ToSchema)]
pub(crate) struct RevokeForm {
    token: String,
}

fn token_form(fields: &mut Fields) -> TokenForm {
    let grant_type = fields.text("grant_type");
    if !grant_type.is_empty() && grant_type != "refresh_token" {
        fields.refuse_by("grant_type", "enum", "must be refresh_token");
    }
    TokenForm {
        grant_type,
        refresh_token: fields.text("refresh_token"),
        client_id: fields.text("client_id"),
    }
}

fn revoke_form(fields: &mut Fields) -> RevokeForm {
    RevokeForm {
        token: fields.text("token"),
    }
}

pub(crate) async fn token(call: Call) -> Result<Answer, Error> {
    let TokenForm {
        refresh_token,
        client_id,
        ..
    } = call.read(token_form)?;
    let client = vestibule_ops::resolve_api_key(&call.cx.core, &client_id).await?;
    if client.kind == vestibule_ops::ApiKeyKind::Secret {
        return Err(ApiKey::Invalid.into());
    }
    let cx = Cx {
        project: client.project,
        environment: client.environment,
        ..call.cx
    };
    let signed_in = vestibule_ops::refresh(&cx, &refresh_token).await?;
    Ok(Answer::json(200, &Tokens::from(signed_in)))
}

/// RFC 7009 §2.2: a token that is not ours is as good as revoked; only our own failure is not a 200.
pub(crate) async fn revoke(call: Call) -> Result<Answer, Error> {
    let RevokeForm { token } = call.read(revoke_form)?;
    match vestibule_ops::logout(&call.cx, None, LogoutTarget::RefreshToken(token)).await {
        Ok(()) | Err(Error::Refused(_)) => Ok(Answer::empty(200)),
        Err(fault) => Err(fault),
    }
}
