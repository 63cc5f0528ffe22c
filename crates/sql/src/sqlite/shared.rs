//! What the threads of one database know of each other.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Health;
use crate::health::Mark;

/// One database's shared state.
pub struct Shared {
    /// The database file.
    pub path: PathBuf,
    /// Held by whoever runs a checkpoint: `SQLite` refuses a second one instead of waiting.
    pub checkpointing: Mutex<()>,
    health: Mark,
    commits: AtomicU64,
}

impl Shared {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            checkpointing: Mutex::new(()),
            health: Mark::default(),
            commits: AtomicU64::new(0),
        }
    }

    /// Whether the database takes writes.
    pub fn health(&self) -> Health {
        self.health.get()
    }

    /// Notes a change; `Closed` is final.
    pub fn set_health(&self, health: Health) {
        self.health.set(health);
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
