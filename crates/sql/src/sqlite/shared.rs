//! What the threads of one database know of each other.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::Health;

/// One database's shared state.
pub struct Shared {
    /// The database file.
    pub path: PathBuf,
    /// Held by whoever runs a checkpoint: `SQLite` refuses a second one instead of waiting.
    pub checkpointing: Mutex<()>,
    health: AtomicU8,
    commits: AtomicU64,
}

const WRITABLE: u8 = 0;
const FULL: u8 = 1;
const CLOSED: u8 = 2;

impl Shared {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            checkpointing: Mutex::new(()),
            health: AtomicU8::new(WRITABLE),
            commits: AtomicU64::new(0),
        }
    }

    /// Whether the database takes writes.
    pub fn health(&self) -> Health {
        match self.health.load(Ordering::Acquire) {
            WRITABLE => Health::Writable,
            FULL => Health::Full,
            _ => Health::Closed,
        }
    }

    /// Notes a change; `Closed` is final.
    pub fn set_health(&self, health: Health) {
        let new = match health {
            Health::Writable => WRITABLE,
            Health::Full => FULL,
            Health::Closed => CLOSED,
        };
        let unless_closed = |old| (old != CLOSED).then_some(new);
        let _ = self
            .health
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, unless_closed);
    }

    /// Counts a commit, ours or a foreign one.
    pub fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// How many commits were seen: the WAL grew when this did.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}
