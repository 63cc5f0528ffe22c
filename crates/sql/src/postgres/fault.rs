//! `PostgreSQL`'s failures as ours.

use tokio_postgres::Error as Driver;
use tokio_postgres::error::DbError;

use crate::Error;

/// What a failure means for the connection and the transaction on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The transaction is undone by a ROLLBACK, and the connection is as good as before.
    Undone,
    /// The same, and another run may well succeed: others were in the way.
    Repeat,
    /// The connection is gone, or of no use; what it had not committed never happened.
    Gone,
}

/// A failed sentence.
#[derive(Clone, Debug)]
pub struct Fault {
    pub error: Error,
    pub fate: Fate,
}

impl Fault {
    /// A mistake in a sentence or its values, found before anything was sent.
    pub const fn mistake(text: String) -> Self {
        Self {
            error: Error::Other(text),
            fate: Fate::Undone,
        }
    }

    /// The database did not answer in time: what the connection does now, nobody knows.
    pub const fn silent() -> Self {
        Self {
            error: Error::Busy,
            fate: Fate::Gone,
        }
    }
}

/// Says what went wrong in a sentence.
pub fn fault(error: &Driver, sentence: &str) -> Fault {
    match error.as_db_error() {
        Some(reported) => database(reported, sentence),
        None => Fault {
            error: Error::Lost,
            fate: Fate::Gone,
        },
    }
}

fn database(reported: &DbError, sentence: &str) -> Fault {
    let code = reported.code();
    let message = || reported.message().to_owned();
    let (error, fate) = match code.code() {
        "23505" => {
            let constraint = reported.constraint().unwrap_or(reported.message()).to_owned();
            // What sentences expect to be there already they ask for; so another transaction was quicker, and the next
            // run sees what it wrote.
            (Error::Unique { constraint }, Fate::Repeat)
        }
        "40001" | "40P01" => (Error::Lost, Fate::Repeat),
        // Cancelled by its time limit, no lock in time, or no memory.
        "57014" | "55P03" | "53200" => (Error::Busy, Fate::Undone),
        "53100" => (Error::Full, Fate::Undone),
        // A primary that was set back to a replica: the next connection looks for the new one.
        "25006" | "53300" => (Error::Busy, Fate::Gone),
        "42501" => (
            Error::Other(format!(
                "{}: make the user of this database the owner of its tables, or GRANT SELECT, INSERT, UPDATE, DELETE \
                 ON ALL TABLES IN SCHEMA public to it",
                reported.message()
            )),
            Fate::Undone,
        ),
        "58030" => (Error::Io(message()), Fate::Undone),
        "XX001" | "XX002" => (Error::Corrupt(message()), Fate::Undone),
        "26000" | "42P05" => (
            Error::Other(format!(
                "{} ({}): a pooler that mixes sessions needs postgres.prepare = false",
                reported.message(),
                code.code()
            )),
            Fate::Gone,
        ),
        other if other.starts_with("23") => (Error::Constraint(message()), Fate::Undone),
        // Ended because this process stood still in the middle of it.
        "25P03" => (Error::Lost, Fate::Gone),
        other if other.starts_with("08") || other.starts_with("57P") => (Error::Lost, Fate::Gone),
        _ => (
            Error::Other(format!("{}, in: {sentence}", reported.message())),
            Fate::Undone,
        ),
    };
    Fault { error, fate }
}
