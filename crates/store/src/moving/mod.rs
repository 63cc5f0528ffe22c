//! Moving house: every row of one database into another, page by page, with the place that was reached in the same
//! transaction as the rows, so that a move that was interrupted goes on where it was.

mod encoding;
mod page;
mod tables;

#[cfg(test)]
mod tests;

pub use page::{Page, Place, page};

use crate::sentences::sentences;
use encoding::{decode, encode};
use page::Kind;
use tables::TABLES;
use vestibule_sql::{Db, Error, Row, Tx, bind};

sentences! {
    STATE = "SELECT source, table_name, last_key, arrived FROM moving";
    BEGIN = "INSERT INTO moving (one, source, table_name, last_key, arrived) VALUES (1, $1, $2, NULL, 0)
        ON CONFLICT (one) DO NOTHING";
    // Whoever comes second, from another process, finds that it is no longer where it was.
    ADVANCE = "UPDATE moving SET table_name = $1, last_key = $2, arrived = $3 WHERE arrived = $4";
    END = "DELETE FROM moving";
}

/// Most rows of a page: what one transaction writes.
pub const ROWS: u32 = 500;

/// A move that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Where the rows come from, without a password.
    pub source: String,
    /// The place that was reached.
    pub place: Place,
    /// How many rows have arrived.
    pub arrived: u64,
}

/// How a move began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The database was empty.
    Now,
    /// It did before, and is not finished.
    Before(Unfinished),
    /// Not at all: this table has rows.
    Not(&'static str),
}

/// The names of the tables that move, in their order.
pub fn tables() -> impl ExactSizeIterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name)
}

/// How many rows there are to move. A database too large to be counted in time is an error.
pub async fn count(db: &Db) -> Result<u64, Error> {
    let mut all = 0;
    for table in TABLES {
        let row = db.read_one(table.count, &[]).await?;
        let rows: i64 = row.map_or(Ok(0), |row| row.get(0))?;
        all += rows.unsigned_abs();
    }
    Ok(all)
}

/// The move into this database that is not finished; the table must exist.
pub async fn unfinished(db: &Db) -> Result<Option<Unfinished>, Error> {
    let row = db.read_one(STATE, &[]).await?;
    row.map(|row| state(&row)).transpose()
}

fn state(row: &Row) -> Result<Unfinished, Error> {
    let (source, table, key, arrived): (String, Option<String>, Option<Vec<u8>>, i64) = row.read()?;
    let number = match &table {
        None => TABLES.len(),
        Some(name) => tables().position(|known| known == name).ok_or_else(|| {
            Error::Other(format!("a move stopped at the table {name}, which this release does not know"))
        })?,
    };
    Ok(Unfinished {
        source,
        place: Place {
            table: number,
            after: key.map(|key| decode(&key)).transpose()?,
        },
        arrived: arrived.unsigned_abs(),
    })
}

/// Begins a move into a database without rows.
pub async fn begin(tx: &mut Tx, source: &str) -> Result<Begun, Error> {
    if let Some(row) = tx.one(STATE, &[]).await? {
        return state(&row).map(Begun::Before);
    }
    for table in TABLES {
        if tx.one(table.any, &[]).await?.is_some() {
            return Ok(Begun::Not(table.name));
        }
    }
    if tx.run(BEGIN, bind![source, tables().next()]).await? == 1 {
        return Ok(Begun::Now);
    }
    let row = tx.one(STATE, &[]).await?.ok_or(Error::Lost)?;
    state(&row).map(Begun::Before)
}

/// Writes the rows of a page, when `arrived` rows arrived before it; `false` when it was another number, because another
/// process moves into the same database.
pub async fn arrive(tx: &mut Tx, page: &Page, arrived: u64) -> Result<bool, Error> {
    let next = page.next();
    let key = next.after.as_ref().map(|key| {
        let mut bytes = Vec::new();
        for value in key {
            encode(value, &mut bytes);
        }
        bytes
    });
    let name = TABLES.get(next.table).map(|table| table.name);
    let (before, after) = (arrived.cast_signed(), (arrived + page.len()).cast_signed());
    if tx.run(ADVANCE, bind![name, key, after, before]).await? != 1 {
        return Ok(false);
    }
    if let Some(table) = TABLES.get(page.table) {
        tx.each(table.insert, &page.rows).await?;
    }
    Ok(true)
}

/// Ends a move: from now on the database may be served.
pub async fn end(tx: &mut Tx) -> Result<(), Error> {
    tx.run(END, &[]).await.map(drop)
}
