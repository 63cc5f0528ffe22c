//! What a user may do now.

use crate::cx::Cx;
use crate::entrance;
use crate::error::Error;
use crate::roles::Book;
use std::sync::Arc;
use vestibule_model::id::UserId;
use vestibule_model::{Authority, Realm};

/// An authority as cached.
pub(crate) struct Known {
    /// Where it counts.
    pub(crate) realm: Realm,
    authority: Arc<Authority>,
}

/// What a user may do in the project and environment of the request; nothing when disabled, deleted or of another one.
/// Cached until the user, its roles, or what they permit changes, which every node hears within a second (A07).
pub async fn authority(cx: &Cx, user: UserId) -> Result<Arc<Authority>, Error> {
    match cx.core.caches.authorities.get(&user) {
        Some(known) if known.realm == cx.realm() => Ok(Arc::clone(&known.authority)),
        _ => Box::pin(read(cx, user)).await,
    }
}

async fn read(cx: &Cx, user: UserId) -> Result<Arc<Authority>, Error> {
    let (realm, cache) = (cx.realm(), &cx.core.caches.authorities);
    let ticket = cache.ticket(&user);
    // The settings of this very moment: those that the request began with may have changed before the ticket was taken.
    let Some(project) = entrance::project_by_id(&cx.core, realm.project).await? else {
        return Ok(Arc::default());
    };
    let book = Book::of(&project, realm.environment);
    let authority = Arc::new(book.authority(&cx.core.store.db, user).await?);
    let known = Known {
        realm,
        authority: Arc::clone(&authority),
    };
    cache.fill(&ticket, user, Arc::new(known));
    Ok(authority)
}
