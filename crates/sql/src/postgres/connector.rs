//! Making a connection.

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Connect};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_postgres::{AsyncMessage, Client, Config, Error as Driver, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::{refusal, terms, tls};
use crate::Error;

/// How long all hosts together may take before a start is given up.
const START: Duration = Duration::from_secs(5);
/// The oldest server that is spoken to, as it numbers itself.
const OLDEST: u32 = 150_000;
/// What a server is asked first: its version, and whose confirmation its commits wait for.
const ABOUT: &str =
    "SELECT current_setting('server_version_num'), current_setting('synchronous_standby_names')";

/// What arrives on a connection without being asked for; it must be read for anything to arrive at all.
pub type Messages = Pin<Box<dyn Stream<Item = Result<AsyncMessage, Driver>> + Send>>;

/// Makes connections to one address.
pub struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Connector {
    /// Reads the address. Nothing is connected yet.
    pub fn new(url: &str) -> Result<Self, Error> {
        let Address { config, trust } = Address::parse(url)?;
        let tls = tls::client(&trust)
            .map_err(|reason| Error::Open(format!("TLS to PostgreSQL is not possible: {reason}")))?;
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
        })
    }

    /// What the driver below reads of the address.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// A connection and what arrives on it. Boxed, for it is a lot of code that would be part of whatever needs one.
    pub fn connect(&self) -> BoxFuture<'_, Result<(Client, Messages), Driver>> {
        Box::pin(async {
            let (client, mut connection) = self.config.connect(self.tls.clone()).await?;
            let messages = stream::poll_fn(move |context| connection.poll_message(context));
            Ok((client, Box::pin(messages) as Messages))
        })
    }

    /// A connection whose messages nobody listens to, and what ends it.
    pub async fn open(&self) -> Result<(ClientWrapper, AbortHandle), Driver> {
        let (client, task) = self.served().await?;
        let stop = task.abort_handle();
        Ok((ClientWrapper::new(client, task), stop))
    }

    async fn served(&self) -> Result<(Client, JoinHandle<()>), Driver> {
        let (client, mut messages) = self.connect().await?;
        // An error is the end of the connection, and everybody who waits on it learns of it.
        let serve = async move { while let Some(Ok(_)) = messages.next().await {} };
        Ok((client, tokio::spawn(serve)))
    }

    /// Whether this is a server that can be used; the error says what is wrong and what to do.
    pub async fn probe(&self) -> Result<(), Error> {
        let asked = async {
            let (client, _) = self.open().await?;
            // Answered by poolers too, unlike a parameter of the connection's start, and without a prepared statement,
            // whose name another client of the pooler may have given to its own.
            let answers = client.simple_query(ABOUT).await?;
            Ok(answers.into_iter().find_map(|answer| match answer {
                SimpleQueryMessage::Row(row) => {
                    Some((row.get(0)?.parse::<u32>().ok()?, row.get(1)?.is_empty()))
                }
                _ => None,
            }))
        };
        let about = match tokio::time::timeout(START, asked).await {
            Ok(answer) => answer.map_err(|error: Driver| refusal::refused(&error, &self.config))?,
            Err(_) => return Err(refusal::silent(&self.config, START)),
        };
        match about {
            Some((version, _)) if version < OLDEST => return Err(refusal::too_old(version)),
            Some((_, true)) if self.config.get_hosts().len() > 1 => tracing::warn!(
                "database.url names several hosts, but synchronous_standby_names is empty: a failover loses the last \
                 moments, and what was ended in them lives again (docs/operations/high-availability.md)"
            ),
            _ => {}
        }
        Ok(())
    }
}

/// Makes the connections of a pool.
pub struct Dial {
    pub connector: std::sync::Arc<Connector>,
    /// Whether each belongs to one client as long as it lasts, because no pooler is between.
    pub settle: bool,
}

impl Connect for Dial {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Driver>> + Send + '_>> {
        Box::pin(async {
            let (client, task) = self.connector.served().await?;
            if self.settle {
                client.batch_execute(&terms::settle()).await?;
            }
            Ok((client, task))
        })
    }
}
