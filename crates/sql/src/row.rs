//! A row of an answer, read by position.

use crate::{Error, FromValue, Value};

/// One row. It owns its values, so it outlives the connection's borrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    sentence: &'static str,
    columns: Vec<Value>,
}

impl Row {
    pub(crate) fn new(sentence: &'static str, columns: Vec<Value>) -> Self {
        Self { sentence, columns }
    }

    /// Reads the column at a position, counted from 0.
    ///
    /// # Errors
    /// [`Error::Type`] when the column holds something else or does not exist.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, Error> {
        let value = self.columns.get(column);
        value.and_then(T::from_value).ok_or(Error::Type {
            sentence: self.sentence,
            column,
            wanted: T::WANTED,
            found: value.map_or("missing", Value::kind),
        })
    }

    /// Reads the first columns into a tuple: `let (id, leaf): ([u8; 16], i64) = row.read()?`.
    ///
    /// # Errors
    /// [`Error::Type`] for the first column that does not fit.
    pub fn read<T: Columns>(&self) -> Result<T, Error> {
        T::columns(self)
    }
}

/// Something that a whole row can be read as: the tuples, and the records of `store`.
pub trait Columns: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// [`Error::Type`] for the first column that does not fit.
    fn columns(row: &Row) -> Result<Self, Error>;
}

macro_rules! tuples {
    ($($column:tt $type:ident),+; $($rest:tt)*) => {
        impl<$($type: FromValue),+> Columns for ($($type,)+) {
            fn columns(row: &Row) -> Result<Self, Error> { Ok(($(row.get($column)?,)+)) }
        }
        tuples!($($rest)*);
    };
    () => {};
}

tuples! {
    0 A;
    0 A, 1 B;
    0 A, 1 B, 2 C;
    0 A, 1 B, 2 C, 3 D;
    0 A, 1 B, 2 C, 3 D, 4 E;
    0 A, 1 B, 2 C, 3 D, 4 E, 5 F;
    0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G;
    0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row::new(
            "SELECT a, b, c",
            vec![Value::Int(7), Value::Null, Value::Bytes(vec![1; 16])],
        )
    }

    #[test]
    fn a_row_is_read_as_a_tuple() {
        let read: (i64, Option<String>, [u8; 16]) = row().read().unwrap();
        assert_eq!(read, (7, None, [1; 16]));
    }

    #[test]
    fn a_wrong_type_names_the_sentence_the_column_and_both_types() {
        let error = row().get::<String>(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column 0 is an integer, not text, in: SELECT a, b, c"
        );
        let error = row().get::<i64>(3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column 3 is missing, not an integer, in: SELECT a, b, c"
        );
    }

    #[test]
    fn null_is_not_a_value() {
        assert!(row().get::<i64>(1).is_err());
        assert!(row().get::<bool>(1).is_err());
    }

    #[test]
    fn only_zero_and_one_are_booleans() {
        let row = Row::new("", vec![Value::Int(1), Value::Int(2)]);
        assert_eq!(row.get::<bool>(0), Ok(true));
        assert!(row.get::<bool>(1).is_err());
    }
}
