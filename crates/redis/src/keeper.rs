//! Who connects, finds out whether the server counts, and tells the operator what changed.

use crate::script::Counter;
use crate::{PATIENCE, told};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use vestibule_model::budget::{Rate, Share};

/// How long connecting may take, names and TLS included.
const CONNECT: Duration = Duration::from_secs(2);
/// How long nobody tries again after a failure.
const REST: Duration = Duration::from_millis(500);

/// A connection that all requests share. It is never repaired, only replaced.
pub struct Link {
    pub connection: MultiplexedConnection,
}

/// Where the connection is, while there is one.
#[derive(Default)]
pub struct Place {
    link: RwLock<Option<Arc<Link>>>,
    lost: Notify,
}

impl Place {
    pub fn link(&self) -> Option<Arc<Link>> {
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, link: Arc<Link>) {
        *self.link.write().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }

    /// Gives a connection up; the first who says so says it for all.
    pub fn lost(&self, link: &Arc<Link>, reason: &str) {
        let mut held = self.link.write().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, link)) {
            *held = None;
            drop(held);
            warn(reason);
            self.lost.notify_one();
        }
    }
}

pub struct Keeper {
    pub client: Client,
    pub place: Arc<Place>,
    pub counter: Arc<Counter>,
}

impl Keeper {
    /// Connects again and again.
    pub async fn keep(self) {
        let mut first = true;
        loop {
            match self.connect().await {
                Ok(link) => {
                    self.place.set(Arc::new(link));
                    tracing::info!("Redis counts the budgets that all nodes share");
                    self.place.lost.notified().await;
                }
                Err(reason) if first => warn(&reason),
                Err(_) => {}
            }
            first = false;
            tokio::time::sleep(REST).await;
        }
    }

    /// A connection over which something was counted: a server that only answers, such as a replica or one without
    /// memory, is of no use.
    async fn connect(&self) -> Result<Link, String> {
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(PATIENCE));
        let connecting = self
            .client
            .get_multiplexed_async_connection_with_config(&settings);
        let connection = tokio::time::timeout(CONNECT, connecting).await;
        let connection = connection
            .map_err(|_| format!("it cannot be reached within {CONNECT:?}"))?
            .map_err(|error| told(&error))?;
        let link = Link { connection };
        let rate = Rate {
            requests: u32::MAX,
            window: Duration::from_secs(1),
        };
        let probe = [Share {
            key: "probe".to_owned(),
            rate,
        }];
        let probed = tokio::time::timeout(PATIENCE, self.counter.ask(&link, "take", &probe)).await;
        probed
            .map_err(|_| format!("it does not answer within {PATIENCE:?}"))?
            .map_err(|error| told(&error))?;
        Ok(link)
    }
}

fn warn(reason: &str) {
    tracing::warn!(
        reason,
        "Redis does not count: until it does again, each node counts its own requests only, so that N nodes let N \
         times every budget through; see to limits.redis_url"
    );
}
