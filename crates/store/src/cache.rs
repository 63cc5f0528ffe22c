//! The rules that every cache obeys: when it may answer, when it may be filled, and what empties it.
//!
//! Cached authority is used under a lease: only while the last proof, that no other process has committed anything
//! unseen, is younger than 750 ms. Without a lease the database is asked whether anything was, or else read, so a frozen
//! process fails closed.
//! A value is kept only if nothing about its key was announced since before it was read.

mod lease;

use self::lease::Lease;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Entries;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use vestibule_sql::{Announcement, Asker, Listener};

/// Locks that guard the filling of one cache; a key has always the same. Of N entries that are made at once, each is
/// lost with a chance of N in so many, because another key of its gate was announced.
const GATES: usize = 2_048;

/// Hears of commits and passes them on to the caches that it has made.
pub struct Freshness {
    lease: Arc<Lease>,
    caches: RwLock<Vec<Box<dyn Hears>>>,
}

impl Freshness {
    /// Without caches and without a lease until the first proof.
    pub(crate) fn new() -> Self {
        Self {
            lease: Arc::new(Lease::new()),
            caches: RwLock::default(),
        }
    }

    /// Whether what other processes commit is seen, so that caches may answer without asking.
    pub fn is_proven(&self) -> bool {
        self.lease.is_proven()
    }

    /// Names who is asked where that is not so.
    pub(crate) fn ask_with(&self, asker: Option<Asker>) {
        if let Some(asker) = asker {
            self.lease.ask_with(asker);
        }
    }

    /// Makes a cache of at most `capacity` entries that loses what `topics` announce. Caches hear in the order in
    /// which they were made: one that is filled from another is made after it.
    pub fn cache<K, V>(&self, capacity: usize, topics: &'static [Topic<K, V>]) -> Cache<K, V>
    where
        K: Eq + Hash + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        self.weighed(capacity, |_, _| 1, topics)
    }

    /// Makes a cache whose entries differ in size: together they weigh at most `capacity`.
    pub fn weighed<K, V>(
        &self,
        capacity: usize,
        weight: fn(&K, &V) -> u64,
        topics: &'static [Topic<K, V>],
    ) -> Cache<K, V>
    where
        K: Eq + Hash + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let shared = Arc::new(Shelf {
            entries: Entries::with_weighter(capacity, capacity as u64, Weight(weight)),
            gates: (0..GATES).map(|_| Mutex::new(0)).collect(),
            hasher: std::hash::RandomState::new(),
            topics,
        });
        let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
        caches.push(Box::new(Arc::clone(&shared)));
        Cache {
            lease: Arc::clone(&self.lease),
            shelf: shared,
        }
    }
}

/// How much of a cache's capacity an entry takes.
struct Weight<K, V>(fn(&K, &V) -> u64);

impl<K, V> Clone for Weight<K, V> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<K, V> Weighter<K, V> for Weight<K, V> {
    fn weight(&self, key: &K, value: &V) -> u64 {
        (self.0)(key, value)
    }
}

impl Listener for Freshness {
    fn committed(&self, announcements: &[Announcement<'_>]) {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        for cache in caches.iter() {
            for announcement in announcements {
                cache.hear(announcement);
            }
        }
    }

    fn foreign_commit(&self) {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        caches.iter().for_each(|cache| cache.forget_all());
    }

    fn proof(&self, at: Instant) {
        self.lease.prove(at);
    }

    fn asked(&self, at: Instant) {
        self.lease.answer(at);
    }

    fn wrote(&self, body: &'static str, took: Duration) {
        metrics::histogram!("vestibule_store_body_seconds", "body" => body).record(took);
    }
}

