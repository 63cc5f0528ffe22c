//! Lists in pages, sorted and filtered by a closed list of columns (A09): what a client writes is compared with names,
//! never put into a sentence.

use std::cmp::Ordering;
use vestibule_model::Refusal;

/// Rows on a page when nothing is said.
const USUAL: u32 = 30;
/// Most rows on a page.
const MOST: u32 = 100;
/// Rows before the furthest page that can be asked for.
const FURTHEST: u32 = 1_000_000;
/// Most columns that one list is sorted by.
const SORTS: usize = 5;
/// Longest text that is searched for, in bytes.
const LONGEST_SEARCH: usize = 256;

/// A column of a collection.
pub trait Column: Copy + PartialEq + 'static {
    /// Whether lists can be sorted by it.
    fn sorts(self) -> bool;
    /// Whether lists can be narrowed to one value of it.
    fn filters(self) -> bool;
}

/// What a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<C> {
    /// Which page, from 1.
    pub page: u32,
    /// How many rows a page has.
    pub limit: u32,
    /// The columns to sort by, the first before the second; `true` is descending. Equals stand in the order of their
    /// ids, and so does everything when nothing is said.
    pub sort: Vec<(C, bool)>,
    /// The values that columns must have.
    pub filters: Vec<(C, String)>,
    /// A text to search for.
    pub search: Option<String>,
}

impl<C> Default for List<C> {
    fn default() -> Self {
        Self {
            page: 1,
            limit: USUAL,
            sort: Vec::new(),
            filters: Vec::new(),
            search: None,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// How many rows all pages have together.
    pub total: u64,
    /// The rows of this page.
    pub rows: Vec<T>,
}

impl<C: Column> List<C> {
    /// Reads `page`, `limit`, `sort=-createdAt,name`, `search` and `column=value` from the pairs of a query. `columns`
    /// are the dialect's names. Whatever else stands there is refused by its name.
    pub fn read<'q>(
        query: impl IntoIterator<Item = (&'q str, &'q str)>,
        columns: &[(&str, C)],
    ) -> Result<Self, Refusal> {
        let (mut list, mut seen) = (Self::default(), Vec::new());
        for (name, value) in query {
            if seen.contains(&name) {
                return Err(Refusal::field(name, "must be given once"));
            }
            seen.push(name);
            match name {
                "page" => list.page = number(name, value, u32::MAX)?,
                "limit" => list.limit = number(name, value, MOST)?,
                "sort" => list.sort = sort(value, columns)?,
                "search" if value.len() <= LONGEST_SEARCH => {
                    list.search = Some(value.to_owned()).filter(|text| !text.is_empty());
                }
                "search" => return Err(Refusal::field(name, "must be at most 256 bytes long")),
                _ => {
                    let column = find(columns, name).filter(|column| column.filters());
                    let column = column.ok_or_else(|| {
                        Refusal::field(name, "is not a field that this list is filtered by")
                    })?;
                    list.filters.push((column, value.to_owned()));
                }
            }
        }
        list.offset()?;
        Ok(list)
    }

    /// Rows before the page.
    pub(crate) fn offset(&self) -> Result<u32, Refusal> {
        let offset = self.page.saturating_sub(1).checked_mul(self.limit);
        offset.filter(|offset| *offset <= FURTHEST).ok_or_else(|| {
            Refusal::field(
                "page",
                "is too far: narrow the list, or sort it the other way round",
            )
        })
    }

    /// Sorts rows that are all here, and cuts out the page.
    pub(crate) fn cut<T>(
        &self,
        mut rows: Vec<T>,
        compare: impl Fn(C, &T, &T) -> Ordering,
    ) -> Result<Page<T>, Refusal> {
        rows.sort_by(|left, right| {
            let each = self.sort.iter().map(|(column, descending)| {
                let order = compare(*column, left, right);
                if *descending { order.reverse() } else { order }
            });
            each.fold(Ordering::Equal, Ordering::then)
        });
        let total = rows.len() as u64;
        let page = rows
            .into_iter()
            .skip(self.offset()? as usize)
            .take(self.limit as usize);
        Ok(Page {
            total,
            rows: page.collect(),
        })
    }
}

fn number(name: &str, value: &str, most: u32) -> Result<u32, Refusal> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value
        .parse()
        .ok()
        .filter(|number| digits && (1..=most).contains(number));
    number.ok_or_else(|| Refusal::field(name, &format!("must be a whole number from 1 to {most}")))
}

fn sort<C: Column>(value: &str, columns: &[(&str, C)]) -> Result<Vec<(C, bool)>, Refusal> {
    let sorts = value.split(',').map(|name| {
        let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let column = find(columns, name).filter(|column| column.sorts())?;
        Some((column, descending))
    });
    let sorts: Option<Vec<_>> = sorts.collect();
    let sorts = sorts.filter(|sorts| sorts.len() <= SORTS);
    sorts.ok_or_else(|| {
        let known: Vec<_> = columns
            .iter()
            .filter(|(_, it)| it.sorts())
            .map(|(name, _)| *name)
            .collect();
        let message = format!(
            "must be at most {SORTS} of {}, each with - in front to reverse it",
            known.join(", ")
        );
        Refusal::field("sort", &message)
    })
}

fn find<C: Copy>(columns: &[(&str, C)], name: &str) -> Option<C> {
    columns
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, column)| *column)
}
