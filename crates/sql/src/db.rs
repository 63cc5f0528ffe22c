//! The handle that everything above holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::sqlite::{Answered, OpenSqlite, Sqlite};
use crate::{Abort, Act, Engine, Error, Row, Sql, Value};

/// An open database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Driver>);

enum Driver {
    Sqlite(Sqlite),
}

/// Whether the database takes writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Writable,
    /// The disk is full; heals by itself.
    Full,
    /// It was closed, or the disk failed under a write; only a restart helps.
    Closed,
}

impl Db {
    /// Opens a `SQLite` database, creating it when the file does not exist.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::Open`], [`Error::Corrupt`] or [`Error::Io`], each with its remedy.
    pub async fn open(options: OpenSqlite) -> Result<Self, Error> {
        let open = tokio::task::spawn_blocking(move || Sqlite::open(&options));
        let sqlite = open
            .await
            .map_err(|stopped| Error::Other(stopped.to_string()))??;
        Ok(Self(Arc::new(Driver::Sqlite(sqlite))))
    }

    /// Which database this is.
    pub fn engine(&self) -> Engine {
        let Driver::Sqlite(_) = *self.0;
        Engine::Sqlite
    }

    /// Runs `act` in one transaction, to its end, whether or not the caller still waits for the answer.
    ///
    /// # Errors
    /// What the body returned; [`Error::TooLate`], [`Error::Busy`], [`Error::Closed`], [`Error::Full`] and
    /// [`Error::Lost`] when nothing happened; [`Error::Unknown`] when it may have.
    pub async fn write<F, I, T, E>(&self, deadline: Instant, act: F, input: I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.write(deadline, Answered::Synced, act, input).await
    }

    /// Runs `act` as [`write`](Self::write) does, but does not wait for the disk: what it writes survives the end of
    /// this process at once, and power loss as soon as any later [`write`](Self::write) has been answered.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    pub async fn write_unsynced<F, I, T, E>(&self, deadline: Instant, act: F, input: I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.write(deadline, Answered::Written, act, input).await
    }

    /// Reads all rows, on `SQLite` inline on the calling task: for short reads by key.
    #[expect(
        clippy::unused_async,
        reason = "the signature serves two drivers, and PostgreSQL's awaits"
    )]
    pub async fn read_all(&self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Vec<Row>, Error> {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.read_all(sql.into(), bind)
    }

    /// Reads one row or none by a unique key, on `SQLite` inline on the calling task; several are an error.
    #[expect(
        clippy::unused_async,
        reason = "the signature serves two drivers, and PostgreSQL's awaits"
    )]
    pub async fn read_one(&self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Option<Row>, Error> {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.read_one(sql.into(), bind)
    }

    /// Reads all rows away from the calling task: for lists, search and export pages.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full, [`Error::TooLate`] when the rows did not come in time.
    pub async fn scan(
        &self,
        deadline: Instant,
        sql: impl Into<Sql>,
        bind: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.scan(deadline, sql.into(), bind).await
    }

    /// Prepares every sentence without running it, and names all that fail. For the store's own test.
    ///
    /// # Errors
    /// [`Error::Other`] with a line per sentence that does not prepare or skips a placeholder number.
    #[expect(
        clippy::unused_async,
        reason = "the signature serves two drivers, and PostgreSQL's awaits"
    )]
    pub async fn prepare_check(&self, sentences: &[(&str, Sql)]) -> Result<(), Error> {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.prepare_check(sentences)
    }

    /// Writes a consistent copy of the database to a new file while everything else goes on. `progress` is
    /// called with pages done and pages in all.
    ///
    /// # Errors
    /// [`Error::Open`] when the target exists or cannot be made; [`Error::Io`], [`Error::Full`].
    pub async fn backup_to(
        &self,
        target: PathBuf,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), Error> {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.backup_to(target, progress).await
    }

    /// Whether the database takes writes.
    pub fn health(&self) -> Health {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.health()
    }

    /// Stops taking work, finishes what was handed over, and returns once everything is on disk and every
    /// thread has ended. Dropping the last handle does the same without waiting.
    pub async fn close(&self) {
        let Driver::Sqlite(sqlite) = &*self.0;
        sqlite.close().await;
    }
}
