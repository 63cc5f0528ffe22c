//! The writer thread: transactions grouped into commits.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::checkpoint::checkpoint;
use super::job::{Answered, Done, Job, Reply};
use super::queue::{Pull, Queue};
use super::shared::Shared;
use super::{Role, fault, file};
use crate::tx::Driver;
use crate::{Error, Health, Listener, Tx};

/// How long the writer may be idle before it looks for foreign commits.
const TICK: Duration = Duration::from_millis(250);

/// Transactions in one commit, at most.
const GROUP: usize = 256;

/// How long a group takes in more transactions: the first of them waits for all.
const GATHER: Duration = Duration::from_millis(10);

/// How long a group is let grow before it begins, to the size of the last one and of what came during its commit: while
/// many write at once, fewer and larger commits leave more of the processor to everybody. A lone writer never waits.
const LINGER: Duration = Duration::from_millis(4);

/// How long a transaction that is not synced waits for one that is, if a commit shorter ago than that shows that many
/// are at work: one commit then serves both.
const COMPANY: Duration = Duration::from_millis(5);

/// WAL size in bytes at which it is cut: a WAL that long slows every read down.
const LONGEST_WAL: u64 = 64 << 20;

/// How long a cut that readers prevented is put off.
const CUT_AGAIN: Duration = Duration::from_secs(5);

/// The only connection that writes.
pub struct Writer {
    tx: Tx,
    jobs: Arc<Queue<Job>>,
    shared: Arc<Shared>,
    listener: Arc<dyn Listener>,
    role: Role,
    /// `PRAGMA data_version`: changes when, and only when, another connection has committed.
    version: i64,
    cut_from: Instant,
    /// Rows ever changed when the last group ended: a full disk has healed once a group changed more.
    changes: u64,
    /// How many transactions the next group may have.
    expected: usize,
    /// When the last group ended.
    last_end: Instant,
    /// What the connection does at a commit: sync, or only write.
    commits: Answered,
}

impl Writer {
    pub fn new(
        connection: Connection,
        jobs: Arc<Queue<Job>>,
        shared: Arc<Shared>,
        listener: Arc<dyn Listener>,
        role: Role,
    ) -> Result<Self, Error> {
        let version = data_version(&connection)?;
        let tx = Tx::new(Driver::Sqlite(Box::new(connection)));
        Ok(Self {
            tx,
            jobs,
            shared,
            listener,
            role,
            version,
            cut_from: Instant::now(),
            changes: 0,
            expected: 0,
            last_end: Instant::now(),
            commits: Answered::Synced,
        })
    }

    /// Serves jobs until the queue ends.
    pub fn run(mut self) {
        // Whatever ends this thread, nobody may wait for it.
        let _closes = Closes {
            jobs: Arc::clone(&self.jobs),
            shared: Arc::clone(&self.shared),
        };
        self.tick();
        loop {
            match self.jobs.pull(TICK) {
                Pull::Item(job) => {
                    self.wait_for_company(&job);
                    self.group(job);
                    self.last_end = Instant::now();
                }
                Pull::Idle => self.tick(),
                Pull::Closed => break,
            }
        }
        if self.role == Role::Server && self.shared.health() != Health::Closed {
            let shared = Arc::clone(&self.shared);
            let _alone = shared
                .checkpointing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            self.cut();
        }
    }

    /// Lets the group of this job grow.
    fn wait_for_company(&self, first: &Job) {
        if first.is_patient() {
            return self.jobs.bide(first.company, Job::is_patient);
        }
        if first.answered == Answered::Written && self.last_end.elapsed() < COMPANY {
            self.jobs.gather(1, COMPANY);
        }
        // The first of them is in our hands already.
        self.jobs.gather(self.expected.saturating_sub(1), LINGER);
    }

    fn connection(&self) -> &Connection {
        match &self.tx.driver {
            Driver::Sqlite(connection) => connection,
            Driver::Postgres(_) => unreachable!("the writer made its transaction of a connection to SQLite"),
        }
    }

    fn command(&self, sql: &'static str) -> Result<(), Error> {
        let run = |connection: &Connection| connection.prepare_cached(sql)?.execute(()).map(|_| ());
        run(self.connection()).map_err(|error| fault(error, sql))
    }

    /// Looks for a foreign commit. Without an answer there is no proof, and the caches' lease runs out.
    fn tick(&mut self) {
        if let Err(error) = self.prove(Instant::now()) {
            tracing::warn!(%error, "the database does not answer");
        }
    }

    /// Reports a foreign commit, and that there was no other before `at`.
    fn prove(&mut self, at: Instant) -> Result<(), Error> {
        let version = data_version(self.connection())?;
        if version != self.version {
            self.version = version;
            self.shared.committed();
            self.listener.foreign_commit();
        }
        self.listener.proof(at);
        Ok(())
    }

    /// Runs a job and those that wait behind it, commits them together, and only then answers them. The commit is
    /// synced unless all of them do without; what would need it then begins the next group.
    fn group(&mut self, first: Job) {
        let synced = |job: &Job| job.answered == Answered::Synced;
        let commits = if synced(&first) || self.jobs.any(synced) {
            Answered::Synced
        } else {
            Answered::Written
        };
        if let Err(error) = self.commit_so(commits).and_then(|()| self.begin(first.deadline)) {
            let reply = (first.run)(Err(error)).reply;
            return reply(Ok(()));
        }
        let since = Instant::now();
        let mut replies = Vec::new();
        let mut next = Some(first);
        let mut ran = Ok(());
        while let Some(job) = next {
            let (reply, outcome) = self.job(job);
            replies.push(reply);
            ran = outcome;
            let more = ran.is_ok() && replies.len() < GROUP && since.elapsed() < GATHER;
            let fits = |job: &Job| commits == Answered::Synced || !synced(job);
            next = more.then(|| self.jobs.next_if(fits)).flatten();
        }
        let size = replies.len();
        let fate = ran.and_then(|()| self.command("COMMIT").map_err(at_commit));
        let fate = self.conclude(fate);
        self.expected = size + self.jobs.waiting();
        for reply in replies {
            reply(fate.clone());
        }
        self.cut_if_long();
    }

