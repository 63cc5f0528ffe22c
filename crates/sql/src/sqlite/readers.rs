//! Connections for point reads on the calling task.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

use rusqlite::Connection;

use crate::Error;

/// A few read-only connections, borrowed for one sentence at a time. A thread hop costs more than the read
/// does; thread-locals would outlive the store.
pub struct Readers(Box<[Slot]>);

/// A connection and the thread that used it last. A thread comes back to its own: a connection that wanders
/// from core to core takes its caches along, which doubles the time of a read.
#[repr(align(128))]
struct Slot {
    user: AtomicU64,
    connection: Mutex<Option<Connection>>,
}

type Borrowed<'a> = MutexGuard<'a, Option<Connection>>;

impl Readers {
    pub fn new(connections: Vec<Connection>) -> Self {
        let slot = |connection| Slot {
            user: AtomicU64::new(0),
            connection: Mutex::new(Some(connection)),
        };
        Self(connections.into_iter().map(slot).collect())
    }

    /// Reads on a free connection; waits for one only when all are in use, which is one read long.
    pub fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let guard = self.borrow().ok_or(Error::Closed)?;
        read(guard.as_ref().ok_or(Error::Closed)?)
    }

    fn borrow(&self) -> Option<Borrowed<'_>> {
        let me = this_thread();
        let of = |user| {
            self.0
                .iter()
                .filter(move |slot| slot.user.load(Ordering::Relaxed) == user)
        };
        let free = of(me)
            .chain(of(0))
            .chain(&self.0)
            .find_map(|slot| Some((slot, slot.try_borrow()?)));
        let (slot, guard) = free.or_else(|| self.0.first().map(|slot| (slot, slot.borrow())))?;
        if slot.user.load(Ordering::Relaxed) != me {
            slot.user.store(me, Ordering::Relaxed);
        }
        Some(guard)
    }

    /// Closes every connection; a read under way ends first.
    pub fn close(&self) {
        for slot in &self.0 {
            drop(slot.borrow().take());
        }
    }
}

impl Slot {
    fn try_borrow(&self) -> Option<Borrowed<'_>> {
        match self.connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn borrow(&self) -> Borrowed<'_> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that tells threads apart; two that share one merely share a connection.
fn this_thread() -> u64 {
    let mut hasher = DefaultHasher::new();
    thread::current().id().hash(&mut hasher);
    hasher.finish()
}
