//! The database file: who may read it, who may serve it, and whether it is whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{OpenSqlite, Role, fault};
use crate::Error;

/// Up to this size (64 MiB, database and WAL) every page is read at start, which takes well under a second.
const READ_WHOLE: u64 = 64 << 20;

/// The server's claim on the file, held as long as this lives.
pub struct ServerLock {
    _file: File,
}

/// Creates the file if need be, and refuses one that others can read or that another server uses.
///
/// An existing database is never opened here: closing any descriptor of it would release the POSIX locks that
/// `SQLite` holds in this process.
pub fn prepare(options: &OpenSqlite) -> Result<Option<ServerLock>, Error> {
    let path = &options.path;
    let lock = match options.role {
        Role::Server => Some(lock(path)?),
        Role::Companion => None,
    };
    match private().create_new(true).open(path) {
        Ok(_) => Ok(lock),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => refuse_readable(path).map(|()| lock),
        Err(error) => Err(Error::Open(format!("cannot create {}: {error}", path.display()))),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// Makes a new file that only its owner can read; it must not exist.
pub fn create_private(path: &Path) -> std::io::Result<File> {
    private().create_new(true).open(path)
}

fn lock(database: &Path) -> Result<ServerLock, Error> {
    let path = beside(database, ".lock");
    let open = private().create(true).truncate(false).open(&path);
    let file = open.map_err(|error| Error::Open(format!("cannot create {}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(ServerLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(database.display().to_string())),
        Err(TryLockError::Error(error)) => Err(Error::Open(format!(
            "cannot lock {}: {error}: keep it on a local disk",
            path.display()
        ))),
    }
}

fn refuse_readable(path: &Path) -> Result<(), Error> {
    let shown = path.display();
    let file = path
        .metadata()
        .map_err(|error| Error::Open(format!("cannot open {shown}: {error}")))?;
    let others = file.permissions().mode() % 0o10;
    if others == 0 {
        return Ok(());
    }
    Err(Error::Open(format!(
        "{shown} can be read by every user of this machine: run `chmod 600 {shown}`"
    )))
}

/// Looks for damage before the first request is served.
///
/// A small database is read whole (`quick_check`: every page's structure, but not indexes against tables). A
/// large one would take minutes, so its header, schema and size are checked here; `cell_size_check` and the
/// b-tree's own checks find the rest when a page is used, and answer [`Error::Corrupt`].
pub fn check_integrity(connection: &Connection, path: &Path) -> Result<(), Error> {
    let size = |path: PathBuf| path.metadata().map_or(0, |file| file.len());
    let small = size(path.to_owned()) + size(beside(path, "-wal")) <= READ_WHOLE;
    let check = if small {
        "PRAGMA quick_check(1)"
    } else {
        "SELECT count(*) FROM sqlite_schema"
    };
    let found = connection
        .query_row(check, (), |row| row.get::<_, rusqlite::types::Value>(0))
        .map_err(|error| fault(error, check))?;
    match found {
        rusqlite::types::Value::Text(text) if text != "ok" => Err(Error::Corrupt(text)),
        _ if small => Ok(()),
        _ => check_size(connection, path),
    }
}

/// A database cut short has fewer pages on disk than its header says, unless they are still in the WAL.
fn check_size(connection: &Connection, path: &Path) -> Result<(), Error> {
    let number = |pragma| {
        let read = connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        read.map(i64::unsigned_abs).map_err(|error| fault(error, pragma))
    };
    let (pages, page) = (number("page_count")?, number("page_size")?);
    let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
    let stored = size(path) + size(&beside(path, "-wal"));
    if stored >= pages.saturating_mul(page) {
        return Ok(());
    }
    Err(Error::Corrupt(format!(
        "{stored} bytes on disk, {pages} pages of {page} bytes expected"
    )))
}

/// A file named after the database's.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