    /// Sets what the next commits do. `SQLite` carries this pragma out when it is prepared, so no prepared statement
    /// serves for it.
    fn commit_so(&mut self, commits: Answered) -> Result<(), Error> {
        if commits == self.commits {
            return Ok(());
        }
        let sql = match commits {
            Answered::Synced => "PRAGMA synchronous = FULL",
            Answered::Written => "PRAGMA synchronous = NORMAL",
        };
        self.connection()
            .execute_batch(sql)
            .map_err(|error| fault(error, sql))?;
        self.commits = commits;
        Ok(())
    }

    /// Begins a transaction, waiting for another process's lock until the job's deadline. Foreign commits are
    /// looked for under the lock, so no body sees a cache that is older than its transaction.
    fn begin(&mut self, deadline: Instant) -> Result<(), Error> {
        if self.shared.health() == Health::Closed {
            return Err(Error::Closed);
        }
        loop {
            let at = Instant::now();
            match self.command("BEGIN IMMEDIATE") {
                Ok(()) => {
                    let proven = self.prove(at);
                    return proven.inspect_err(|_| self.undo());
                }
                Err(Error::Busy) if Instant::now() < deadline => self.tick(),
                Err(Error::Busy) => return Err(Error::TooLate),
                Err(error) => return self.conclude(Err(error)),
            }
        }
    }

    /// Runs one job. An `Err` beside its reply is the end of the whole group.
    fn job(&mut self, job: Job) -> (Reply, Result<(), Error>) {
        let mark = self.tx.clear();
        let began = Instant::now();
        let Done { keep, reply } = (job.run)(Ok(&mut self.tx));
        self.listener.wrote(job.body, began.elapsed());
        // SQLite undid the transaction, and with it every job before this one; or the file is damaged, and
        // nothing may be added to it.
        if self.connection().is_autocommit() || matches!(self.tx.failed(), Some(Error::Corrupt(_))) {
            return (reply, Err(self.tx.failed().cloned().unwrap_or(Error::Lost)));
        }
        if !keep {
            self.tx.forget(mark);
        }
        (reply, self.tx.end(keep))
    }

    /// Draws the consequences of a group's end, and says what its jobs are told.
    fn conclude(&mut self, fate: Result<(), Error>) -> Result<(), Error> {
        let announced = self.tx.announced();
        let changes = self.connection().total_changes();
        let wrote = std::mem::replace(&mut self.changes, changes) != changes;
        let Err(error) = fate else {
            if wrote {
                self.shared.set_health(Health::Writable);
            }
            self.shared.committed();
            if !announced.is_empty() {
                self.listener.committed(&announced);
            }
            return Ok(());
        };
        self.undo();
        match error {
            Error::Full => {
                self.shared.set_health(Health::Full);
                Err(Error::Full)
            }
            // After a failed write or sync nobody knows what the disk holds; only a restart reads it again.
            Error::Io(_) | Error::Corrupt(_) | Error::Unknown => {
                tracing::error!(%error, "the store is closed for writing until the server is restarted");
                self.shared.set_health(Health::Closed);
                Err(error)
            }
            error => {
                tracing::warn!(%error, "a group of transactions was undone");
                Err(Error::Lost)
            }
        }
    }

    /// Ends a transaction that cannot be committed, if `SQLite` has not done so already.
    fn undo(&self) {
        if !self.connection().is_autocommit()
            && let Err(error) = self.command("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }

    fn cut_if_long(&mut self) {
        let long = || {
            file::beside(&self.shared.path, "-wal")
                .metadata()
                .is_ok_and(|wal| wal.len() > LONGEST_WAL)
        };
        if self.role != Role::Server || self.cut_from > Instant::now() || !long() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        // While the checkpoint thread is at work SQLite would refuse; the next group tries again.
        if let Ok(_alone) = shared.checkpointing.try_lock() {
            self.cut();
        }
    }

    /// Empties the WAL and cuts it to nothing. Only the writer does: another connection's TRUNCATE would look
    /// like a foreign commit.
    fn cut(&mut self) {
        if let Err(error) = checkpoint(self.connection(), CheckpointMode::TRUNCATE) {
            tracing::warn!(%error, "the write-ahead log could not be cut; a long read may be in the way");
            self.cut_from = Instant::now() + CUT_AGAIN;
        }
    }
}

/// A COMMIT that failed on the disk may have reached it.
fn at_commit(error: Error) -> Error {
    if let Error::Io(reason) = &error {
        tracing::error!(reason, "a commit did not reach the disk");
        return Error::Unknown;
    }
    error
}

fn data_version(connection: &Connection) -> Result<i64, Error> {
    const SQL: &str = "PRAGMA data_version";
    let read = |connection: &Connection| connection.prepare_cached(SQL)?.query_row((), |row| row.get(0));
    read(connection).map_err(|error| fault(error, SQL))
}

/// Closes the store when the writer's thread ends, even by a panic.
struct Closes {
    jobs: Arc<Queue<Job>>,
    shared: Arc<Shared>,
}

impl Drop for Closes {
    fn drop(&mut self) {
        self.shared.set_health(Health::Closed);
        self.jobs.close();
        while let Some(job) = self.jobs.next_if(|_| true) {
            drop(job);
        }
    }
}
