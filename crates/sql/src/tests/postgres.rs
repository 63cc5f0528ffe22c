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

/// The server's process that serves the connection.
const PROCESS: &str = "SELECT CAST(pg_backend_pid() AS BIGINT)";

async fn process(tx: &mut Tx, (): &()) -> Result<i64, Error> {
    tx.one(PROCESS, &[]).await?.ok_or(Error::Lost)?.get(0)
}

/// Asks until it is so, without a fixed wait.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let patience = soon();
    while !so().await {
        assert!(Instant::now() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
