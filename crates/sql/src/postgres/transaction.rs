//! A transaction at work on its connection.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all, join3};
use tokio_postgres::error::SqlState;

use super::Core;
use super::fault::{Fate, Fault, fault};
use super::news::TELL;
use super::notice::CHANNEL;
use super::pool::Held;
use super::refusal;
use super::sentence::{self, Outcome};
use super::shared::chance;
use super::sole;
use super::terms::{GRACE, Terms};
use super::trip::{self, Before, CROWD, Waiting, travel};
use crate::{Error, Row, Value};

const NOTIFY: &str = "SELECT 1 FROM pg_notify($1, $2)";

/// A transaction. It begins with its first sentence, in the same packet.
pub struct Transaction {
    core: Arc<Core>,
    /// What it runs on, from its first sentence on: one that rides with others needs none.
    client: Option<Held>,
    terms: Terms,
    begun: bool,
    /// What travels with the next sentence, or with the commit.
    waiting: Vec<Waiting>,
    fate: Option<Fate>,
}

impl Transaction {
    pub const fn new(core: Arc<Core>, terms: Terms) -> Self {
        Self {
            core,
            client: None,
            terms,
            begun: false,
            waiting: Vec::new(),
            fate: None,
        }
    }

    /// The connection, unless it was lost, and what begins the transaction on it, if nothing has.
    async fn begin(&mut self) -> Result<(&Held, Option<Cow<'static, str>>), Error> {
        if self.client.is_none() && self.fate.is_none() {
            self.client = Some(self.core.checkout(self.terms).await?);
        }
        let client = self.client.as_ref().ok_or(Error::Lost)?;
        let first = !std::mem::replace(&mut self.begun, true);
        client.set_busy(true);
        Ok((client, first.then(|| self.terms.begin())))
    }

    /// The same, with what has waited for the next sentence.
    async fn before(&mut self) -> Result<(&Held, Before), Error> {
        let waiting = std::mem::take(&mut self.waiting);
        let (client, begin) = self.begin().await?;
        Ok((client, Before { begin, waiting }))
    }

