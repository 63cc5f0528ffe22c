//! `POST /api/v1/auth/change-password`

use crate::wire::Sentence;
use utoipa::ToSchema;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

/// The present password and the one to come.
#[derive(ToSchema)]
pub(crate) struct ChangeBody {
    current_password: String,
    new_password: String,
}

fn body(fields: &mut Fields) -> ChangeBody {
    ChangeBody {
        current_password: fields.text("current_password"),
        new_password: fields.text("new_password"),
    }
}

pub(crate) async fn change_password(call: Call, caller: Caller) -> Result<Answer, Error> {
    let ChangeBody {
        current_password,
        new_password,
    } = call.read(body)?;
    vestibule_ops::change_password(&call.cx, &caller, current_password, new_password).await?;
    Ok(Sentence::said(200, "Password updated successfully."))
}
