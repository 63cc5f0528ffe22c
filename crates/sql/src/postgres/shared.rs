//! What the tasks of one database know of each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::Error as Driver;

use super::convoy::Convoy;
use super::sole::Rider;
use super::terms::Terms;
use crate::health::Mark;
use crate::{Error, Health, Listener};

/// One database's shared state.
pub struct Shared {
    health: Mark,
    /// Whether it was said that the database is away, and not yet that it is back.
    away: AtomicBool,
    /// Hears of commits.
    pub listener: Option<Arc<dyn Listener>>,
    /// What this node's announcements are signed with: they come back to it too.
    pub node: String,
    synced: Convoy<Rider>,
    unsynced: Convoy<Rider>,
    /// Who this node is to the database.
    pub user: String,
}

impl Shared {
    pub fn new(listener: Option<Arc<dyn Listener>>, user: &str) -> Self {
        Self {
            health: Mark::default(),
            away: AtomicBool::new(false),
            listener,
            user: user.to_owned(),
            synced: Convoy::new(),
            unsynced: Convoy::new(),
            node: format!("{:016x}", chance()),
        }
    }

    /// Those who are answered when this one is.
    pub const fn convoy(&self, terms: Terms) -> &Convoy<Rider> {
        if terms.unsynced {
            &self.unsynced
        } else {
            &self.synced
        }
    }

    pub fn health(&self) -> Health {
        self.health.get()
    }

    pub fn close(&self) {
        self.health.set(Health::Closed);
    }

    /// A transaction that wrote was committed.
    pub fn committed(&self) {
        self.health.set(Health::Writable);
        self.here();
    }

    /// A sentence failed.
    pub fn failed(&self, error: &Error) {
        if *error == Error::Full {
            self.health.set(Health::Full);
        }
    }

    /// The database answered. Said once per absence.
    pub fn here(&self) {
        if self.away.load(Ordering::Relaxed) && self.away.swap(false, Ordering::Relaxed) {
            tracing::info!("PostgreSQL answers again");
        }
    }

    /// The database could not be reached. Said once per absence.
    pub fn away(&self, error: &Driver) {
        if !self.away.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "PostgreSQL cannot be reached");
        }
    }
}

/// A number that nobody can guess beforehand and that is not secret: each hasher of the standard library begins with
/// one.
pub fn chance() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0_u8)
}
