//! `PostgreSQL`: a pool for transactions, shared connections for reads, one connection that listens.

mod address;
mod bind;
mod body;
mod company;
mod connector;
mod convoy;
mod fault;
mod listen;
mod news;
mod notice;
mod options;
mod pool;
mod readers;
mod refusal;
mod sentence;
mod shared;
mod sole;
mod terms;
mod tls;
mod transact;
mod transaction;
mod trip;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join3};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use self::body::{Body, body};
use self::company::Company;
use self::connector::{Connector, Dial};
use self::listen::Ear;
use self::news::News;
pub use self::options::OpenPostgres;
use self::pool::{Connections, Held};
use self::readers::Readers;
use self::shared::Shared;
use self::terms::{GRACE, SENTENCE, Terms, Way};
pub use self::transaction::Transaction;
use crate::{Abort, Act, By, Engine, Error, Health, Row, Sql, Value};

/// How long closing waits for transactions at work.
const DRAIN: Duration = Duration::from_secs(30);

/// An open `PostgreSQL` database.
///
/// What it returns is boxed here: an `async fn` would be made anew in every crate that awaits it, and be part of each
/// future that might.
pub struct Postgres {
    core: Arc<Core>,
    readers: Readers,
    /// A permit for each transaction that may be at work or wait.
    queue: Arc<Semaphore>,
    permits: u32,
    listening: Option<JoinHandle<()>>,
    news: Box<News>,
}

/// What transactions need, whoever still waits for them.
pub struct Core {
    shared: Arc<Shared>,
    pool: Connections,
    /// Leads to the database without a pooler.
    direct: Arc<Connector>,
    way: Way,
    company: Company,
}

impl Core {
    /// A connection: for a migration one of its own, for everything else one of the pool.
    async fn checkout(&self, terms: Terms) -> Result<Held, Error> {
        if !terms.patient {
            return self.pool.checkout(terms.deadline).await;
        }
        let opened = self.direct.open().await;
        opened
            .map(|(client, _)| client.into())
            .map_err(|error| refusal::refused(&error, self.direct.config()))
    }
}

