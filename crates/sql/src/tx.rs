//! A transaction, as its body sees it.

use rusqlite::Connection;

use crate::postgres::Transaction;
use crate::sqlite;
use crate::{Announcement, Engine, Error, Row, Sql, Value};

/// A running transaction. It has no lifetime: `SQLite`'s writer thread owns one for ever.
///
/// A failed sentence spoils the transaction, on `SQLite` too: later sentences repeat its error and nothing is
/// committed. So a body cannot depend on catching an error, which `PostgreSQL` would not allow.
pub struct Tx {
    pub(crate) driver: Driver,
    announced: Vec<Told>,
    failed: Option<Error>,
    /// Whether a sentence was all of it.
    whole: bool,
    /// Whether a sentence came that others may follow; on `SQLite` what this body writes can then be undone without
    /// undoing others.
    marked: bool,
}

/// The database behind a transaction.
pub(crate) enum Driver {
    Sqlite(Box<Connection>),
    Postgres(Box<Transaction>),
}

/// An announcement, and whether other nodes hear it.
struct Told {
    announcement: Announcement<'static>,
    travels: bool,
}

impl Tx {
    /// Runs a sentence and returns all its rows.
    pub async fn all(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Vec<Row>, Error> {
        let text = self.undoable(sql)?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::all(connection, text, bind),
            Driver::Postgres(transaction) => transaction.all(text, bind).await,
        };
        self.note(answer)
    }

    /// Runs a sentence that returns one row or none; several are an error.
    pub async fn one(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Option<Row>, Error> {
        let text = self.undoable(sql)?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::one(connection, text, bind),
            Driver::Postgres(transaction) => transaction.one(text, bind).await,
        };
        self.note(answer)
    }

    /// Runs a sentence that returns no rows; answers how many it wrote.
    pub async fn run(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<u64, Error> {
        let text = self.undoable(sql)?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::run(connection, text, bind),
            Driver::Postgres(transaction) => transaction.run(text, bind).await,
        };
        self.note(answer)
    }

    /// Runs a sentence that returns no rows and whose count nobody needs. On `PostgreSQL` it travels with the next one, or
    /// with the commit, and if it fails, that does.
    pub async fn send(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<(), Error> {
        let text = self.undoable(sql)?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::run(connection, text, bind).map(drop),
            Driver::Postgres(transaction) => transaction.send(text, bind).await,
        };
        self.note(answer)
    }

    /// Runs a first sentence that returns no rows and writes all that this transaction writes, or nothing; answers whether
    /// it wrote. If so the transaction is over: no sentence may follow, whatever its body answers is kept, and on
    /// `PostgreSQL` it is committed already, in the same trip. Nothing that travels to other nodes may be announced. If
    /// the connection is lost the body is run again, whether or not this was committed.
    pub async fn sole(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<bool, Error> {
        self.sole_with(sql, bind, &[]).await
    }

    /// A [sole](Self::sole) sentence with others in its transaction and its trip, none of which returns rows, or writes
    /// anything unless the first did: on `PostgreSQL` each must see to that itself.
    pub async fn sole_with(
        &mut self,
        sql: impl Into<Sql>,
        bind: &[Value],
        others: &[(Sql, Vec<Value>)],
    ) -> Result<bool, Error> {
        let text = self.first(sql)?;
        if !others.is_empty() {
            self.mark()?;
        }
        let engine = self.engine();
        let mut others = others
            .iter()
            .map(|(sql, values)| (sql.text(engine), values.as_slice()));
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => match sqlite::run(connection, text, bind) {
                Ok(1..) => others.try_fold(1, |_, (text, values)| {
                    sqlite::run(connection, text, values).map(|_| 1)
                }),
                nothing => nothing,
            },
            Driver::Postgres(transaction) => {
                let first = std::iter::once((text, bind));
                let outcome = transaction.sole(first.chain(others).collect()).await;
                outcome.and_then(|outcome| outcome.written(text))
            }
        };
        self.whole(answer.map(|count| count > 0), |wrote| *wrote)
    }

