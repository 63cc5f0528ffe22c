//! Somebody who may do everything stays (A06).

use crate::error::Stop;
use crate::roles::Book;
use vestibule_model::id::UserId;
use vestibule_model::refusal::Conflict;
use vestibule_store::{Error, Tx, projects};

/// Lets a user go, be it by being disabled or deleted, unless no other enabled user of the realm may do everything.
/// To be called in the transaction of the act, before it, with the user's row held.
pub(crate) async fn leave(tx: &mut Tx, book: &Book, user: UserId) -> Result<(), Stop> {
    projects::lock(tx, book.realm.project).await?;
    if book.authority_in(tx, user).await?.superuser && !book.superuser_is_left(tx, Some(user)).await? {
        return Err(Conflict::LastSuperuser.into());
    }
    Ok(())
}

/// Whether the realm had an enabled user who may do everything before an act. A realm that never had one has none to
/// lose.
pub(crate) struct Standing(bool);

impl Standing {
    /// Before the act, with the project's row held.
    pub(crate) async fn before(tx: &mut Tx, book: &Book) -> Result<Self, Error> {
        Ok(Self(book.superuser_is_left(tx, None).await?))
    }

    /// After the act, which is undone when it took the last one away.
    pub(crate) async fn after(self, tx: &mut Tx, book: &Book) -> Result<(), Stop> {
        if self.0 && !book.superuser_is_left(tx, None).await? {
            return Err(Conflict::LastSuperuser.into());
        }
        Ok(())
    }
}