impl Postgres {
    /// Finds out whether the database can be used, and begins to listen.
    pub fn open(options: OpenPostgres) -> BoxFuture<'static, Result<Self, Error>> {
        Box::pin(async move {
            let connector = Arc::new(Connector::new(&options.url)?);
            let direct = match &options.direct_url {
                Some(url) => Arc::new(Connector::new(url)?),
                None => Arc::clone(&connector),
            };
            connector.probe().await?;
            if options.direct_url.is_some() {
                direct.probe().await?;
            }
            let shared = Arc::new(Shared::new(
                options.listener.clone(),
                direct.config().get_user().unwrap_or("this user"),
            ));
            let listening = options.listener.map(|listener| {
                let ear = Ear {
                    direct: Arc::clone(&direct),
                    others: Arc::clone(&connector),
                    shared: Arc::clone(&shared),
                    listener,
                };
                tokio::spawn(ear.listen())
            });
            let permits = u32::try_from(options.queue.max(1)).unwrap_or(u32::MAX);
            let settled = options.direct_url.is_none();
            let dial = Dial {
                connector: Arc::clone(&connector),
                settle: settled,
            };
            let core = Core {
                pool: Connections::new(dial, options.connections, Arc::clone(&shared))?,
                direct,
                way: Way {
                    prepare: options.prepare,
                    settled,
                },
                shared: Arc::clone(&shared),
                company: Company::new(),
            };
            Ok(Self {
                core: Arc::new(core),
                readers: Readers::new(&connector, options.readers, options.prepare, &shared),
                news: Box::new(News::new(&connector, options.prepare, &shared)),
                queue: Arc::new(Semaphore::new(permits as usize)),
                permits,
                listening,
            })
        })
    }

    /// What a transaction is given.
    pub fn terms(&self, by: By) -> Terms {
        Terms {
            deadline: by.deadline,
            company: by.company,
            way: self.core.way,
            patient: false,
            unsynced: false,
        }
    }

    /// Runs a transaction in a task of its own, and waits for its answer.
    pub async fn write<F, I, T, E>(&self, terms: Terms, act: F, input: I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let (body, answer) = body(act, input);
        self.begin(terms, body)?;
        // The transaction itself keeps to the deadline; this is for a body that waits for something else.
        match tokio::time::timeout_at((terms.deadline + 2 * GRACE).into(), answer).await {
            Ok(Ok(outcome)) => outcome,
            _ => Err(Error::Unknown.into()),
        }
    }

    /// Runs a body in a task of its own.
    fn begin(&self, terms: Terms, mut body: Box<dyn Body>) -> Result<(), Error> {
        if self.health() == Health::Closed {
            return Err(Error::Closed);
        }
        if Instant::now() >= terms.deadline {
            return Err(Error::TooLate);
        }
        let Ok(permit) = Arc::clone(&self.queue).try_acquire_owned() else {
            return Err(if self.queue.is_closed() {
                Error::Closed
            } else {
                Error::Busy
            });
        };
        let core = Arc::clone(&self.core);
        tokio::spawn(async move {
            core.company.wait(terms.company).await;
            core.transact(terms, &mut *body).await;
            drop(permit);
            body.answer();
        });
        Ok(())
    }

    pub fn read_all<'t>(&'t self, sql: Sql, bind: &'t [Value]) -> BoxFuture<'t, Result<Vec<Row>, Error>> {
        Box::pin(async move {
            let text = sql.text(Engine::Postgres);
            self.readers.read(text, bind).await.map(|outcome| outcome.rows)
        })
    }

    pub fn read_one<'t>(&'t self, sql: Sql, bind: &'t [Value]) -> BoxFuture<'t, Result<Option<Row>, Error>> {
        Box::pin(async move {
            let text = sql.text(Engine::Postgres);
            self.readers.read(text, bind).await?.one(text)
        })
    }

    /// Reads on a connection of the pool, so that a long list delays no short read.
    pub fn scan(
        &self,
        deadline: Instant,
        sql: Sql,
        bind: Vec<Value>,
    ) -> BoxFuture<'_, Result<Vec<Row>, Error>> {
        Box::pin(async move {
            let text = sql.text(Engine::Postgres);
            let client = self.core.pool.checkout(deadline).await?;
            let left = SENTENCE.min(deadline.saturating_duration_since(Instant::now()));
            let limited = format!(
                "BEGIN READ ONLY;SET LOCAL statement_timeout={}",
                left.as_millis().max(1)
            );
            let read = async {
                sentence::ready(&client, self.core.way.prepare, text).await?;
                // The three travel together, so whoever gives up waiting leaves no transaction open.
                let begin = client.batch_execute(&limited);
                let run = sentence::run(&client, self.core.way.prepare, text, &bind);
                let (_, ran, _) = join3(begin, run, client.batch_execute("COMMIT")).await;
                ran
            };
            match tokio::time::timeout(left, read).await {
                Ok(Ok(outcome)) => Ok(outcome.rows),
                Ok(Err(failed)) if failed.error == Error::Lost => Err(Error::Busy),
                Ok(Err(failed)) => Err(failed.error),
                Err(_) => {
                    client.set_busy(true);
                    Err(Error::TooLate)
                }
            }
        })
    }

    /// Prepares a sentence without running it.
    pub async fn check(&self, sql: Sql) -> Result<(), Error> {
        let client = self.core.pool.checkout(Instant::now() + SENTENCE).await?;
        sentence::check(&client, sql.text(Engine::Postgres)).await
    }

    /// Whether anybody hears of other nodes here.
    pub const fn listens(&self) -> bool {
        self.listening.is_some()
    }

    /// Asks whether there is news.
    pub fn ask(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            match &self.core.shared.listener {
                Some(listener) => self.news.ask(&**listener).await,
                None => Ok(()),
            }
        })
    }

    pub fn health(&self) -> Health {
        self.core.shared.health()
    }

    /// Stops intake, waits for what was handed over, and ends every connection.
    pub async fn close(&self) {
        self.core.shared.close();
        if let Some(listening) = &self.listening {
            listening.abort();
        }
        // Beyond that time, the tasks end with the runtime and the server undoes what they did.
        let _ = tokio::time::timeout(DRAIN, self.queue.acquire_many(self.permits)).await;
        self.queue.close();
        self.core.pool.close();
        self.readers.close();
        self.news.close();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}