    /// A [sole](Self::sole) sentence that returns the rows that it wrote.
    pub async fn sole_all(&mut self, sql: impl Into<Sql>, bind: &[Value]) -> Result<Vec<Row>, Error> {
        let text = self.first(sql)?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::all(connection, text, bind),
            Driver::Postgres(transaction) => {
                let outcome = transaction.sole(vec![(text, bind)]).await;
                outcome.map(|outcome| outcome.rows)
            }
        };
        self.whole(answer, |rows| !rows.is_empty())
    }

    /// Runs a sentence that returns no rows once for each of `rows`, on `PostgreSQL` without waiting between them; answers
    /// how many rows were written in all.
    pub async fn each(&mut self, sql: impl Into<Sql>, rows: &[Vec<Value>]) -> Result<u64, Error> {
        let text = self.undoable(sql)?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::each(connection, text, rows),
            Driver::Postgres(transaction) => transaction.each(text, rows).await,
        };
        self.note(answer)
    }

    /// Runs the sentences of a migration.
    pub(crate) async fn script(&mut self, text: &str) -> Result<(), Error> {
        self.unspoilt()?;
        self.mark()?;
        let answer = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::script(connection, text),
            Driver::Postgres(transaction) => Box::pin(transaction.script(text)).await,
        };
        self.note(answer)
    }

    /// Tells the caches that a thing changed, here and on every other node: after the commit and before this
    /// transaction is answered. On `PostgreSQL` it costs every commit in the database a moment of its own, so it is
    /// for what ends or changes rights, never for logins and refreshes.
    pub fn announce(&mut self, topic: &'static str, id: [u8; 16]) {
        self.tell(topic, id, true);
    }

    /// Tells the caches of this node only. What is cached elsewhere must be safe to use without.
    pub fn announce_here(&mut self, topic: &'static str, id: [u8; 16]) {
        self.tell(topic, id, false);
    }
}

impl Tx {
    pub(crate) fn new(driver: Driver) -> Self {
        Self {
            driver,
            announced: Vec::new(),
            failed: None,
            whole: false,
            marked: false,
        }
    }

    fn tell(&mut self, topic: &'static str, id: [u8; 16], travels: bool) {
        let announcement = Announcement { topic, id };
        self.announced.push(Told {
            announcement,
            travels,
        });
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.driver {
            Driver::Sqlite(_) => Engine::Sqlite,
            Driver::Postgres(_) => Engine::Postgres,
        }
    }

    fn text(&self, sql: impl Into<Sql>) -> Result<&'static str, Error> {
        self.unspoilt()?;
        let text = sql.into().text(self.engine());
        if self.whole {
            return Err(Error::Other(format!("the transaction was whole before: {text}")));
        }
        Ok(text)
    }

    /// The text of a sentence that may be all of this transaction.
    fn first(&self, sql: impl Into<Sql>) -> Result<&'static str, Error> {
        let text = self.text(sql)?;
        if self.marked {
            return Err(Error::Other(format!("not the first sentence: {text}")));
        }
        Ok(text)
    }

    /// Notes whether a sentence was all of this transaction.
    fn whole<T>(&mut self, answer: Result<T, Error>, wrote: impl FnOnce(&T) -> bool) -> Result<T, Error> {
        self.whole = answer.as_ref().is_ok_and(wrote);
        self.note(answer)
    }

    /// The text of a sentence that others may follow.
    fn undoable(&mut self, sql: impl Into<Sql>) -> Result<&'static str, Error> {
        let text = self.text(sql)?;
        self.mark()?;
        Ok(text)
    }

    /// Before the first of them on `SQLite`, whose transactions are many bodies': a savepoint, which costs a copy of every
    /// page that is written after it.
    fn mark(&mut self) -> Result<(), Error> {
        if let (Driver::Sqlite(connection), false) = (&self.driver, self.marked) {
            let marked = sqlite::run(connection, "SAVEPOINT body", &[]);
            self.note(marked)?;
        }
        self.marked = true;
        Ok(())
    }

    /// Ends what this body does on `SQLite`, keeping its writes or not.
    pub(crate) fn end(&mut self, keep: bool) -> Result<(), Error> {
        let Driver::Sqlite(connection) = &self.driver else {
            return Ok(());
        };
        if !std::mem::take(&mut self.marked) {
            return Ok(());
        }
        if !keep {
            sqlite::run(connection, "ROLLBACK TO body", &[])?;
        }
        sqlite::run(connection, "RELEASE body", &[]).map(drop)
    }

    /// Whether a sentence was all of this transaction.
    pub(crate) const fn is_whole(&self) -> bool {
        self.whole
    }

    fn unspoilt(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn note<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
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
        self.whole = false;
        self.marked = false;
        self.announced.len()
    }

    /// Drops the announcements of a body that was undone.
    pub(crate) fn forget(&mut self, mark: usize) {
        self.announced.truncate(mark);
    }

    /// Takes what was announced, at the commit.
    pub(crate) fn announced(&mut self) -> Vec<Announcement<'static>> {
        let taken = std::mem::take(&mut self.announced);
        taken.into_iter().map(|told| told.announcement).collect()
    }

    /// What other nodes are to hear.
    pub(crate) fn travelling(&self) -> Vec<Announcement<'static>> {
        let travels = self.announced.iter().filter(|told| told.travels);
        travels.map(|told| told.announcement).collect()
    }
}
