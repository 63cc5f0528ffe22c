//! Reading the rows of a table in the order of its key, a page at a time.

use super::encoding::encode;
use super::tables::{TABLES, Table};
use vestibule_sql::{Db, Engine, Error, Row, Value};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

impl Kind {
    /// Reads a column as this kind, so that a boolean is one on either database.
    fn read(self, row: &Row, column: usize) -> Result<Value, Error> {
        Ok(match self {
            Self::Int => row.get::<Option<i64>>(column)?.into(),
            Self::Bool => row.get::<Option<bool>>(column)?.into(),
            Self::Text => row.get::<Option<String>>(column)?.into(),
            Self::Bytes => row.get::<Option<Vec<u8>>>(column)?.into(),
        })
    }
}

/// A place between two rows, in the order of tables and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Position of the table; past the last one at the end.
    pub(super) table: usize,
    /// The key of the row before the place; none before the first row.
    pub(super) after: Option<Vec<Value>>,
}

impl Place {
    /// Before the first row of a table, counted from 0.
    pub const fn before(table: usize) -> Self {
        Self { table, after: None }
    }

    /// The table, counted from 0; as many as there are tables when no row is left.
    pub const fn table(&self) -> usize {
        self.table
    }
}

/// Rows that follow a place.
pub struct Page {
    pub(super) table: usize,
    pub(super) rows: Vec<Vec<Value>>,
    next: Place,
}

impl Page {
    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The place after the last of the rows; before the next table when this one has no more.
    pub const fn next(&self) -> &Place {
        &self.next
    }

    /// Appends all values of all rows, so that different rows give different bytes, on whichever database they lie.
    pub fn encode(&self, to: &mut Vec<u8>) {
        self.rows.iter().flatten().for_each(|value| encode(value, to));
    }

    /// Whether the rows can be stored in a database. What `PostgreSQL` cannot is a text with a zero character.
    pub fn fits(&self, engine: Engine) -> bool {
        let zero = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        engine == Engine::Sqlite || !self.rows.iter().flatten().any(zero)
    }
}

/// At most `limit` rows of the table of a place. None are left in it when there are fewer.
pub async fn page(db: &Db, place: &Place, limit: u32) -> Result<Page, Error> {
    let Some(table) = TABLES.get(place.table) else {
        return Ok(Page {
            table: place.table,
            rows: Vec::new(),
            next: place.clone(),
        });
    };
    let rows = match &place.after {
        None => db.read_all(table.first, &[limit.into()]).await?,
        Some(key) => {
            let bound: Vec<Value> = std::iter::once(limit.into()).chain(key.iter().cloned()).collect();
            db.read_all(table.after, &bound).await?
        }
    };
    let rows: Vec<_> = rows.iter().map(|row| read(table, row)).collect::<Result<_, _>>()?;
    let full = rows.len() as u64 >= u64::from(limit);
    let last = rows.last().filter(|_| full);
    let next = match last {
        Some(row) => Place {
            table: place.table,
            after: Some(row.iter().take(table.key).cloned().collect()),
        },
        None => Place::before(place.table + 1),
    };
    Ok(Page {
        table: place.table,
        rows,
        next,
    })
}

fn read(table: &Table, row: &Row) -> Result<Vec<Value>, Error> {
    let columns = table.columns.iter().enumerate();
    columns.map(|(column, (_, kind))| kind.read(row, column)).collect()
}
