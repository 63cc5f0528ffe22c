//! A transaction, as its body sees it.

use rusqlite::Connection;

use crate::sqlite;
use crate::{Announcement, Engine, Error, Row, Sql, Value};

/// A running transaction. It has no lifetime: `SQLite`'s writer thread owns one for ever.
///
/// A failed sentence spoils the transaction, on `SQLite` too: later sentences repeat its error and nothing is
/// committed. So a body cannot depend on catching an error, which `PostgreSQL` would not allow.
pub struct Tx {
    pub(crate) driver: Driver,
    announced: Vec<Announcement>,
    failed: Option<Error>,
}

/// The database behind a transaction.
pub(crate) enum Driver {
    Sqlite(Box<Connection>),
}

#[expect(
    clippy::unused_async,
    reason = "the signatures serve two drivers, and PostgreSQL's awaits"
)]
impl Tx {
    /// Runs a sentence and returns all its rows.
    pub async fn all(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Vec<Row>, Error> {
        let text = sql.into().text(self.engine());
        self.sentence(|Driver::Sqlite(connection)| sqlite::all(connection, text, bind))
    }

    /// Runs a sentence that returns one row or none; several are an error.
    pub async fn one(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Option<Row>, Error> {
        let text = sql.into().text(self.engine());
        self.sentence(|Driver::Sqlite(connection)| sqlite::one(connection, text, bind))
    }

    /// Runs a sentence that returns no rows; answers how many it wrote.
    pub async fn run(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<u64, Error> {
        let text = sql.into().text(self.engine());
        self.sentence(|Driver::Sqlite(connection)| sqlite::run(connection, text, bind))
    }

    /// Runs the sentences of a migration.
    pub(crate) async fn script(&mut self, text: &str) -> Result<(), Error> {
        self.sentence(|Driver::Sqlite(connection)| sqlite::script(connection, text))
    }
}

impl Tx {
    pub(crate) fn new(driver: Driver) -> Self {
        Self {
            driver,
            announced: Vec::new(),
            failed: None,
        }
    }

    /// Tells the caches that a thing changed: after the commit and before this transaction is answered.
    pub fn announce(&mut self, topic: &'static str, id: [u8; 16]) {
        self.announced.push(Announcement { topic, id });
    }

    pub(crate) fn engine(&self) -> Engine {
        let Driver::Sqlite(_) = self.driver;
        Engine::Sqlite
    }

    fn sentence<T>(&mut self, run: impl FnOnce(&Driver) -> Result<T, Error>) -> Result<T, Error> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let answer = run(&self.driver);
        self.failed = answer.as_ref().err().cloned();
        answer
    }

    /// The error of the sentence that spoiled the transaction, if one did.
    pub(crate) fn failed(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// Begins the next body with a clean slate; returns the mark that [`forget`](Self::forget) takes.
    pub(crate) fn clear(&mut self) -> usize {
        self.failed = None;
        self.announced.len()
    }

    /// Drops the announcements of a body that was undone.
    pub(crate) fn forget(&mut self, mark: usize) {
        self.announced.truncate(mark);
    }

    /// Takes what was announced, at the commit.
    pub(crate) fn announced(&mut self) -> Vec<Announcement> {
        std::mem::take(&mut self.announced)
    }
}