    pub fn all<'t>(
        &'t mut self,
        sql: &'static str,
        values: &'t [Value],
    ) -> BoxFuture<'t, Result<Vec<Row>, Error>> {
        Box::pin(async move { self.sentence(sql, values).await.map(|outcome| outcome.rows) })
    }

    pub fn one<'t>(
        &'t mut self,
        sql: &'static str,
        values: &'t [Value],
    ) -> BoxFuture<'t, Result<Option<Row>, Error>> {
        Box::pin(async move { self.sentence(sql, values).await?.one(sql) })
    }

    pub fn run<'t>(
        &'t mut self,
        sql: &'static str,
        values: &'t [Value],
    ) -> BoxFuture<'t, Result<u64, Error>> {
        Box::pin(async move { self.sentence(sql, values).await?.written(sql) })
    }

    /// Runs the sentences of a migration.
    pub async fn script(&mut self, text: &str) -> Result<(), Error> {
        let terms = self.terms;
        let (client, begin) = self.begin().await?;
        let whole = begin.map_or_else(|| text.to_owned(), |begin| format!("{begin};{text}"));
        let ran = tokio::time::timeout(terms.left(), client.batch_execute(&whole)).await;
        match ran {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.code().is_some_and(no_right) => {
                let reason = error.as_db_error().map_or("", |reported| reported.message());
                let error = refusal::no_right(&self.core.shared.user, reason);
                Err(self.fail(Fault {
                    error,
                    fate: Fate::Undone,
                }))
            }
            Ok(Err(error)) => Err(self.fail(fault(&error, "a migration"))),
            Err(_) => Err(self.fail(Fault::silent())),
        }
    }

    /// Runs a sentence whose answer nobody needs: with the next one or the commit, or now if many wait.
    pub fn send<'t>(
        &'t mut self,
        sql: &'static str,
        values: &'t [Value],
    ) -> BoxFuture<'t, Result<(), Error>> {
        Box::pin(async move {
            if self.waiting.len() == CROWD {
                return self.sentence(sql, values).await?.written(sql).map(drop);
            }
            let values = values.to_vec();
            self.waiting.push(Waiting { sql, values });
            Ok(())
        })
    }

    /// Runs the first sentences, which are the whole transaction if the first of them writes: they and their commit are
    /// one trip, shared with others. Answers what the first did.
    pub fn sole<'t>(
        &'t mut self,
        sentences: Vec<(&'static str, &'t [Value])>,
    ) -> BoxFuture<'t, Result<Outcome, Error>> {
        Box::pin(async move {
            let left = self.terms.left();
            if left.is_zero() {
                return Err(Error::TooLate);
            }
            let convoy = self.core.shared.convoy(self.terms);
            let ride = sole::ride(&self.core, convoy, self.terms, &sentences);
            let ran = tokio::time::timeout(left, ride).await;
            let ran = ran.unwrap_or(Err(Fault {
                error: Error::Unknown,
                fate: Fate::Gone,
            }));
            let outcome = ran.map_err(|failed| self.fail(failed))?;
            if outcome.count > 0 {
                self.core.shared.committed();
            }
            Ok(outcome)
        })
    }

    /// Runs a sentence once for each row of values, all of them on their way before the first is answered; answers how
    /// many rows were written.
    pub fn each<'t>(
        &'t mut self,
        sql: &'static str,
        rows: &'t [Vec<Value>],
    ) -> BoxFuture<'t, Result<u64, Error>> {
        Box::pin(async move {
            let terms = self.terms;
            let (client, before) = self.before().await?;
            let run = sentence::each(client, terms.way.prepare, sql, rows);
            let ran = travel(client, terms, &before, run).await;
            ran?.map_err(|failed| self.fail(failed))
        })
    }

    async fn sentence(&mut self, sql: &'static str, values: &[Value]) -> Result<Outcome, Error> {
        let terms = self.terms;
        let (client, before) = self.before().await?;
        let run = sentence::run(client, terms.way.prepare, sql, values);
        let ran = travel(client, terms, &before, run).await;
        ran?.map_err(|failed| self.fail(failed))
    }

    fn fail(&mut self, failed: Fault) -> Error {
        self.core.shared.failed(&failed.error);
        self.fate = Some(failed.fate);
        if failed.fate == Fate::Gone {
            self.client = None;
        }
        failed.error
    }

    /// Whether nothing happened and another run may succeed.
    pub fn may_repeat(&self) -> bool {
        matches!(self.fate, Some(Fate::Repeat | Fate::Gone))
    }

    /// Undoes everything.
    pub async fn rollback(&mut self) {
        let Some(client) = &self.client else { return };
        if !self.begun {
            return;
        }
        let undone = tokio::time::timeout(Duration::from_secs(1), client.batch_execute("ROLLBACK")).await;
        client.set_busy(!matches!(undone, Ok(Ok(()))));
        self.begun = false;
        self.client = None;
    }

    /// Commits, with `notices` for other nodes as its last sentences: nobody hears of what did not happen.
    ///
    /// [`Error::Unknown`] when the answer was not seen; after any other error nothing happened.
    pub async fn commit(&mut self, notices: &[String]) -> Result<(), Error> {
        if !self.begun && self.waiting.is_empty() && notices.is_empty() {
            return Ok(());
        }
        let terms = self.terms;
        if terms.left().is_zero() {
            self.rollback().await;
            return Err(Error::TooLate);
        }
        let (client, before) = self.before().await?;
        let left = terms.left();
        if client.is_closed() {
            return Err(self.fail(Fault {
                error: Error::Lost,
                fate: Fate::Gone,
            }));
        }
        let readied = tokio::time::timeout(left, trip::ready(client, terms, &before)).await;
        if let Err(failed) = readied.unwrap_or_else(|_| Err(Fault::silent())) {
            let error = self.fail(failed);
            self.rollback().await;
            return Err(error);
        }
        let mark = [Value::from(i64::from_ne_bytes(chance().to_ne_bytes()))];
        let tell = async {
            match notices {
                [] => Ok(()),
                _ => sentence::run(client, false, TELL, &mark).await.map(drop),
            }
        };
        let bound: Vec<[Value; 2]> = notices.iter().map(|text| [CHANNEL.into(), text.into()]).collect();
        let notify = join_all(
            bound
                .iter()
                .map(|values| sentence::run(client, false, NOTIFY, values)),
        );
        let commit = async {
            let (told, notified, committed) = join3(tell, notify, client.batch_execute("COMMIT")).await;
            told?;
            let failed = notified.into_iter().find_map(Result::err);
            failed.map_or(Ok(()), Err)?;
            committed.map_err(|error| fault(&error, "COMMIT"))
        };
        let all = trip::together(client, terms, &before, commit);
        let committed = tokio::time::timeout(left.max(GRACE), all).await;
        let committed = committed.unwrap_or_else(|_| Err(Fault::silent()));
        // The connection ended after COMMIT was sent, or its answer is not seen in time.
        if matches!(committed, Err(Fault { fate: Fate::Gone, .. })) {
            return Err(Error::Unknown);
        }
        client.set_busy(false);
        self.begun = false;
        committed.map_err(|failed| self.fail(failed))?;
        self.core.shared.committed();
        Ok(())
    }
}

/// Nothing may be created in the schema, or there is no schema that one may see.
fn no_right(code: &SqlState) -> bool {
    [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::INVALID_SCHEMA_NAME].contains(code)
}
