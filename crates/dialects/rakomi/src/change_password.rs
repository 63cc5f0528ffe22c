//! `POST /v1/auth/change-password`

use crate::wire::Message;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, ChangeBody, Fields};

pub(crate) async fn change_password(call: Call, caller: Caller) -> Result<Answer, Error> {
    let ChangeBody {
        current_password,
        new_password,
    } = call.read(Fields::password_change)?;
    vestibule_ops::change_password(&call.cx, &caller, current_password, new_password).await?;
    Ok(Answer::json(200, &Message::new("Password updated successfully.")))
}
