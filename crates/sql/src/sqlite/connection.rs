//! Opening one connection.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault;
use crate::Error;

/// `SQLite` before 3.51.3 can corrupt a database in WAL mode when a checkpoint races a restart of the WAL.
const OLDEST: i32 = 3_051_003;

/// Statements kept prepared per connection: more than the store has sentences.
const PREPARED: usize = 512;

/// How long a connection waits for another process's lock. The writer repeats the wait until its job's
/// deadline; one wait is shorter than its tick, so that the caches' lease lives on meanwhile.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a connection may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Refuses a `SQLite` that is known to damage files.
pub fn assert_version() -> Result<(), Error> {
    if rusqlite::version_number() >= OLDEST {
        return Ok(());
    }
    let version = rusqlite::version();
    Err(Error::Open(format!(
        "SQLite {version} can damage databases; this binary needs 3.51.3 or newer: rebuild it with the bundled SQLite"
    )))
}

/// Opens a connection with everything set that its safety and speed depend on.
pub fn open(path: &Path, access: Access, page_cache_kib: u32) -> Result<Connection, Error> {
    let mode = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .and_then(|connection| configure(&connection, access, page_cache_kib).map(|()| connection))
        .map_err(|error| match fault(error, "opening the database") {
            Error::Other(reason) => Error::Open(format!("cannot open {}: {reason}", path.display())),
            known => known,
        })?;
    if access == Access::Write {
        use_wal(&connection, path)?;
    }
    Ok(connection)
}

fn configure(connection: &Connection, access: Access, page_cache_kib: u32) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A name in double quotes that matches no column is an error, as on PostgreSQL, not a string.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Otherwise a sentence with a bound `LIMIT` or `OFFSET` is prepared anew each time it is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -i64::from(page_cache_kib))?;
    // Sorting a list must not leave rows in a file under /tmp.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    match access {
        Access::Read => connection.pragma_update(None, "query_only", true),
        Access::Write => {
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)
        }
    }
}

fn use_wal(connection: &Connection, path: &Path) -> Result<(), Error> {
    let set = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    let mode = set.map_err(|error| fault(error, "PRAGMA journal_mode = WAL"))?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    Err(Error::Open(format!(
        "{} cannot use a write-ahead log (journal mode {mode}): keep the database on a local disk",
        path.display()
    )))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_sentence_with_a_bound_limit_is_prepared_once() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("test.db")).unwrap();
        configure(&connection, Access::Write, 64).unwrap();
        connection
            .execute_batch("CREATE TABLE notes (id INTEGER)")
            .unwrap();
        let mut statement = connection.prepare("SELECT id FROM notes LIMIT $1").unwrap();
        for limit in 1..4 {
            assert_eq!(statement.query_map([limit], |_| Ok(())).unwrap().count(), 0);
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
