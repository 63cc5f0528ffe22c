//! `SQLite`: one writer thread that groups commits, connections for inline reads, a pool for lists.

mod backup;
mod bind;
mod checkpoint;
mod connection;
mod fault;
mod file;
mod job;
mod options;
mod queue;
mod readers;
mod scan;
mod session;
mod shared;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use self::checkpoint::Checkpointer;
use self::connection::Access;
use self::fault::fault;
use self::file::ServerLock;
pub use self::job::Answered;
pub use self::options::{OpenSqlite, Role};
use self::queue::Queue;
use self::readers::Readers;
use self::scan::Scan;
pub use self::session::{all, each, one, run, script};
use self::shared::Shared;
use self::writer::Writer;
use crate::{Abort, Act, By, Engine, Error, Health, Row, Sql, Value};

/// An open `SQLite` database.
pub struct Sqlite {
    shared: Arc<Shared>,
    readers: Readers,
    jobs: Arc<Queue<job::Job>>,
    scans: Arc<Queue<Scan>>,
    checkpoints: Arc<Queue<()>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens the database and starts its threads.
    pub fn open(options: &OpenSqlite) -> Result<Self, Error> {
        connection::assert_version()?;
        let lock = file::prepare(options)?;
        let shared = Arc::new(Shared::new(options.path.clone()));
        let open = |access| connection::open(&options.path, access, options.page_cache_kib);
        let writing = open(Access::Write)?;
        if options.role == Role::Server {
            file::check_integrity(&writing, &options.path)?;
        }
        let readers = (0..options.readers.max(1))
            .map(|_| open(Access::Read))
            .collect::<Result<_, _>>()?;
        let scanners = (0..options.scanners.max(1))
            .map(|_| open(Access::Read))
            .collect::<Result<_, _>>()?;

        let sqlite = Self {
            readers: Readers::new(readers),
            jobs: Arc::new(Queue::new(options.queue)),
            scans: Arc::new(Queue::new(options.queue)),
            checkpoints: Arc::new(Queue::new(1)),
            threads: Mutex::new(Vec::new()),
            shared,
        };
        sqlite.start(writing, lock, options)?;
        if options.role == Role::Server {
            let stop = Arc::clone(&sqlite.checkpoints);
            let checkpointer = Checkpointer::new(open(Access::Write)?, Arc::clone(&sqlite.shared), stop);
            sqlite.spawn("sql-checkpoint", move || checkpointer.run())?;
        }
        sqlite.start_scanners(scanners)?;
        Ok(sqlite)
    }

    fn start(
        &self,
        connection: rusqlite::Connection,
        lock: Option<ServerLock>,
        options: &OpenSqlite,
    ) -> Result<(), Error> {
        let jobs = Arc::clone(&self.jobs);
        let listener = Arc::clone(&options.listener);
        let writer = Writer::new(connection, jobs, Arc::clone(&self.shared), listener, options.role)?;
        self.spawn("sql-writer", move || {
            writer.run();
            // Held until the last byte is written, so that the next server process finds a finished file.
            drop(lock);
        })
    }

    fn start_scanners(&self, connections: Vec<rusqlite::Connection>) -> Result<(), Error> {
        for connection in connections {
            let scans = Arc::clone(&self.scans);
            self.spawn("sql-scan", move || scan::serve(&connection, &scans))?;
        }
        Ok(())
    }

    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::Open(format!("cannot start a thread: {error}")))?;
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
        Ok(())
    }

    /// Hands a transaction to the writer and waits for its answer.
    pub async fn write<F, I, T, E>(&self, by: By, answered: Answered, act: F, input: I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        if self.health() == Health::Closed {
            return Err(Error::Closed.into());
        }
        let (job, wait) = job::job(by, answered, act, input);
        let patient = job.is_patient();
        self.jobs.add(job, patient)?;
        wait.answer().await
    }

    pub fn read_all(&self, sql: Sql, bind: &[Value]) -> Result<Vec<Row>, Error> {
        self.readers
            .with(|connection| all(connection, sql.text(Engine::Sqlite), bind))
    }

    pub fn read_one(&self, sql: Sql, bind: &[Value]) -> Result<Option<Row>, Error> {
        self.readers
            .with(|connection| one(connection, sql.text(Engine::Sqlite), bind))
    }

    pub async fn scan(&self, deadline: Instant, sql: Sql, bind: Vec<Value>) -> Result<Vec<Row>, Error> {
        let (scan, answer) = Scan::new(deadline, sql.text(Engine::Sqlite), bind);
        self.scans.push(scan)?;
        match tokio::time::timeout_at(deadline.into(), answer).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(_)) => Err(Error::Closed),
            Err(_) => Err(Error::TooLate),
        }
    }

    /// Prepares a sentence without running it.
    pub fn check(&self, sql: Sql) -> Result<(), Error> {
        self.readers.with(|connection| {
            let text = sql.text(Engine::Sqlite);
            let statement = connection.prepare(text).map_err(|error| fault(error, text))?;
            bind::check(&statement, text)
        })
    }

    pub async fn backup_to(
        &self,
        target: PathBuf,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(), Error> {
        let source = self.shared.path.clone();
        let copy = tokio::task::spawn_blocking(move || backup::copy(&source, &target, progress));
        copy.await.map_err(|stopped| Error::Other(stopped.to_string()))?
    }

    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Stops intake everywhere; each thread finishes what it was handed and ends.
    fn stop(&self) {
        self.checkpoints.close();
        self.scans.close();
        self.jobs.close();
    }

    pub async fn close(&self) {
        self.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let join = move || threads.into_iter().for_each(|thread| drop(thread.join()));
        // A thread that panicked has said so already, and has closed the store.
        let _ = tokio::task::spawn_blocking(join).await;
        self.readers.close();
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.stop();
    }
}
