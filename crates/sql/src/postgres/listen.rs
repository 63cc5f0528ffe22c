//! The listening connection: hears what other nodes commit, and gives the caches' lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::sync::Notify;
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

/// Why listening ended.
#[derive(PartialEq, Eq)]
enum End {
    /// The connection is gone.
    Lost,
    /// It does not hear: a pooler gives each sentence another session.
    Deaf,
}

impl End {
    fn complain(&self) {
        match self {
            Self::Lost => tracing::warn!(
                "the connection that listens was lost; until it is back the database is asked before each answer"
            ),
            Self::Deaf => tracing::error!(
                "nothing is heard of other nodes, so the database is asked before each answer: \
                 set postgres.direct_url to an address without a pooler"
            ),
        }
    }
}

/// What listens.
pub struct Ear {
    /// Makes the connection that listens, without a pooler.
    pub direct: Arc<Connector>,
    /// Makes connections as transactions use them.
    pub others: Arc<Connector>,
    pub shared: Arc<Shared>,
    pub listener: Arc<dyn Listener>,
}

impl Ear {
    /// Listens for ever.
    pub async fn listen(self) {
        let mut deaf = false;
        loop {
            match tokio::time::timeout(PATIENCE, self.direct.connect()).await {
                Ok(Ok((client, messages))) => {
                    self.shared.here();
                    let end = self.session(&client, messages).await;
                    let still = std::mem::replace(&mut deaf, end == End::Deaf);
                    // A pooler in the way stays there, and one complaint is enough.
                    if !(still && deaf) {
                        end.complain();
                    }
                }
                Ok(Err(error)) => self.shared.away(&error),
                Err(_) => {}
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn session(&self, client: &Client, messages: Messages) -> End {
        let echo = Notify::new();
        tokio::select! {
            () = self.hear(messages, &echo) => End::Lost,
            end = self.beat(client, &echo) => end,
        }
    }

    /// Hears until the connection ends. What was heard has its effect before any later answer on this connection is
    /// seen, since both come through here.
    async fn hear(&self, mut messages: Messages, echo: &Notify) {
        let own_echo = self.echo();
        while let Some(Ok(message)) = messages.next().await {
            let AsyncMessage::Notification(notification) = message else {
                continue;
            };
            if notification.payload() == own_echo {
                echo.notify_one();
                continue;
            }
            match notice::read(&self.shared.node, notification.payload()) {
                None => {}
                Some(Heard::Changed(announcements)) => self.listener.committed(&announcements),
                Some(Heard::Everything) => self.listener.foreign_commit(),
            }
        }
    }

    /// Proves again and again that everything up to now was heard; ends when an answer is missing.
    async fn beat(&self, client: &Client, echo: &Notify) -> End {
        if !answered(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await {
            return End::Lost;
        }
        match tokio::time::timeout(PATIENCE, self.call(echo)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Lost,
            Err(_) => return End::Deaf,
        }
        // What happened while nobody listened is unknown.
        self.listener.foreign_commit();
        loop {
            let at = Instant::now();
            if !answered(client.batch_execute("SELECT 1")).await {
                return End::Lost;
            }
            self.listener.proof(at);
            tokio::time::sleep_until((at + BEAT).into()).await;
        }
    }

    /// Calls as another node would, and waits to hear it. Behind a pooler that shares sessions a LISTEN succeeds and is
    /// without effect, which nothing else would show.
    async fn call(&self, echo: &Notify) -> Result<(), Driver> {
        let (caller, _) = self.others.open().await?;
        let call = format!("NOTIFY {CHANNEL}, '{}'", self.echo());
        caller.batch_execute(&call).await?;
        echo.notified().await;
        Ok(())
    }

    /// A text that other nodes pass over: it announces nothing.
    fn echo(&self) -> String {
        format!("{}{}", self.shared.node, notice::ECHO)
    }
}

async fn answered(asked: impl Future<Output = Result<(), Driver>>) -> bool {
    matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(())))
}
