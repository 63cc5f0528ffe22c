//! `GET /v1/sdk/auth/me`

use crate::wire::UserShape;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

pub(crate) async fn me(call: Call, caller: Caller) -> Result<Answer, Error> {
    let me = vestibule_ops::me(&call.cx, &caller).await?;
    Ok(Answer::json(200, &UserShape::from(me.user.as_ref())))
}
