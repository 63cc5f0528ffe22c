//! Moving committed pages from the WAL into the database, away from the commits.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::queue::{Pull, Queue};
use super::shared::Shared;
use super::{fault, file};
use crate::Health;

/// How often the WAL is emptied while it grows.
const EVERY: Duration = Duration::from_millis(500);

/// Runs PASSIVE checkpoints, which wait for nobody and delay nobody. They change no page that a connection can
/// see, so the writer does not take them for a foreign commit.
pub struct Checkpointer {
    connection: Connection,
    shared: Arc<Shared>,
    stop: Arc<Queue<()>>,
}

impl Checkpointer {
    pub fn new(connection: Connection, shared: Arc<Shared>, stop: Arc<Queue<()>>) -> Self {
        Self {
            connection,
            shared,
            stop,
        }
    }

    pub fn run(self) {
        self.look_for_damage();
        let mut done = 0;
        while !matches!(self.stop.pull(EVERY), Pull::Closed) {
            let commits = self.shared.commits();
            if commits == done {
                continue;
            }
            let _alone = self
                .shared
                .checkpointing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            match checkpoint(&self.connection, CheckpointMode::PASSIVE) {
                Ok(()) => done = commits,
                // The pages are still in the WAL, and the next turn writes them again.
                Err(error) => tracing::warn!(%error, "checkpoint failed"),
            }
        }
    }
}

impl Checkpointer {
    /// Nothing may be added to a damaged file; what reads it further answers or fails page by page.
    fn look_for_damage(&self) {
        if let Err(error) = file::check_behind(&self.connection, &self.shared.path) {
            tracing::error!(%error, "the store is closed for writing");
            self.shared.set_health(Health::Closed);
        }
    }
}

/// Runs one checkpoint.
pub fn checkpoint(connection: &Connection, mode: CheckpointMode) -> Result<(), crate::Error> {
    let ran = connection.wal_checkpoint_v2(rusqlite::MAIN_DB.into(), mode);
    ran.map(|_| ()).map_err(|error| fault(error, "a checkpoint"))
}
