//! `SQLite`'s failures as ours.

use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE, SQLITE_IOERR_SHMSIZE,
};

use crate::Error;

/// Says what went wrong in a sentence.
pub fn fault(error: rusqlite::Error, sentence: &str) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            failure(code, message.unwrap_or_else(|| code.to_string()), sentence)
        }
        rusqlite::Error::SqlInputError { msg, .. } => Error::Other(format!("{msg}, in: {sentence}")),
        other => Error::Other(format!("{other}, in: {sentence}")),
    }
}

fn failure(code: rusqlite::ffi::Error, message: String, sentence: &str) -> Error {
    match (code.code, code.extended_code) {
        (
            ErrorCode::ConstraintViolation,
            SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID,
        ) => Error::Unique {
            constraint: message
                .trim_start_matches("UNIQUE constraint failed: ")
                .to_owned(),
        },
        (ErrorCode::ConstraintViolation, _) => Error::Constraint(message),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Error::Busy,
        // A full disk that cannot grow the WAL's index is reported as an I/O error, but nothing was lost.
        (ErrorCode::DiskFull, _) | (ErrorCode::SystemIoFailure, SQLITE_IOERR_SHMSIZE) => Error::Full,
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Error::Corrupt(message),
        (ErrorCode::SystemIoFailure, extended) => Error::Io(format!("{message} (SQLite code {extended})")),
        _ => Error::Other(format!("{message}, in: {sentence}")),
    }
}
