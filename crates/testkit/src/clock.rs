//! A clock that stands still until a story moves it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use vestibule_model::{Clock, Timestamp};

/// 2026-03-03T12:00:00Z, the moment of the Rakomi document's samples: when every story begins.
pub const BEGINNING: Timestamp = Timestamp::from_seconds(1_772_539_200);

/// Both clocks of a story. They move together, and only by [`ManualClock::advance`].
pub struct ManualClock {
    wall: AtomicI64,
    monotonic: AtomicU64,
}

impl ManualClock {
    /// A clock that shows [`BEGINNING`].
    pub(crate) fn begin() -> Self {
        let hour = Duration::from_hours(1).as_micros();
        Self {
            wall: AtomicI64::new(BEGINNING.micros()),
            monotonic: AtomicU64::new(u64::try_from(hour).unwrap_or(u64::MAX)),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.wall
            .fetch_add(i64::try_from(micros).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.monotonic.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic.load(Ordering::SeqCst))
    }
}
