//! `GET /api/v1/auth/user`

use crate::wire::Profile;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

pub(crate) async fn user(call: Call, caller: Caller) -> Result<Answer, Error> {
    let me = vestibule_ops::me(&call.cx, &caller).await?;
    Ok(Answer::json(200, &Profile::of(&me.user)))
}
