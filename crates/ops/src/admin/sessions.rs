//! Sessions.

use super::Operator;
use crate::core::Core;
use crate::error::{Error, Stop};
use vestibule_model::Timestamp;
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::session::{EndReason, Session};
use vestibule_model::user::User;
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::{Tx, sessions, users};

/// A user's live sessions, newest first, at most 100.
pub async fn list(core: &Core, user: UserId) -> Result<Vec<Session>, Error> {
    Ok(sessions::live_of_user(&core.store.db, user, core.clock.now()).await?)
}

/// The session with this id, live or not.
pub async fn find(core: &Core, id: SessionId) -> Result<Option<Session>, Error> {
    Ok(sessions::find(&core.store.db, id).await?)
}

/// Ends a session; `false` when there is none, or it had ended before.
pub async fn revoke(core: &Core, by: &Operator, id: SessionId) -> Result<bool, Error> {
    let Some(session) = find(core, id).await? else {
        return Ok(false);
    };
    let entry = by
        .does(core, session.realm, Act::SessionRevoked)
        .about(session.user)
        .in_session(id);
    let entry = entry.saying(EndReason::Operator.as_str());
    core.write(end, (id, core.clock.now(), entry)).await
}

async fn end(tx: &mut Tx, (id, now, entry): &(SessionId, Timestamp, Entry)) -> Result<bool, Stop> {
    let ended = sessions::end(tx, *id, EndReason::Operator, *now).await?;
    if ended {
        audit::write(tx, entry).await?;
    }
    Ok(ended)
}

/// Ends every session of a user; answers how many had not ended before.
pub async fn revoke_all(core: &Core, by: &Operator, user: &User) -> Result<u64, Error> {
    let entry = by.does(core, user.realm, Act::SessionsRevoked).about(user.id);
    let entry = entry.saying(EndReason::Operator.as_str());
    core.write(end_all, (user.id, core.clock.now(), entry)).await
}

async fn end_all(tx: &mut Tx, (user, now, entry): &(UserId, Timestamp, Entry)) -> Result<u64, Stop> {
    users::lock(tx, *user).await?;
    let ended = sessions::end_all(tx, *user, EndReason::Operator, None, *now).await?;
    audit::write(tx, entry).await?;
    Ok(ended)
}
