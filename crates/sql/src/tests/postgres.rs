//! What only `PostgreSQL` has: connections that are lost, other nodes, a server that may not be there.

mod company;
mod listening;
mod lost;
mod poolers;
mod starting;
mod tls;
mod transactions;
mod wire;

use super::*;
use crate::{Health, Value};
use std::sync::atomic::AtomicU32;

/// The server's process that serves the connection.
const PROCESS: &str = "SELECT CAST(pg_backend_pid() AS BIGINT)";

async fn process(tx: &mut Tx, (): &()) -> Result<i64, Error> {
    tx.one(PROCESS, &[]).await?.ok_or(Error::Lost)?.get(0)
}

/// Locks the first note for a second and a half, and says when.
async fn hold_the_first(tx: &mut Tx, held: &Arc<AtomicU32>) -> Result<(), Error> {
    tx.run("UPDATE notes SET word = 'held' WHERE id = 1", &[]).await?;
    held.store(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    Ok(())
}

/// Asks until it is so, without a fixed wait.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let patience = soon();
    while !so().await {
        assert!(Instant::now() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
