//! Budgets that all nodes share, by the clock of a story: that of the database cannot be moved. The database's own counts
//! are for the stories with real processes.

use crate::ManualClock;
use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex};
use vestibule_model::Clock as _;
use vestibule_model::budget::{self, Counting, Share, SharedCounts, Verdict, Window};

pub struct Counts {
    clock: Arc<ManualClock>,
    windows: Mutex<HashMap<String, Window>>,
}

impl Counts {
    pub fn by(clock: &Arc<ManualClock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            windows: Mutex::default(),
        }
    }

    /// Lets something happen to the windows; what comes of it is kept where it says so.
    fn with<T>(&self, shares: &[Share], happens: impl FnOnce(&mut [Window]) -> (bool, T)) -> T {
        let mut kept = self.windows.lock().expect("no story panics in here");
        let window = |share: &Share| kept.get(&share.key).copied().unwrap_or_default();
        let mut windows: Vec<Window> = shares.iter().map(window).collect();
        let (keep, answer) = happens(&mut windows);
        if keep {
            kept.extend(shares.iter().map(|share| share.key.clone()).zip(windows));
        }
        answer
    }
}

impl SharedCounts for Counts {
    fn take<'a>(&'a self, shares: &'a [Share]) -> Counting<'a, Option<Verdict>> {
        let verdict = self.with(shares, |windows| {
            let verdict = budget::take(windows, shares, self.clock.monotonic());
            (matches!(verdict, Verdict::Counted(_)), verdict)
        });
        Box::pin(ready(Some(verdict)))
    }

    fn give_back<'a>(&'a self, shares: &'a [Share]) -> Counting<'a, ()> {
        self.with(shares, |windows| {
            windows.iter_mut().for_each(Window::give_back);
            (true, ())
        });
        Box::pin(ready(()))
    }

    fn is_there(&self) -> bool {
        true
    }
}
