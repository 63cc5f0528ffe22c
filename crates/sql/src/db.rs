//! The handle that everything above holds.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::postgres::{OpenPostgres, Postgres};
use crate::sqlite::{Answered, OpenSqlite, Sqlite};
use crate::{Abort, Act, Engine, Error, Health, Row, Sql, Value};

/// By when a transaction begins. A deadline alone can be given too.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// When it is too late to begin.
    pub deadline: Instant,
    /// How long it may wait for others to commit with, so that fewer commits leave more of the processor to what
    /// everybody waits for.
    pub company: Duration,
}

impl From<Instant> for By {
    fn from(deadline: Instant) -> Self {
        Self {
            deadline,
            company: Duration::ZERO,
        }
    }
}

/// An open database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Driver>);

enum Driver {
    Sqlite(Sqlite),
    Postgres(Postgres),
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

    /// Opens a `PostgreSQL` database. It must exist; its tables need not.
    ///
    /// # Errors
    /// [`Error::Open`] with the remedy.
    pub async fn open_postgres(options: OpenPostgres) -> Result<Self, Error> {
        Ok(Self(Arc::new(Driver::Postgres(Postgres::open(options).await?))))
    }

    /// Which database this is.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Driver::Sqlite(_) => Engine::Sqlite,
            Driver::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `act` in one transaction, to its end, whether or not the caller still waits for the answer.
    ///
    /// # Errors
    /// What the body returned; [`Error::TooLate`], [`Error::Busy`], [`Error::Closed`], [`Error::Full`] and
    /// [`Error::Lost`] when nothing happened; [`Error::Unknown`] when it may have.
    pub async fn write<F, I, T, E>(&self, by: impl Into<By>, act: F, input: I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let by = by.into();
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.write(by, Answered::Synced, act, input).await,
            Driver::Postgres(postgres) => Box::pin(postgres.write(postgres.terms(by), act, input)).await,
        }
    }

    /// Runs `act` as [`write`](Self::write) does, but does not wait for the disk: what it writes survives the end of
    /// this process at once, and power loss as soon as any later [`write`](Self::write) has been answered.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    pub async fn write_unsynced<F, I, T, E>(&self, by: impl Into<By>, act: F, input: I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let by = by.into();
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.write(by, Answered::Written, act, input).await,
            Driver::Postgres(postgres) => {
                Box::pin(postgres.write(postgres.terms(by).unsynced(), act, input)).await
            }
        }
    }

    /// Runs `act` as [`write`](Self::write) does, however long one sentence of it takes: for migrations.
    pub(crate) async fn write_patiently<F, I, T, E>(
        &self,
        deadline: Instant,
        act: F,
        input: I,
    ) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.write(deadline.into(), Answered::Synced, act, input).await,
            Driver::Postgres(postgres) => {
                Box::pin(postgres.write(postgres.terms(deadline.into()).patient(), act, input)).await
            }
        }
    }

    /// Reads all rows, on `SQLite` inline on the calling task: for short reads by key.
    pub async fn read_all(&self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Vec<Row>, Error> {
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.read_all(sql.into(), bind),
            Driver::Postgres(postgres) => postgres.read_all(sql.into(), bind).await,
        }
    }

    /// Reads one row or none by a unique key, on `SQLite` inline on the calling task; several are an error.
    pub async fn read_one(&self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Option<Row>, Error> {
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.read_one(sql.into(), bind),
            Driver::Postgres(postgres) => postgres.read_one(sql.into(), bind).await,
        }
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
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.scan(deadline, sql.into(), bind).await,
            Driver::Postgres(postgres) => postgres.scan(deadline, sql.into(), bind).await,
        }
    }

    /// Prepares every sentence without running it, and names all that fail. For the store's own test.
    ///
    /// # Errors
    /// [`Error::Other`] with a line per sentence that does not prepare or skips a placeholder number.
    pub async fn prepare_check(&self, sentences: &[(&str, Sql)]) -> Result<(), Error> {
        let mut wrong = Vec::new();
        for (name, sql) in sentences {
            let checked = match &*self.0 {
                Driver::Sqlite(sqlite) => sqlite.check(*sql),
                Driver::Postgres(postgres) => postgres.check(*sql).await,
            };
            if let Err(error) = checked {
                wrong.push(format!("{name}: {error}"));
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::Other(wrong.join("\n")))
        }
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
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.backup_to(target, progress).await,
            Driver::Postgres(_) => Err(Error::Open(
                "this database is PostgreSQL: back it up with pg_dump, or with what its operator offers"
                    .to_owned(),
            )),
        }
    }

    /// What finds out whether other processes have committed, where they cannot always be heard.
    pub fn asker(&self) -> Option<Asker> {
        match &*self.0 {
            Driver::Postgres(postgres) if postgres.listens() => Some(Asker(Arc::downgrade(&self.0))),
            _ => None,
        }
    }

    /// Whether the database takes writes.
    pub fn health(&self) -> Health {
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.health(),
            Driver::Postgres(postgres) => postgres.health(),
        }
    }

    /// Stops taking work, finishes what was handed over, and returns once everything is on disk and every
    /// thread has ended. Dropping the last handle does the same without waiting.
    pub async fn close(&self) {
        match &*self.0 {
            Driver::Sqlite(sqlite) => sqlite.close().await,
            Driver::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// Asks a database for news, as long as somebody holds it.
pub struct Asker(Weak<Driver>);

impl Asker {
    /// Asks whether anything was announced since the last time, and reports it to the listener; those who ask meanwhile
    /// share one answer.
    ///
    /// # Errors
    /// Those of a read, and [`Error::Closed`].
    pub async fn ask(&self) -> Result<(), Error> {
        match self.0.upgrade().as_deref() {
            Some(Driver::Postgres(postgres)) => postgres.ask().await,
            _ => Err(Error::Closed),
        }
    }
}
