//! `POST /api/auth/update-password`

use crate::wire::Done;
use utoipa::ToSchema;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

/// The present password and the one to come.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct UpdatePasswordBody {
    #[schema(example = "StrongP@ss123")]
    current_password: String,
    #[schema(example = "EvenStronger@456")]
    new_password: String,
}

fn body(fields: &mut Fields) -> UpdatePasswordBody {
    UpdatePasswordBody {
        current_password: fields.text("currentPassword"),
        new_password: fields.text("newPassword"),
    }
}

pub(crate) async fn update_password(call: Call, caller: Caller) -> Result<Answer, Error> {
    let UpdatePasswordBody {
        current_password,
        new_password,
    } = call.read(body)?;
    vestibule_ops::change_password(&call.cx, &caller, current_password, new_password).await?;
    Ok(Answer::json(200, &Done::new("Password updated successfully!")))
}
