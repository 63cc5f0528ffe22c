//! Running one sentence on one connection.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};

use super::bind::bind;
use super::fault;
use crate::{Error, Row, Value};

/// All rows of a sentence.
pub fn all(connection: &Connection, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
    let mut statement = prepare(connection, sql, values)?;
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    let mut answer = Vec::new();
    while let Some(row) = rows.next().map_err(|error| fault(error, sql))? {
        answer.push(owned(row, width, sql)?);
    }
    Ok(answer)
}

/// The only row of a sentence, or none. It is run to its end, so that a sentence which finds several is caught.
pub fn one(connection: &Connection, sql: &'static str, values: &[Value]) -> Result<Option<Row>, Error> {
    let mut statement = prepare(connection, sql, values)?;
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    let Some(row) = rows.next().map_err(|error| fault(error, sql))? else {
        return Ok(None);
    };
    let answer = owned(row, width, sql)?;
    match rows.next().map_err(|error| fault(error, sql))? {
        None => Ok(Some(answer)),
        Some(_) => Err(Error::Other(format!("more than one row, in: {sql}"))),
    }
}

/// Runs a sentence that returns no rows; answers how many it wrote.
pub fn run(connection: &Connection, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
    let mut statement = prepare(connection, sql, values)?;
    let rows = statement.raw_execute().map_err(|error| fault(error, sql))?;
    Ok(rows as u64)
}

/// Runs a sentence that returns no rows once for each row of values; answers how many rows were written in all.
pub fn each(connection: &Connection, sql: &'static str, rows: &[Vec<Value>]) -> Result<u64, Error> {
    rows.iter().map(|values| run(connection, sql, values)).sum()
}

/// Runs the sentences of a script.
pub fn script(connection: &Connection, text: &str) -> Result<(), Error> {
    connection
        .execute_batch(text)
        .map_err(|error| fault(error, "a migration"))
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &'static str,
    values: &[Value],
) -> Result<CachedStatement<'c>, Error> {
    let mut statement = connection
        .prepare_cached(sql)
        .map_err(|error| fault(error, sql))?;
    bind(&mut statement, sql, values)?;
    Ok(statement)
}

fn owned(row: &rusqlite::Row<'_>, width: usize, sql: &'static str) -> Result<Row, Error> {
    let mut columns = Vec::with_capacity(width);
    for column in 0..width {
        let value = row.get_ref(column).map_err(|error| fault(error, sql))?;
        columns.push(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(int) => Value::Int(int),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => return Err(odd(sql, column, "text that is not UTF-8")),
            },
            ValueRef::Real(_) => return Err(odd(sql, column, "a floating-point number")),
        });
    }
    Ok(Row::new(sql, columns))
}

fn odd(sentence: &'static str, column: usize, found: &'static str) -> Error {
    Error::Type {
        sentence,
        column,
        wanted: "a type of the shared tongue",
        found,
    }
}
