//! How long hashes take here.

use crate::password::hash::UNIT;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How fast this machine hashes, in nanoseconds, as moving averages over about sixteen jobs.
pub(super) struct Pace {
    unit: AtomicU64,
    unusual: AtomicU64,
}

impl Default for Pace {
    /// Ten milliseconds, until the first hash has been timed.
    fn default() -> Self {
        Self {
            unit: AtomicU64::new(10_000_000),
            unusual: AtomicU64::new(0),
        }
    }
}

/// No refusal is held back longer: a machine that was suspended in the middle of a hash stays usable.
const HIGHEST_FLOOR: Duration = Duration::from_secs(3);

impl Pace {
    pub(super) fn usual(&self, cost: u32, took: Duration) {
        average(
            &self.unit,
            nanos(took).saturating_mul(UNIT.into()) / u64::from(cost.max(1)),
        );
    }

    pub(super) fn unusual(&self, took: Duration) {
        let longest = self.unusual.load(Relaxed);
        // A longer time counts whole at once, since one early answer is enough to tell; a shorter one slowly.
        if nanos(took) > longest {
            self.unusual.store(nanos(took), Relaxed);
        } else {
            average(&self.unusual, nanos(took));
        }
    }

    /// The average time of a hash with the floor's parameters.
    pub(super) fn unit(&self) -> Duration {
        Duration::from_nanos(self.unit.load(Relaxed))
    }

    /// The expected time of this much work.
    pub(super) fn time_of(&self, cost: u64) -> Duration {
        Duration::from_nanos(self.unit.load(Relaxed).saturating_mul(cost) / u64::from(UNIT))
    }

    /// How long after its beginning a refusal is answered, once hashes of unusual cost have been met.
    pub(super) fn refusal_floor(&self) -> Option<Duration> {
        let unusual = self.unusual.load(Relaxed);
        (unusual > 0)
            .then(|| Duration::from_nanos(2 * unusual.max(self.unit.load(Relaxed))).min(HIGHEST_FLOOR))
    }
}

fn average(of: &AtomicU64, sample: u64) {
    // A lost update between two workers loses one sample of many.
    let old = of.load(Relaxed);
    of.store(old - old / 16 + sample / 16, Relaxed);
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_floor_rises_at_once_and_is_bounded() {
        let pace = Pace::default();
        assert_eq!(pace.refusal_floor(), None);
        pace.unusual(Duration::from_millis(250));
        assert_eq!(pace.refusal_floor(), Some(Duration::from_millis(500)));
        pace.unusual(Duration::from_hours(1));
        assert_eq!(pace.refusal_floor(), Some(HIGHEST_FLOOR));
    }
}
