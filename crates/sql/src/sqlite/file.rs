//! The database file: who may read it, who may serve it, and whether it is whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{OpenSqlite, Role, fault};
use crate::Error;

/// Up to this size in bytes, database and WAL, every page is read before anything is served: about 6 ms.
const READ_AT_ONCE: u64 = 4 << 20;

/// Up to this size every page is read right after the start, in the background: about 90 ms.
const READ_BEHIND: u64 = 64 << 20;

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

/// Looks for damage before the first request is served: reads a small database whole, and of a larger one header,
/// schema and size. What is left is found by [`check_behind`], or by `cell_size_check` and the b-tree's own checks when
/// a page is used, and answers [`Error::Corrupt`].
pub fn check_integrity(connection: &Connection, path: &Path) -> Result<(), Error> {
    if size_with_wal(path) <= READ_AT_ONCE {
        return read_whole(connection);
    }
    let check = "SELECT count(*) FROM sqlite_schema";
    connection
        .query_row(check, (), |_| Ok(()))
        .map_err(|error| fault(error, check))?;
    check_size(connection, path)
}

/// Reads what [`check_integrity`] has left, while requests are served already, so that start does not grow with the
/// database. One that is too large even for that would be read for minutes.
pub fn check_behind(connection: &Connection, path: &Path) -> Result<(), Error> {
    let size = size_with_wal(path);
    if size > READ_AT_ONCE && size <= READ_BEHIND {
        read_whole(connection)
    } else {
        Ok(())
    }
}

/// Checks every page's structure, but not indexes against tables.
fn read_whole(connection: &Connection) -> Result<(), Error> {
    let check = "PRAGMA quick_check(1)";
    let found: String = connection
        .query_row(check, (), |row| row.get(0))
        .map_err(|error| fault(error, check))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(Error::Corrupt(found))
    }
}

fn size_with_wal(path: &Path) -> u64 {
    let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
    size(path) + size(&beside(path, "-wal"))
}

/// A database cut short has fewer pages on disk than its header says, unless they are still in the WAL.
fn check_size(connection: &Connection, path: &Path) -> Result<(), Error> {
    let number = |pragma| {
        let read = connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        read.map(i64::unsigned_abs).map_err(|error| fault(error, pragma))
    };
    let (pages, page) = (number("page_count")?, number("page_size")?);
    let stored = size_with_wal(path);
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
