//! Running one sentence on one connection.

use std::pin::pin;

use deadpool_postgres::ClientWrapper;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use tokio_postgres::{RowStream, types::Type};

use super::bind;
use super::fault::{Fate, Fault, fault};
use crate::{Error, Row, Value};

/// What a sentence answered.
#[derive(Default)]
pub struct Outcome {
    pub rows: Vec<Row>,
    /// How many rows it wrote, or returned.
    pub count: u64,
}

impl Outcome {
    /// The only row, or none.
    pub fn one(self, sql: &str) -> Result<Option<Row>, Error> {
        let mut rows = self.rows.into_iter();
        match (rows.next(), rows.next()) {
            (row, None) => Ok(row),
            _ => Err(Error::Other(format!("more than one row, in: {sql}"))),
        }
    }

    /// How many rows were written, by a sentence that returns none.
    pub fn written(self, sql: &str) -> Result<u64, Error> {
        if self.rows.is_empty() {
            Ok(self.count)
        } else {
            Err(Error::Other(format!("rows that nobody reads, in: {sql}")))
        }
    }
}

/// Runs a sentence to its end.
pub async fn run(
    client: &ClientWrapper,
    prepare: bool,
    sql: &'static str,
    values: &[Value],
) -> Result<Outcome, Fault> {
    let sent = if prepare {
        let statement = client
            .prepare_cached(sql)
            .await
            .map_err(|error| fault(&error, sql))?;
        bind::check(statement.params(), values, sql)?;
        client.query_raw(&statement, values).await
    } else {
        let typed = values.iter().map(|value| (value, bind::type_of(value)));
        client
            .query_typed_raw(sql, typed.collect::<Vec<(&Value, Type)>>())
            .await
    };
    collect(sent.map_err(|error| fault(&error, sql))?, sql).await
}

/// Prepares a sentence that is to be sent with others, unless it is or none are: otherwise it would be sent behind those
/// that follow it.
pub async fn ready(client: &ClientWrapper, prepare: bool, sql: &'static str) -> Result<(), Fault> {
    if prepare {
        let prepared = client.prepare_cached(sql).await;
        prepared.map_err(|error| fault(&error, sql))?;
    }
    Ok(())
}

/// Runs a sentence that returns no rows once for each row of values, without waiting between them; answers how many rows
/// it wrote. After the first that fails, the server refuses the rest.
pub async fn each(
    client: &ClientWrapper,
    prepare: bool,
    sql: &'static str,
    rows: &[Vec<Value>],
) -> Result<u64, Fault> {
    // Once, before so many ask for it that it would be prepared for each of them.
    ready(client, prepare, sql).await?;
    let runs = rows.iter().map(|values| run(client, prepare, sql, values));
    let mut written = 0;
    for ran in join_all(runs).await {
        written += ran?.count;
    }
    Ok(written)
}

async fn collect(stream: RowStream, sql: &'static str) -> Result<Outcome, Fault> {
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    let mut odd = None;
    while let Some(row) = stream.try_next().await.map_err(|error| fault(&error, sql))? {
        // Read on to the end, or the answer would be taken for the next sentence's.
        match bind::owned(&row, sql) {
            Ok(row) => rows.push(row),
            Err(error) => odd = odd.or(Some(error)),
        }
    }
    let count = stream.rows_affected().unwrap_or(0);
    match odd {
        None => Ok(Outcome { rows, count }),
        Some(error) => Err(Fault {
            error,
            fate: Fate::Undone,
        }),
    }
}

/// Prepares a sentence without running it, and looks at its types.
pub async fn check(client: &ClientWrapper, sql: &'static str) -> Result<(), Error> {
    let prepared = client
        .prepare(sql)
        .await
        .map_err(|error| fault(&error, sql).error)?;
    match prepared.params().iter().find(|wanted| !bind::is_shared(wanted)) {
        None => Ok(()),
        Some(odd) => Err(Error::Other(format!(
            "a placeholder is {odd}, not a type of the shared tongue, in: {sql}"
        ))),
    }
}
