//! `GET /api/users/me`

use crate::wire::ProfileAnswer;
use std::future::ready;
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call};

/// Nothing is asked beyond who calls: the user came with the proof of it.
pub(crate) fn me(call: Call, caller: Caller) -> impl Future<Output = Result<Answer, Error>> {
    let answer = ProfileAnswer::of(&call.cx.project, &caller.user);
    ready(Ok(Answer::json(200, &answer)))
}