/// What an announcement does to a cache.
pub enum Topic<K, V> {
    /// The announced id names one entry.
    Entry(&'static str, fn([u8; 16]) -> K),
    /// The entries of which this is true go. Every entry is looked at, so it is for what happens rarely.
    Those(&'static str, fn([u8; 16], &K, &V) -> bool),
    /// It is rare, and everything goes.
    All(&'static str),
}

/// A bounded cache.
pub struct Cache<K: 'static, V: 'static> {
    lease: Arc<Lease>,
    shelf: Arc<Shelf<K, V>>,
}

struct Shelf<K: 'static, V: 'static> {
    entries: Entries<K, V, Weight<K, V>>,
    /// How often a key of this gate was announced.
    gates: Box<[Mutex<u64>]>,
    hasher: std::hash::RandomState,
    topics: &'static [Topic<K, V>],
}

/// Permission to keep what is read from now on, unless it is announced meanwhile.
pub struct Ticket(u64);

impl<K, V> Cache<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value, while there is a lease.
    pub fn get(&self, key: &K) -> Option<V> {
        if self.lease.holds() {
            self.shelf.entries.get(key)
        } else {
            None
        }
    }

    /// To be taken before the value is read.
    pub fn ticket(&self, key: &K) -> Ticket {
        Ticket(*self.shelf.gate(key))
    }

    /// Keeps a value that was read after its ticket was taken, unless the key was announced meanwhile.
    pub fn fill(&self, ticket: &Ticket, key: K, value: V) {
        self.keep(ticket.0, key, value);
    }

    /// Keeps the value that a commit of this process gave the key. Its ticket was taken before that transaction began, and
    /// the commit's own announcement is the only one since: whatever else was committed would have been announced too.
    pub fn renew(&self, ticket: &Ticket, key: K, value: V) {
        self.keep(ticket.0 + 1, key, value);
    }

    /// Keeps a value if its gate's keys were announced just so often.
    fn keep(&self, announced: u64, key: K, value: V) {
        let gate = self.shelf.gate(&key);
        if *gate == announced {
            self.shelf.entries.insert(key, value);
        }
    }

    /// Drops a value that has outlived its use.
    pub fn forget(&self, key: &K) {
        self.shelf.forget(key);
    }

    /// The value, cached or read. `read` is not called when it is cached: what waits for a hit is small.
    pub async fn through<E, Read>(&self, key: &K, read: impl FnOnce() -> Read) -> Result<Option<V>, E>
    where
        Read: Future<Output = Result<Option<V>, E>>,
    {
        if self.lease.obtain().await
            && let Some(value) = self.shelf.entries.get(key)
        {
            return Ok(Some(value));
        }
        let ticket = self.ticket(key);
        let value = Box::pin(read()).await?;
        if let Some(value) = &value {
            self.fill(&ticket, key.clone(), value.clone());
        }
        Ok(value)
    }
}

impl<K: Eq + Hash, V: Clone> Shelf<K, V> {
    fn gate(&self, key: &K) -> MutexGuard<'_, u64> {
        #[expect(clippy::cast_possible_truncation, reason = "any part of a hash will do")]
        let place = self.hasher.hash_one(key) as usize % GATES;
        #[expect(clippy::indexing_slicing, reason = "there are so many")]
        let gate = &self.gates[place];
        gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing in that is being read now.
    fn shut(&self) {
        for gate in &self.gates {
            *gate.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
    }

    fn forget(&self, key: &K) {
        let mut gate = self.gate(key);
        *gate += 1;
        self.entries.remove(key);
    }
}

trait Hears: Send + Sync {
    fn hear(&self, announcement: &Announcement<'_>);
    fn forget_all(&self);
}

impl<K, V> Hears for Arc<Shelf<K, V>>
where
    K: Eq + Hash + Send + Sync,
    V: Clone + Send + Sync,
{
    fn hear(&self, announcement: &Announcement<'_>) {
        for topic in self.topics {
            match topic {
                Topic::Entry(name, key) if *name == announcement.topic => self.forget(&key(announcement.id)),
                Topic::Those(name, goes) if *name == announcement.topic => {
                    self.shut();
                    self.entries
                        .retain(|key, value| !goes(announcement.id, key, value));
                }
                Topic::All(name) if *name == announcement.topic => self.forget_all(),
                Topic::Entry(..) | Topic::Those(..) | Topic::All(_) => {}
            }
        }
    }

    fn forget_all(&self) {
        self.shut();
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests;
