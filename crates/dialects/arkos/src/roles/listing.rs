//! Lists of a collection: `page`, `limit`, `sort`, `search`, and any field as a filter.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_ops::Error;
use vestibule_ops::roles::{Column, List, Page};
use vestibule_web::Call;

/// A page of a collection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed<T: ToSchema> {
    /// How many there are on all pages.
    total: u64,
    /// How many are on this page.
    results: usize,
    data: Vec<T>,
}

impl<T: ToSchema> Listed<T> {
    /// Shapes every row of a page.
    pub(crate) fn of<R>(page: &Page<R>) -> Self
    where
        T: for<'r> From<&'r R>,
    {
        Self {
            total: page.total,
            results: page.rows.len(),
            data: page.rows.iter().map(T::from).collect(),
        }
    }

    /// Everything there is, on one page.
    pub(crate) const fn whole(data: Vec<T>) -> Self {
        Self {
            total: data.len() as u64,
            results: data.len(),
            data,
        }
    }
}

/// Reads the query by this API's names of columns.
pub(crate) fn read<C: Column>(call: &Call, columns: &[(&str, C)]) -> Result<List<C>, Error> {
    let query = call.queries()?;
    let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(List::read(pairs, columns)?)
}
