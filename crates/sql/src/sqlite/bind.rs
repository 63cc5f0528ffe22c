//! Values into placeholders, by number.

use rusqlite::Statement;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::{Error, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Bool(bool) => ValueRef::Integer((*bool).into()),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Binds `$n` to the n-th value. `SQLite` takes `$2` as a *name* and numbers parameters by first appearance, so
/// the number is read from the name.
pub fn bind(statement: &mut Statement<'_>, sql: &str, values: &[Value]) -> Result<(), Error> {
    let count = statement.parameter_count();
    if count != values.len() {
        return Err(Error::Other(format!(
            "{count} placeholders but {} values, in: {sql}",
            values.len()
        )));
    }
    for index in 1..=count {
        let number = number(statement, index);
        let Some(value) = number.and_then(|number| values.get(number - 1)) else {
            let name = statement.parameter_name(index).unwrap_or("?");
            return Err(Error::Other(format!(
                "placeholder {name} is not one of $1 to ${count}, in: {sql}"
            )));
        };
        statement
            .raw_bind_parameter(index, value)
            .map_err(|error| super::fault(error, sql))?;
    }
    Ok(())
}

/// Checks that the placeholders are `$1` to `$n` without a gap, as far as can be told without values.
pub fn check(statement: &Statement<'_>, sql: &str) -> Result<(), Error> {
    let count = statement.parameter_count();
    let fits = |index| number(statement, index).is_some_and(|number| number <= count);
    if (1..=count).all(fits) {
        return Ok(());
    }
    Err(Error::Other(format!(
        "placeholders are not $1 to ${count}, in: {sql}"
    )))
}

/// The number in a placeholder's name. Names are distinct and `$01` is no number, so `count` numbers from 1 to
/// `count` are all of them.
fn number(statement: &Statement<'_>, index: usize) -> Option<usize> {
    let digits = statement.parameter_name(index)?.strip_prefix('$')?;
    digits
        .starts_with(|first: char| matches!(first, '1'..='9'))
        .then(|| digits.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::session::one;
    use crate::bind;

    fn sum(sql: &'static str, bind: &[crate::Value]) -> Result<i64, crate::Error> {
        one(&Connection::open_in_memory().unwrap(), sql, bind)?
            .unwrap()
            .get(0)
    }

    #[test]
    fn values_go_by_number_whatever_the_order_of_appearance() {
        assert_eq!(sum("SELECT $2 * 10 + $1", bind![1_i64, 2_i64]), Ok(21));
    }

    #[test]
    fn a_number_used_twice_is_one_value() {
        assert_eq!(sum("SELECT $1 + $2 + $1", bind![1_i64, 5_i64]), Ok(7));
    }

    #[test]
    fn missing_extra_and_skipped_numbers_are_refused() {
        for (sql, bind) in [
            ("SELECT $1 + $2", bind![1_i64]),
            ("SELECT $1 + 0", bind![1_i64, 2_i64]),
            ("SELECT $1 + $3", bind![1_i64, 2_i64]),
            ("SELECT $1 + $01", bind![1_i64, 2_i64]),
            ("SELECT $0 + 0", bind![1_i64]),
            ("SELECT $one + 0", bind![1_i64]),
            ("SELECT ? + 0", bind![1_i64]),
        ] {
            let error = sum(sql, bind).unwrap_err().to_string();
            assert!(error.contains(sql) && error.contains("placeholder"), "{error}");
        }
    }
}
