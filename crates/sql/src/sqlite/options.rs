//! How a `SQLite` database is opened.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Listener;

/// What this process is to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The server: one per file, checks the file at start and truncates the WAL.
    Server,
    /// A command beside the server. It writes in transactions of at most 500 rows.
    Companion,
}

/// Options of [`Db::open`](crate::Db::open).
pub struct OpenSqlite {
    /// The database file; created with mode 0600.
    pub path: PathBuf,
    /// What this process is to the database.
    pub role: Role,
    /// Connections for inline reads: at least as many as the runtime has workers, so that none waits.
    pub readers: usize,
    /// Threads for [`Db::scan`](crate::Db::scan).
    pub scanners: usize,
    /// Page cache of each connection, in KiB.
    pub page_cache_kib: u32,
    /// Transactions (and scans) that may wait before [`Error::Busy`](crate::Error::Busy).
    pub queue: usize,
    /// What hears of commits.
    pub listener: Arc<dyn Listener>,
}

impl OpenSqlite {
    /// A server's options; a companion changes `role` and the sizes.
    pub fn new(path: impl Into<PathBuf>, listener: Arc<dyn Listener>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            path: path.into(),
            role: Role::Server,
            readers: cores + 1,
            scanners: 2,
            page_cache_kib: 2048,
            queue: 1024,
            listener,
        }
    }

    /// Options of a command that runs beside the server: few connections, no caches to keep fresh.
    pub fn companion(path: impl Into<PathBuf>) -> Self {
        Self {
            role: Role::Companion,
            readers: 1,
            scanners: 1,
            ..Self::new(path, Arc::new(()))
        }
    }
}
