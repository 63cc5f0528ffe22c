//! The listening connection: hears what other nodes commit, and gives the caches' lease.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio_postgres::{AsyncMessage, Client, Error as Driver};

use super::connector::{Connector, Messages};
use super::notice::{self, CHANNEL, Heard};
use super::shared::Shared;
use crate::Listener;

/// How often the caches' lease is renewed.
const BEAT: Duration = Duration::from_millis(250);
/// How long an answer may take before another connection is made.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait after a connection was lost or could not be made.
const REST: Duration = Duration::from_millis(250);

/// Listens for ever.
pub async fn listen(connector: Arc<Connector>, shared: Arc<Shared>, listener: Arc<dyn Listener>) {
    loop {
        match tokio::time::timeout(PATIENCE, connector.connect()).await {
            Ok(Ok((client, messages))) => {
                shared.here();
                let hear = hear(messages, &shared.node, listener.as_ref());
                tokio::select! {
                    () = hear => {}
                    _ = beat(&client, listener.as_ref()) => {}
                }
                tracing::warn!(
                    "the connection that listens was lost; until it is back the caches are not used"
                );
            }
            Ok(Err(error)) => shared.away(&error),
            Err(_) => {}
        }
        tokio::time::sleep(REST).await;
    }
}

/// Hears until the connection ends. What was heard has its effect before any later answer on this connection is seen,
/// since both come through here.
async fn hear(mut messages: Messages, node: &str, listener: &dyn Listener) {
    while let Some(Ok(message)) = messages.next().await {
        let AsyncMessage::Notification(notification) = message else {
            continue;
        };
        match notice::read(node, notification.payload()) {
            None => {}
            Some(Heard::Changed(announcements)) => listener.committed(&announcements),
            Some(Heard::Everything) => listener.foreign_commit(),
        }
    }
}

/// Proves again and again that everything up to now was heard; ends when an answer is missing.
async fn beat(client: &Client, listener: &dyn Listener) -> ControlFlow<()> {
    if !answered(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await {
        return ControlFlow::Break(());
    }
    // What happened while nobody listened is unknown.
    listener.foreign_commit();
    loop {
        let at = Instant::now();
        if !answered(client.batch_execute("SELECT 1")).await {
            return ControlFlow::Break(());
        }
        listener.proof(at);
        tokio::time::sleep_until((at + BEAT).into()).await;
    }
}

async fn answered(asked: impl Future<Output = Result<(), Driver>>) -> bool {
    matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(())))
}
