//! Whose password is being looked at: attempts on one account take turns when the lock is near.
//!
//! Every attempt is charged as a failure before it is evaluated. So twenty correct logins at once would lock the
//! account for a moment, although not one of them is wrong. An attempt that meets such a lock waits until no other
//! is being evaluated in this process and asks again: what it is told then is the truth.

use crate::error::Error;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::timeout_at;
use vestibule_model::{Fault, Realm};
use vestibule_store::attempts::Account;

type Key = (Realm, Account);
type Lock = Arc<RwLock<()>>;

/// An account that somebody is with.
#[derive(Default)]
struct Attended {
    /// How many places there are.
    places: usize,
    lock: Lock,
}

/// The accounts whose passwords are being looked at now; empty when nobody logs in.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<Key, Attended>>);

impl Turns {
    /// A place among the attempts on one account.
    pub(crate) fn place(&self, key: Key) -> Place<'_> {
        let mut accounts = self.accounts();
        let attended = accounts.entry(key).or_default();
        attended.places += 1;
        Place {
            turns: self,
            key,
            lock: Arc::clone(&attended.lock),
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<Key, Attended>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the attempts on one account; the account is forgotten with the last one.
pub(crate) struct Place<'a> {
    turns: &'a Turns,
    key: Key,
    lock: Lock,
}

impl<'a> Place<'a> {
    /// Waits until nobody is alone with the account.
    pub(crate) async fn beside_others(self, deadline: Instant) -> Result<Turn<'a>, Error> {
        let guard = timeout_at(deadline.into(), Arc::clone(&self.lock).read_owned())
            .await
            .map_err(|_| too_late())?;
        Ok(Turn {
            _guard: Guard::Shared(guard),
            _place: self,
        })
    }

    /// Waits until nobody else is with the account.
    pub(crate) async fn alone(self, deadline: Instant) -> Result<Turn<'a>, Error> {
        let guard = timeout_at(deadline.into(), Arc::clone(&self.lock).write_owned())
            .await
            .map_err(|_| too_late())?;
        Ok(Turn {
            _guard: Guard::Alone(guard),
            _place: self,
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Entry::Occupied(mut account) = self.turns.accounts().entry(self.key) {
            account.get_mut().places -= 1;
            if account.get().places == 0 {
                account.remove();
            }
        }
    }
}

/// An attempt's turn, from the charge until its outcome is written. Fields drop in this order: the guard, the place.
pub(crate) struct Turn<'a> {
    _guard: Guard,
    _place: Place<'a>,
}

#[expect(dead_code, reason = "a guard is held, never read")]
enum Guard {
    Shared(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>),
}

fn too_late() -> Error {
    Fault::TooLate("other attempts on the same account did not end before the deadline".to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use vestibule_model::Environment;
    use vestibule_model::id::{ProjectId, UserId};

    fn key(user: u8) -> Key {
        let realm = Realm {
            project: ProjectId::from_bytes([0; 16]),
            environment: Environment::Live,
        };
        (realm, Account::User(UserId::from_bytes([user; 16])))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn who_is_alone_with_an_account_is_alone_with_that_account_only() {
        let turns = Turns::default();
        let first = turns.place(key(1)).beside_others(soon()).await.unwrap();
        let second = turns.place(key(1)).beside_others(soon()).await.unwrap();
        assert!(turns.place(key(1)).alone(soon()).await.is_err());
        assert!(turns.place(key(2)).alone(soon()).await.is_ok());
        drop((first, second));
        let alone = turns.place(key(1)).alone(soon()).await.unwrap();
        assert!(turns.place(key(1)).beside_others(soon()).await.is_err());
        drop(alone);
    }

    #[tokio::test]
    async fn an_account_is_forgotten_when_nobody_is_with_it() {
        let turns = Turns::default();
        let turn = turns.place(key(1)).beside_others(soon()).await.unwrap();
        assert!(turns.place(key(1)).alone(soon()).await.is_err());
        assert_eq!(turns.accounts().len(), 1);
        drop(turn);
        assert!(turns.accounts().is_empty());
    }
}
