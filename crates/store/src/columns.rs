//! Reading columns as the nouns of the model. A stored text that is no such noun is damage, and said so.

use serde_json::{Map, Value as Json};
use vestibule_model::{Environment, Realm, Timestamp};
use vestibule_sql::{Error, Row};

/// A moment.
pub(crate) fn time(row: &Row, column: usize) -> Result<Timestamp, Error> {
    row.get(column).map(Timestamp::from_micros)
}

/// A moment, where there is one.
pub(crate) fn time_or_none(row: &Row, column: usize) -> Result<Option<Timestamp>, Error> {
    Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
}

/// Project and environment, in two neighbouring columns.
pub(crate) fn realm(row: &Row, column: usize) -> Result<Realm, Error> {
    let project = row.get(column).map(vestibule_model::id::ProjectId::from_bytes)?;
    Ok(Realm {
        project,
        environment: named(row, column + 1, Environment::parse)?,
    })
}

/// A text that names something, by the something's own `parse`.
pub(crate) fn named<T>(row: &Row, column: usize, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
    let name: String = row.get(column)?;
    parse(&name).ok_or_else(|| {
        Error::Other(format!(
            "a stored row says '{name}', which this release does not know"
        ))
    })
}

/// A JSON object.
pub(crate) fn object(row: &Row, column: usize) -> Result<Map<String, Json>, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Other(format!("a stored JSON object is damaged: {error}")))
}

/// A JSON object as it is stored.
pub(crate) fn object_text(object: &Map<String, Json>) -> String {
    serde_json::Value::Object(object.clone()).to_string()
}
