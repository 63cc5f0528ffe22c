//! What can go wrong between a sentence and its answer.

/// A failed sentence, transaction or start. `Display` is written for people; values never appear in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A unique constraint refused a row. `PostgreSQL` would have spoiled the transaction, so never go on after
    /// it: use `ON CONFLICT DO NOTHING RETURNING` where a duplicate is expected.
    #[error("a row like this exists already ({constraint})")]
    Unique {
        /// The columns or the index, as the database names them.
        constraint: String,
    },
    /// Another constraint refused a row: a foreign key, a CHECK, NOT NULL, or a column's type.
    #[error("the database refused the row: {0}")]
    Constraint(String),
    /// The queue is full, or the database stayed locked. Nothing happened; safe to repeat.
    #[error("the database is busy; nothing was written, try again")]
    Busy,
    /// The disk is full. Nothing was written; writing resumes by itself once there is space.
    #[error("the disk is full; nothing was written: free some space, no restart is needed")]
    Full,
    /// The deadline passed before the transaction began. Nothing happened; safe to repeat.
    #[error("the transaction did not begin before its deadline; nothing was written, try again")]
    TooLate,
    /// The transaction began, but its end was not seen. It may have happened.
    #[error("the transaction began but its end was not seen; it may have happened")]
    Unknown,
    /// The database undid the whole group of transactions that this one was part of. Nothing happened.
    #[error("the database undid the transaction; nothing was written, try again")]
    Lost,
    /// The store takes no writes any more: it was closed, or a write to disk failed.
    #[error("the store is closed for writing; if the server is still up, check the disk and restart it")]
    Closed,
    /// A transaction body waited for something other than its `Tx`.
    #[error("the transaction body {body} awaited something other than its transaction; nothing was written")]
    Awaited {
        /// The body's full function name.
        body: &'static str,
    },
    /// A transaction body panicked.
    #[error("the transaction body {body} panicked; nothing was written")]
    Panicked {
        /// The body's full function name.
        body: &'static str,
    },
    /// The database file is damaged.
    #[error(
        "the database is damaged ({0}): stop the server, keep a copy of the files, and restore from a backup"
    )]
    Corrupt(String),
    /// The disk failed to read or write.
    #[error("the disk failed: {0}")]
    Io(String),
    /// Another server process has the database open.
    #[error("another server process already uses {0}: stop it first, or give this one its own data folder")]
    InUse(String),
    /// The database cannot be opened, or should not be. The text holds the remedy.
    #[error("{0}")]
    Open(String),
    /// The schema is not the one this binary knows. The text holds the remedy.
    #[error("{0}")]
    Schema(String),
    /// A column holds another type than the one asked for.
    #[error("column {column} is {found}, not {wanted}, in: {sentence}")]
    Type {
        /// The sentence that produced the row.
        sentence: &'static str,
        /// Position of the column, from 0.
        column: usize,
        /// The Rust type asked for.
        wanted: &'static str,
        /// What the column holds.
        found: &'static str,
    },
    /// Anything else: a mistake in a sentence or its values.
    #[error("{0}")]
    Other(String),
}
