//! Connections for transactions and lists.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::QueueMode;
use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};

use super::connector::Dial;
use super::shared::Shared;
use crate::Error;

/// How long a transaction waits for a connection.
pub const WAIT: Duration = Duration::from_secs(1);

/// A pool. Connections are not tested before they are used: one that was lost shows it, and a transaction whose
/// connection was lost before its COMMIT is run again on another.
pub struct Connections {
    pool: Pool,
    shared: Arc<Shared>,
}

impl Connections {
    pub fn new(dial: Dial, size: usize, shared: Arc<Shared>) -> Result<Self, Error> {
        let fast = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let config = dial.connector.config().clone();
        let manager = Manager::from_connect(config, dial, fast);
        let pool = Pool::builder(manager)
            .max_size(size.max(1))
            // The one that was used last: the caches of its process are warm.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Open(error.to_string()))?;
        Ok(Self { pool, shared })
    }

    /// A connection, at the latest after a second.
    pub async fn checkout(&self, deadline: Instant) -> Result<Held, Error> {
        let wait = WAIT.min(deadline.saturating_duration_since(Instant::now()));
        if wait.is_zero() {
            return Err(Error::TooLate);
        }
        let timeouts = Timeouts {
            wait: Some(wait),
            create: Some(wait),
            recycle: None,
        };
        let got = tokio::time::timeout(wait, self.pool.timeout_get(&timeouts)).await;
        match got {
            Ok(Ok(client)) => Ok(client.into()),
            Ok(Err(PoolError::Closed)) => Err(Error::Closed),
            Ok(Err(PoolError::Backend(error))) => {
                self.shared.away(&error);
                Err(Error::Busy)
            }
            _ if Instant::now() >= deadline => Err(Error::TooLate),
            _ => Err(Error::Busy),
        }
    }

    pub fn close(&self) {
        self.pool.close();
    }
}

/// A connection that nobody else uses meanwhile.
///
/// One that is let go in the middle of something is of no use to the next: it ends, and the server undoes what it had not
/// committed.
pub struct Held {
    client: Option<Client>,
    /// Whether it is in the middle of something.
    busy: AtomicBool,
}

enum Client {
    /// Goes back to the pool.
    Pooled(Object),
    /// Ends when it is dropped.
    Own(ClientWrapper),
}

impl Held {
    fn new(client: Client) -> Self {
        Self {
            client: Some(client),
            busy: AtomicBool::new(false),
        }
    }

    /// Says whether it is in the middle of something.
    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
    }
}

impl From<Object> for Held {
    fn from(pooled: Object) -> Self {
        Self::new(Client::Pooled(pooled))
    }
}

impl From<ClientWrapper> for Held {
    fn from(own: ClientWrapper) -> Self {
        Self::new(Client::Own(own))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let (Some(Client::Pooled(pooled)), true) = (self.client.take(), *self.busy.get_mut()) {
            drop(Object::take(pooled));
        }
    }
}

impl Deref for Held {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        match &self.client {
            Some(Client::Pooled(client)) => client,
            Some(Client::Own(client)) => client,
            None => unreachable!("it is taken out when it is dropped"),
        }
    }
}
