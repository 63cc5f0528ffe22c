//! Budgets: how many requests of one client pass within any stretch of time.

mod kept;
mod window;

pub use kept::Kept;
pub use window::{LONGEST, Rate, Standing, Window, wrapping_millis};

use std::pin::Pin;

/// A window that is kept where all nodes count, and how much of it is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose it is: the budget, and a group of addresses. The same on every node and in every release.
    pub key: String,
    /// What is allowed.
    pub rate: Rate,
}

/// What became of one request that was to be counted in several windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is counted in every one. Where the client stands with each, in the order of the shares.
    Counted(Vec<Standing>),
    /// There was no room in one, and it is counted in none.
    Refused {
        /// Which share.
        share: usize,
        /// Where the client stands with it.
        standing: Standing,
    },
}

/// Counts a request in every window or, where one has no room for it, in none: then the windows are not to be kept.
pub fn take(windows: &mut [Window], shares: &[Share], now: std::time::Duration) -> Verdict {
    let mut standings = Vec::with_capacity(shares.len());
    for (share, (window, of)) in windows.iter_mut().zip(shares).enumerate() {
        match window.take(of.rate, now) {
            Ok(standing) => standings.push(standing),
            Err(standing) => return Verdict::Refused { share, standing },
        }
    }
    Verdict::Counted(standings)
}

/// What somebody else's counting takes.
pub type Counting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Somebody who counts for all nodes in place of the database, and may be away.
pub trait SharedCounts: Send + Sync {
    /// Counts one request in all of these windows, or in none. `None` when nobody answers in time; it may have been
    /// counted.
    fn take<'a>(&'a self, shares: &'a [Share]) -> Counting<'a, Option<Verdict>>;

    /// Forgets one request again, of those that were counted last in each of these windows.
    fn give_back<'a>(&'a self, shares: &'a [Share]) -> Counting<'a, ()>;

    /// Whether it answers.
    fn is_there(&self) -> bool;
}
