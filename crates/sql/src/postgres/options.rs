//! How a `PostgreSQL` database is opened.

use std::sync::Arc;

use super::address::Address;
use crate::{Error, Listener};

/// Options of [`Db::open_postgres`](crate::Db::open_postgres).
pub struct OpenPostgres {
    /// Where the database is, as libpq writes it: `postgres://user@host/name?sslmode=verify-full`, several hosts
    /// separated by commas, or a Unix socket by `?host=/folder`. Only a server that takes writes is used.
    pub url: String,
    /// Where it is without the pooler that `url` leads to: for listening and for migrations.
    pub direct_url: Option<String>,
    /// Whether statements are prepared once per connection. Without, each is sent whole and unnamed, which every
    /// pooler passes on.
    pub prepare: bool,
    /// Connections for transactions and lists, at most.
    pub connections: usize,
    /// Connections that all short reads share.
    pub readers: usize,
    /// Transactions that may be at work or wait before [`Error::Busy`].
    pub queue: usize,
    /// What hears of commits, here and on other nodes. Without one nothing is listened for.
    pub listener: Option<Arc<dyn Listener>>,
}

impl OpenPostgres {
    /// A server's options.
    pub fn new(url: impl Into<String>, listener: Arc<dyn Listener>) -> Self {
        Self {
            url: url.into(),
            direct_url: None,
            prepare: true,
            connections: 16,
            readers: 4,
            queue: 1024,
            listener: Some(listener),
        }
    }

    /// Options of a command that runs beside the servers: few connections, no caches to keep fresh.
    pub fn companion(url: impl Into<String>) -> Self {
        Self {
            connections: 2,
            readers: 1,
            listener: None,
            ..Self::new(url, Arc::new(()))
        }
    }

    /// Where the database is, without user and password, and the same text however the address was written: for
    /// messages, and to tell whether two addresses are one.
    ///
    /// # Errors
    /// [`Error::Open`] when the address cannot be understood; it is not shown.
    pub fn shown(&self) -> Result<String, Error> {
        Ok(Address::parse(&self.url)?.shown())
    }
}
