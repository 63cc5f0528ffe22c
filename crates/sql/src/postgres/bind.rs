//! Values into parameters and columns into values: BIGINT, TEXT, BYTEA, BOOLEAN, and nothing else.

use tokio_postgres::Row as Answer;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

use super::fault::Fault;
use crate::{Error, Row, Value};

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(int) => int.to_sql(wanted, out),
            Self::Bool(bool) => bool.to_sql(wanted, out),
            Self::Text(text) => text.to_sql(wanted, out),
            Self::Bytes(bytes) => bytes.to_sql(wanted, out),
        }
    }

    /// What is sent was checked before, by `check`, whose error can name both types.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Checks that every parameter has a value of its own type.
pub fn check(wanted: &[Type], values: &[Value], sql: &str) -> Result<(), Fault> {
    if wanted.len() != values.len() {
        return Err(Fault::mistake(format!(
            "{} placeholders but {} values, in: {sql}",
            wanted.len(),
            values.len()
        )));
    }
    for (number, (wanted, value)) in (1..).zip(wanted.iter().zip(values)) {
        if !fits(wanted, value) {
            return Err(Fault::mistake(format!(
                "placeholder ${number} is {wanted}, but its value is {}, in: {sql}",
                value.kind()
            )));
        }
    }
    Ok(())
}

fn fits(wanted: &Type, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Int(_) => *wanted == Type::INT8,
        Value::Bool(_) => *wanted == Type::BOOL,
        Value::Text(_) => matches!(*wanted, Type::TEXT | Type::VARCHAR | Type::NAME),
        Value::Bytes(_) => *wanted == Type::BYTEA,
    }
}

/// Whether a parameter of this type can be given any value of ours.
pub fn is_shared(wanted: &Type) -> bool {
    matches!(
        *wanted,
        Type::INT8 | Type::BOOL | Type::TEXT | Type::VARCHAR | Type::NAME | Type::BYTEA
    )
}

/// The type that a value is sent as where no statement was prepared that would say.
pub fn type_of(value: &Value) -> Type {
    match value {
        Value::Int(_) => Type::INT8,
        Value::Bool(_) => Type::BOOL,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
        // Number 0 lets the server find the type from the place.
        Value::Null => Type::new(String::new(), 0, Kind::Simple, String::new()),
    }
}

/// A row that owns its values.
pub fn owned(answer: &Answer, sql: &'static str) -> Result<Row, Error> {
    let columns = answer.columns().iter().enumerate();
    let values = columns.map(|(column, named)| {
        answer
            .try_get::<_, Column>(column)
            .map(|Column(value)| value)
            .map_err(|_| {
                Error::Other(format!(
                    "column {column} is {}, not a type of the shared tongue, in: {sql}",
                    named.type_()
                ))
            })
    });
    Ok(Row::new(sql, values.collect::<Result<_, _>>()?))
}

struct Column(Value);

impl<'a> FromSql<'a> for Column {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        let value = match *found {
            Type::INT8 => Value::Int(i64::from_sql(found, raw)?),
            // A literal in a sentence is one; no column is.
            Type::INT4 => Value::Int(i32::from_sql(found, raw)?.into()),
            Type::BOOL => Value::Bool(bool::from_sql(found, raw)?),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            _ => Value::Text(String::from_sql(found, raw)?),
        };
        Ok(Self(value))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self(Value::Null))
    }

    fn accepts(found: &Type) -> bool {
        is_shared(found) || *found == Type::INT4
    }
}
