//! One client's sliding window of one budget.

use std::time::Duration;

/// How many slices a window is counted in.
const SLICES: u32 = 10;

/// As many slots as can be alive at once: the slices of a window, the one that is leaving it and the one that
/// is being filled.
const SLOTS: usize = SLICES as usize + 2;

/// A number of requests within any stretch of time of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// Within any stretch this long; whole seconds, at least one and at most a day.
    pub window: Duration,
}

impl Rate {
    /// This many requests within any minute.
    pub const fn per_minute(requests: u32) -> Self {
        Self {
            requests,
            window: Duration::from_mins(1),
        }
    }

    /// As many times over, for a wider group of addresses.
    pub(crate) const fn times(self, factor: u32) -> Self {
        Self {
            requests: self.requests.saturating_mul(factor),
            ..self
        }
    }

    fn millis(self) -> u32 {
        ceil(
            self.window
                .clamp(Duration::from_secs(1), Duration::from_hours(24)),
        )
    }
}

/// Requests of one slice, and when the last of them came.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    last: u32,
    count: u32,
}

/// Counts requests so that never more than the rate's number pass within any stretch of its length.
///
/// A slot leaves when its *last* request is a whole window old, so none is forgotten early; a request is
/// remembered at most a tenth of the window too long, and a burst exactly as long as it should be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    slots: [Slot; SLOTS],
    /// When the newest slot was opened.
    opened: u32,
    newest: usize,
}

/// Where a client stands with one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) rate: Rate,
    /// How many more may come now.
    pub(crate) remaining: u32,
    /// When the oldest request is forgotten: when there is room again.
    pub(crate) reset: Duration,
}

impl Window {
    /// Counts a request that comes `now` (monotonic time), unless there is no room for it.
    pub(crate) fn take(&mut self, rate: Rate, now: Duration) -> Result<Standing, Standing> {
        let standing = self.standing(rate, now);
        if standing.remaining == 0 {
            return Err(standing);
        }
        self.count(rate, ceil(now));
        Ok(Standing {
            remaining: standing.remaining - 1,
            ..self.standing(rate, now)
        })
    }

    /// Forgets one request again, of those that were counted last.
    pub(crate) fn give_back(&mut self) {
        for back in 0..SLOTS {
            let number = (self.newest + SLOTS - back) % SLOTS;
            if let Some(slot) = self.slots.get_mut(number).filter(|slot| slot.count > 0) {
                slot.count -= 1;
                return;
            }
        }
    }

    /// How many requests are remembered.
    pub(crate) fn load(&self, rate: Rate, now: Duration) -> u32 {
        self.alive(rate, now)
            .fold(0, |sum, slot| sum.saturating_add(slot.count))
    }

    fn standing(&self, rate: Rate, now: Duration) -> Standing {
        let remaining = rate.requests.saturating_sub(self.load(rate, now));
        let oldest = self
            .alive(rate, now)
            .map(|slot| age(ceil(now), slot.last))
            .max()
            .unwrap_or_default();
        let reset = Duration::from_millis(rate.millis().saturating_sub(oldest).into());
        Standing {
            rate,
            remaining,
            reset,
        }
    }

    fn alive(&self, rate: Rate, now: Duration) -> impl Iterator<Item = &Slot> {
        let (now, window) = (floor(now), rate.millis());
        self.slots
            .iter()
            .filter(move |slot| slot.count > 0 && age(now, slot.last) < window)
    }

    fn count(&mut self, rate: Rate, now: u32) {
        let full = age(now, self.opened) >= rate.millis().div_ceil(SLICES);
        let empty = self.slots.get(self.newest).is_none_or(|slot| slot.count == 0);
        // An empty slot is used again, so that slots are opened a slice apart and a reused one is always dead.
        if full && !empty {
            self.newest = (self.newest + 1) % SLOTS;
        }
        if full || empty {
            self.opened = now;
        }
        if let Some(slot) = self.slots.get_mut(self.newest) {
            let before = if full { 0 } else { slot.count };
            *slot = Slot {
                last: now,
                count: before.saturating_add(1),
            };
        }
    }
}

