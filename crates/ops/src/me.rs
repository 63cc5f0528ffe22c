//! What a signed-in user sees of itself.

use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::Error;
use crate::roles;
use std::sync::Arc;
use std::time::Duration;
use vestibule_model::session::Session;
use vestibule_model::user::User;
use vestibule_model::{Authority, Timestamp};
use vestibule_store::{sessions, users};

/// How long a session that began on another node may be missing from the list.
const UNTOLD: Duration = Duration::from_secs(1);

/// A user with what belongs to it.
#[derive(Clone, Debug)]
pub struct Me {
    /// The user.
    pub user: Arc<User>,
    /// What the user may do.
    pub authority: Arc<Authority>,
    /// The live sessions, newest first, at most 100.
    pub sessions: Vec<Session>,
    /// When the first of the sessions ends by itself, or another may have been added.
    complete_until: Timestamp,
}

/// The caller with its live sessions; cached until the user, its roles or one of the sessions
/// change.
pub async fn me(cx: &Cx, caller: &Caller) -> Result<Arc<Me>, Error> {
    let now = cx.now();
    match cx.core.caches.me.get(&caller.user.id) {
        Some(me) if now < me.complete_until => Ok(me),
        _ => Box::pin(read(cx, caller, now)).await,
    }
}

async fn read(cx: &Cx, caller: &Caller, now: Timestamp) -> Result<Arc<Me>, Error> {
    let (id, db) = (caller.user.id, &cx.core.store.db);
    let ticket = cx.core.caches.me.ticket(&id);
    let user = users::find(db, id)
        .await?
        .map_or_else(|| Arc::clone(&caller.user), Arc::new);
    let sessions = sessions::live_of_user(db, id, now).await?;
    let ends = sessions.iter().map(Session::ends_at).min().unwrap_or(now);
    let complete_until = if cx.core.store.is_shared() {
        // Other nodes do not tell of new sessions, only of ended ones.
        ends.min(now.plus(UNTOLD))
    } else {
        ends
    };
    let me = Arc::new(Me {
        user,
        authority: roles::authority(cx, id).await?,
        complete_until,
        sessions,
    });
    cx.core.caches.me.fill(&ticket, id, Arc::clone(&me));
    Ok(me)
}
