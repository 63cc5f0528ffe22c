//! Connections that all short reads share: sentences follow each other without waiting for answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use deadpool_postgres::ClientWrapper;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use super::connector::Connector;
use super::fault::Fate;
use super::news;
use super::pool::WAIT;
use super::sentence::{self, Outcome};
use super::shared::Shared;
use super::terms::SENTENCE;
use crate::{Error, Health, Value};

/// How long nobody tries again to connect after a failure: everybody who waits then learns of it at once.
const REST: Duration = Duration::from_millis(50);
/// So many sentences follow each other on one connection before another is worth waking a process of the server.
const FEW: usize = 8;
/// How many lost connections one read survives.
const REPEATS: u32 = 2;

pub struct Readers {
    places: Box<[Place]>,
    connector: Arc<Connector>,
    prepare: bool,
    /// How long one answer is waited for.
    patience: Duration,
    shared: Arc<Shared>,
}

/// Where a connection is, or will be.
#[derive(Default)]
struct Place {
    open: RwLock<Option<Arc<Reader>>>,
    /// Held by whoever connects; when that last failed.
    connecting: Mutex<Option<Instant>>,
    /// Sentences that are on their way here.
    busy: AtomicUsize,
}

struct Reader {
    client: ClientWrapper,
    stop: AbortHandle,
}

/// A place that a sentence is on its way to.
struct Taken<'p>(&'p Place);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Place {
    fn open(&self) -> Option<Arc<Reader>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().filter(|reader| !reader.client.is_closed()).cloned()
    }

    fn set(&self, reader: Option<Arc<Reader>>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = reader;
    }
}

impl Readers {
    /// None is connected yet.
    pub fn new(connector: &Arc<Connector>, count: usize, prepare: bool, shared: &Arc<Shared>) -> Self {
        Self {
            places: (0..count.max(1)).map(|_| Place::default()).collect(),
            connector: Arc::clone(connector),
            prepare,
            patience: SENTENCE.saturating_sub(news::PATIENCE),
            shared: Arc::clone(shared),
        }
    }

    /// Waits so long for each answer.
    pub fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs a sentence that only reads. A lost connection is replaced and the sentence repeated.
    pub async fn read(&self, sql: &'static str, values: &[Value]) -> Result<Outcome, Error> {
        let until = Instant::now() + self.patience;
        let mut repeats = 0;
        loop {
            let place = self.place()?;
            let reader = self.reader(&place, until).await?;
            let read = sentence::run(&reader.client, self.prepare, sql, values);
            let failed = match tokio::time::timeout_at(until.into(), read).await {
                Ok(Ok(outcome)) => return Ok(outcome),
                Ok(Err(failed)) => failed,
                Err(_) => {
                    // Whoever else waits on this connection has waited in vain too.
                    reader.stop.abort();
                    return Err(Error::Busy);
                }
            };
            if failed.fate != Fate::Gone || failed.error != Error::Lost || repeats == REPEATS {
                return Err(failed.error);
            }
            reader.stop.abort();
            repeats += 1;
        }
    }

    /// Where the fewest sentences are on their way, counted in [`FEW`]s, and of those the first: while few read, all of them
    /// are answered by one process of the server, whose caches are warm.
    fn place(&self) -> Result<Taken<'_>, Error> {
        let busy = |place: &&Place| place.busy.load(Ordering::Relaxed) / FEW;
        let place = self.places.iter().min_by_key(busy).ok_or(Error::Closed)?;
        place.busy.fetch_add(1, Ordering::Relaxed);
        Ok(Taken(place))
    }

    /// The connection there, made if need be.
    async fn reader(&self, Taken(place): &Taken<'_>, until: Instant) -> Result<Arc<Reader>, Error> {
        if self.shared.health() == Health::Closed {
            return Err(Error::Closed);
        }
        if let Some(reader) = place.open() {
            return Ok(reader);
        }
        let wait = WAIT.min(until.saturating_duration_since(Instant::now()));
        tokio::time::timeout(wait, self.connect(place))
            .await
            .unwrap_or(Err(Error::Busy))
    }

    async fn connect(&self, place: &Place) -> Result<Arc<Reader>, Error> {
        let mut failed = place.connecting.lock().await;
        if let Some(reader) = place.open() {
            return Ok(reader);
        }
        if failed.is_some_and(|at| at.elapsed() < REST) {
            return Err(Error::Busy);
        }
        // Whoever gives up waiting has failed too.
        *failed = Some(Instant::now());
        match self.connector.open().await {
            Ok((client, stop)) => {
                let reader = Arc::new(Reader { client, stop });
                place.set(Some(Arc::clone(&reader)));
                *failed = None;
                self.shared.here();
                Ok(reader)
            }
            Err(error) => {
                *failed = Some(Instant::now());
                self.shared.away(&error);
                Err(Error::Busy)
            }
        }
    }

    pub fn close(&self) {
        for place in &self.places {
            place.set(None);
        }
    }
}
