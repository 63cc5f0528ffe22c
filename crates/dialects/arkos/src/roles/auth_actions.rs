//! `GET /api/auth-actions`

use super::listing::Listed;
use super::wire::AuthAction;
use vestibule_ops::{Caller, Error, roles};
use vestibule_web::{Answer, Call};

pub(super) async fn list(call: Call, caller: Caller) -> Result<Answer, Error> {
    let known = roles::actions(&call.cx, &caller).await?.into_iter();
    let known = known.map(|(resource, action)| AuthAction { resource, action });
    Ok(Answer::json(200, &Listed::whole(known.collect())))
}
