//! The end of an account by its owner.

use crate::audit;
use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::deletion::{self, Deletion};
use crate::error::Error;
use crate::roles::Book;
use vestibule_model::refusal::Token;
use vestibule_store::audit::Act;

/// Deletes the caller's account for ever. Every token of it is dead when this answers, and its address and unique
/// values are free for somebody else. The last enabled user who may do everything stays.
pub async fn delete_account(cx: &Cx, caller: &Caller) -> Result<(), Error> {
    let row = |act| {
        audit::done(cx, act)
            .about(caller.user.id)
            .in_session(caller.session)
    };
    let deletion = Deletion {
        user: caller.user.id,
        book: Book::of(&cx.project, cx.environment),
        disabled: row(Act::UserDisabled).saying("being deleted"),
        deleted: row(Act::UserDeleted),
    };
    if deletion::delete(&cx.core, deletion).await? {
        Ok(())
    } else {
        Err(Token::Revoked.into())
    }
}
