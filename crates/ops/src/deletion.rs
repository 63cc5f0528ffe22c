//! The end of an account: one way, whoever ends it.

use crate::core::Core;
use crate::error::{Error, Stop};
use crate::roles::{self, Book};
use vestibule_model::Timestamp;
use vestibule_model::id::UserId;
use vestibule_model::session::EndReason;
use vestibule_store::audit::{self, Entry};
use vestibule_store::{Tx, sessions, users};

/// Most rows that one transaction deletes.
pub(crate) const BATCH: u32 = 400;

/// A user who is to be deleted.
#[derive(Clone)]
pub(crate) struct Deletion {
    /// Who.
    pub(crate) user: UserId,
    /// The roles of the realm, where somebody who may do everything stays.
    pub(crate) book: Book,
    /// The row of the account's being disabled, which it is while its sessions go in batches.
    pub(crate) disabled: Entry,
    /// The row of its end.
    pub(crate) deleted: Entry,
}

/// Deletes a user and everything that hangs on it but its audit rows; `false` when there is no such user. With the
/// first transaction every session has ended and no new one can begin; a user with few sessions is gone by then.
pub(crate) async fn delete(core: &Core, deletion: Deletion) -> Result<bool, Error> {
    let mut step = Step {
        now: core.clock.now(),
        deletion,
    };
    loop {
        let next = step.clone();
        match core.write(go_on, step).await? {
            Left::Nothing => return Ok(true),
            Left::Rows => step = next,
            Left::NobodyThere => return Ok(false),
        }
    }
}

#[derive(Clone)]
struct Step {
    now: Timestamp,
    deletion: Deletion,
}

/// What is left of a user.
enum Left {
    Nothing,
    Rows,
    NobodyThere,
}

async fn go_on(tx: &mut Tx, step: &Step) -> Result<Left, Stop> {
    let Deletion {
        user,
        book,
        disabled,
        deleted,
    } = &step.deletion;
    let Some(present) = users::lock(tx, *user).await? else {
        return Ok(Left::NobodyThere);
    };
    roles::leave(tx, book, *user).await?;
    if present.disabled_at.is_none() {
        sessions::end_all(tx, *user, EndReason::UserDisabled, None, step.now).await?;
        users::disable(tx, *user, step.now).await?;
    }
    let (_, gone) = remove(tx, *user, BATCH).await?;
    if gone {
        audit::write(tx, deleted).await?;
        return Ok(Left::Nothing);
    }
    if present.disabled_at.is_none() {
        audit::write(tx, disabled).await?;
    }
    Ok(Left::Rows)
}

/// Deletes up to `most` sessions of a user, and the user when no more are left; answers how many sessions, and whether
/// the user is gone.
pub(crate) async fn remove(tx: &mut Tx, user: UserId, most: u32) -> Result<(u32, bool), Stop> {
    let deleted = sessions::delete_of_user(tx, user, most).await?;
    let deleted = u32::try_from(deleted).unwrap_or(u32::MAX);
    Ok((deleted, deleted < most && users::delete(tx, user).await?))
}