// Times are milliseconds in 32 bits, which wrap after seven weeks: only differences are used, and windows last a day
// at most. A request counts as coming at the end of its millisecond and is judged at the beginning of the present
// one, so that rounding never forgets it early.

#[expect(
    clippy::cast_possible_truncation,
    reason = "times wrap, and only differences of near ones are used"
)]
const fn ceil(time: Duration) -> u32 {
    time.as_micros().div_ceil(1_000) as u32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "times wrap, and only differences of near ones are used"
)]
const fn floor(time: Duration) -> u32 {
    time.as_millis() as u32
}

/// How long before `now` it was `then`; zero when `then` is the millisecond that has just begun.
const fn age(now: u32, then: u32) -> u32 {
    match now.wrapping_sub(then) {
        ahead if ahead > u32::MAX / 2 => 0,
        age => age,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Rate = Rate::per_minute(60);

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Pseudo-random numbers below `bound`, from a seed.
    fn draws(mut state: u64) -> impl FnMut(u64) -> u64 {
        move |bound| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        }
    }

    #[test]
    fn l18_never_more_than_the_limit_within_any_stretch_of_the_window() {
        for seed in 0..200 {
            let (mut window, mut draw) = (Window::default(), draws(seed));
            let (mut now, mut passed) = (Duration::from_millis(draw(100_000)), Vec::new());
            for _ in 0..4_000 {
                // Bursts at odd moments, with pauses of up to a whole window between them.
                let pause = if draw(40) == 0 { draw(61_000) } else { draw(90) };
                now += Duration::from_millis(pause);
                if window.take(MINUTE, now).is_ok() {
                    passed.push(now);
                }
            }
            for (first, last) in passed.iter().zip(passed.iter().skip(60)) {
                assert!(
                    last.saturating_sub(*first) >= MINUTE.window,
                    "seed {seed}: 61 requests from {first:?} to {last:?}"
                );
            }
        }
    }

    #[test]
    fn the_wrap_of_the_times_is_not_noticed() {
        let wrap = Duration::from_millis(1 << 32);
        let mut window = Window::default();
        let before = wrap.saturating_sub(at(30.0));
        assert!((0..60).all(|_| window.take(MINUTE, before).is_ok()));
        assert!(window.take(MINUTE, wrap).is_err());
        assert_eq!(window.take(MINUTE, wrap + at(10.0)).unwrap_err().reset, at(20.0));
        assert_eq!(window.take(MINUTE, wrap + at(30.0)).unwrap().remaining, 59);
    }

    #[test]
    fn a_client_within_nine_tenths_of_the_rate_is_never_refused() {
        let mut window = Window::default();
        for request in 0..1_000 {
            let now = at(7.3) + Duration::from_millis(request * 1_120);
            assert!(window.take(MINUTE, now).is_ok(), "request {request}");
        }
    }

    #[test]
    fn a_burst_is_forgotten_after_exactly_one_window() {
        let mut window = Window::default();
        for left in (0..60).rev() {
            let standing = window.take(MINUTE, at(100.0)).unwrap();
            assert_eq!((standing.remaining, standing.reset), (left, MINUTE.window));
        }
        assert_eq!(window.take(MINUTE, at(130.0)).unwrap_err().reset, at(30.0));
        assert!(window.take(MINUTE, at(159.9)).is_err());
        assert_eq!(window.take(MINUTE, at(160.0)).unwrap().remaining, 59);
    }

    #[test]
    fn what_is_given_back_costs_nothing_and_frees_nothing_else() {
        let rate = Rate {
            requests: 5,
            window: Duration::from_hours(1),
        };
        let mut window = Window::default();
        for kept in 0..4 {
            window.take(rate, at(f64::from(kept) * 500.0)).unwrap();
        }
        for again in 0..100 {
            window.take(rate, at(2_000.0 + f64::from(again))).unwrap();
            window.give_back();
        }
        assert_eq!(window.take(rate, at(2_101.0)).unwrap().remaining, 0);
        assert!(window.take(rate, at(2_102.0)).is_err());
    }
}
