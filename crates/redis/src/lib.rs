//! Budgets that all nodes share, carried by Redis or Valkey.
//!
//! It may be away, slow or emptied at any time. A request never waits for it longer than [`PATIENCE`], and only those
//! that are under way when it falls silent wait at all: then the connection is given up, and nobody asks until a new one
//! has proved that it counts. Meanwhile each node's own budgets hold.
#![warn(missing_docs)]

mod keeper;
mod script;

use keeper::{Keeper, Place};
use redis::{Client, RedisError};
use script::Counter;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use vestibule_model::budget::{Counting, Share, SharedCounts, Verdict};

/// How long a request waits for an answer.
pub const PATIENCE: Duration = Duration::from_millis(250);

/// A Redis or Valkey that counts.
pub struct Redis {
    place: Arc<Place>,
    counter: Arc<Counter>,
    keeping: AbortHandle,
}

impl Redis {
    /// Begins to connect to `redis://user:password@host:6379/database`, by TLS with `rediss://`, and goes on until this
    /// is dropped. To be called on a runtime.
    ///
    /// # Errors
    /// When the address cannot be one; the text does not hold it.
    pub fn start(url: &str) -> Result<Self, String> {
        let client = Client::open(url).map_err(|error| told(&error))?;
        let (place, counter) = (Arc::new(Place::default()), Arc::new(Counter::new()));
        let keeper = Keeper {
            client,
            place: Arc::clone(&place),
            counter: Arc::clone(&counter),
        };
        Ok(Self {
            place,
            counter,
            keeping: tokio::spawn(keeper.keep()).abort_handle(),
        })
    }

    /// Whether this may be an address.
    ///
    /// # Errors
    /// What is wrong with it; the text does not hold it.
    pub fn judge(url: &str) -> Result<(), String> {
        Client::open(url).map(drop).map_err(|error| told(&error))
    }

    async fn ask<T>(&self, shares: &[Share], word: Word<T>) -> Option<T> {
        let link = self.place.link()?;
        let answered = tokio::time::timeout(PATIENCE, self.counter.ask(&link, word.word, shares)).await;
        let reason = match answered {
            Ok(Ok(answer)) => match (word.read)(&answer, shares) {
                Some(read) => return Some(read),
                None => "it answers what nobody understands".to_owned(),
            },
            Ok(Err(error)) => told(&error),
            Err(_) => format!("it does not answer within {PATIENCE:?}"),
        };
        self.place.lost(&link, &reason);
        None
    }
}

/// What is asked, and how the answer is read.
struct Word<T> {
    word: &'static str,
    read: fn(&[i64], &[Share]) -> Option<T>,
}

impl SharedCounts for Redis {
    fn take<'a>(&'a self, shares: &'a [Share]) -> Counting<'a, Option<Verdict>> {
        let take = Word {
            word: "take",
            read: script::verdict,
        };
        Box::pin(self.ask(shares, take))
    }

    fn give_back<'a>(&'a self, shares: &'a [Share]) -> Counting<'a, ()> {
        let back = Word {
            word: "back",
            read: |_, _| Some(()),
        };
        Box::pin(async move {
            // What cannot be given back is forgotten with its window.
            let _ = self.ask(shares, back).await;
        })
    }

    fn is_there(&self) -> bool {
        self.place.link().is_some()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

/// An error without the address, which may hold a password.
fn told(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!(
            "{}: {code} {}",
            error.category(),
            error.detail().unwrap_or_default()
        ),
        None => error.category().to_owned(),
    }
}

#[cfg(test)]
mod tests;
