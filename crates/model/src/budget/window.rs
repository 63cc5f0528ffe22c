//! One client's sliding window of one budget.

mod text;

use std::time::Duration;

/// How many slices a window is counted in.
const SLICES: u32 = 10;

/// As many slots as can be alive at once: the slices of a window, the one that is leaving it and the one that
/// is being filled.
const SLOTS: usize = SLICES as usize + 2;

/// The longest window.
pub const LONGEST: Duration = Duration::from_hours(24);

/// A number of requests within any stretch of time of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub requests: u32,
    /// Within any stretch this long; at least a second and at most a day.
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
    #[must_use]
    pub const fn times(self, factor: u32) -> Self {
        Self {
            requests: self.requests.saturating_mul(factor),
            ..self
        }
    }

    /// Whether there is a slot for every request, so that each is forgotten on its own.
    const fn is_exact(self) -> bool {
        self.requests as usize <= SLOTS
    }

    /// How many milliseconds of requests share a slot; none where each has its own.
    pub fn slice(self) -> u32 {
        if self.is_exact() {
            0
        } else {
            self.millis().div_ceil(SLICES)
        }
    }

    /// The window in milliseconds.
    pub fn millis(self) -> u32 {
        ceil(self.window.clamp(Duration::from_secs(1), LONGEST))
    }
}

/// Requests of one slice, and when the last of them came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    last: u32,
    count: u32,
}

/// Counts requests so that never more than the rate's number pass within any stretch of its length.
///
/// Of a rate of at most twelve requests each has a slot of its own: an exact log. Of higher rates a slot holds a
/// tenth of the window and leaves when its *last* request is a whole window old, so that none is forgotten early; a
/// request is remembered at most a tenth of the window too long, and a burst exactly as long as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    slots: [Slot; SLOTS],
    /// When the newest slot was opened.
    opened: u32,
    /// In which second a request came last, whether it was counted or not.
    asked: u32,
    newest: u32,
}

/// Where a client stands with one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is allowed.
    pub rate: Rate,
    /// How many more may come now.
    pub remaining: u32,
    /// When the oldest request is forgotten: when there is room again.
    pub reset: Duration,
}

impl Window {
    /// Counts a request that comes `now`, unless there is no room for it. Time is that of whoever keeps the window:
    /// monotonic in a process, a database's own clock there.
    ///
    /// # Errors
    /// Where the client stands when there is no room.
    pub fn take(&mut self, rate: Rate, now: Duration) -> Result<Standing, Standing> {
        self.forget(rate, now);
        let room = rate.requests.saturating_sub(remembered(self.slots.iter()));
        if room > 0 {
            self.count(rate, ceil(now));
        }
        let standing = Standing {
            rate,
            remaining: room.saturating_sub(1),
            reset: self.reset(rate, now),
        };
        if room > 0 { Ok(standing) } else { Err(standing) }
    }

    /// Forgets one request again, of those that were counted last.
    pub fn give_back(&mut self) {
        let newest = self.slots.get(self.newest as usize);
        let last = newest.map_or(0, |slot| slot.last);
        let held = self.slots.iter_mut().filter(|slot| slot.count > 0);
        if let Some(slot) = held.min_by_key(|slot| age(last, slot.last)) {
            slot.count -= 1;
        }
    }

    /// How much of the rate is used, in 65,536ths.
    pub fn fullness(&self, rate: Rate, now: Duration) -> u64 {
        if self.is_over(now) {
            return 0;
        }
        let (now, window) = (wrapping_millis(now), rate.millis());
        let alive = self.slots.iter().filter(|slot| age(now, slot.last) < window);
        (u64::from(remembered(alive)) << 16) / u64::from(rate.requests.max(1))
    }

    /// When the oldest of the requests that are remembered is forgotten.
    fn reset(&self, rate: Rate, now: Duration) -> Duration {
        let (now, held) = (ceil(now), self.slots.iter().filter(|slot| slot.count > 0));
        let oldest = held.map(|slot| age(now, slot.last)).max().unwrap_or_default();
        Duration::from_millis(rate.millis().saturating_sub(oldest).into())
    }

    /// Empties the slots that have left the window, before their times wrap and look young again.
    fn forget(&mut self, rate: Rate, now: Duration) {
        if self.is_over(now) {
            *self = Self::default();
        }
        self.asked = second(now);
        let (now, window) = (wrapping_millis(now), rate.millis());
        for slot in &mut self.slots {
            if age(now, slot.last) >= window {
                slot.count = 0;
            }
            slot.last = not_ahead(now, slot.last);
        }
        self.opened = not_ahead(now, self.opened);
    }

    /// Whether no request has come for so long that everything has left the window.
    pub fn is_over(&self, now: Duration) -> bool {
        u64::from(age(second(now), self.asked)) > LONGEST.as_secs()
    }

    fn count(&mut self, rate: Rate, now: u32) {
        let newest = self.slots.get(self.newest as usize);
        let empty = newest.is_none_or(|slot| slot.count == 0);
        let full = age(now, self.opened) >= rate.slice();
        // Slots are opened a slice apart, so one is empty; if none were, the newest would be remembered for longer.
        if full || empty {
            let mut numbered = (0..).zip(&self.slots);
            let free = numbered
                .find(|(_, slot)| slot.count == 0)
                .map(|(number, _)| number);
            (self.newest, self.opened) = (free.unwrap_or(self.newest), now);
        }
        if let Some(slot) = self.slots.get_mut(self.newest as usize) {
            // Requests that arrive together may be counted in another order.
            let overtaken = slot.count > 0 && age(now, slot.last) == 0;
            slot.last = if overtaken { slot.last } else { now };
            slot.count = slot.count.saturating_add(1);
        }
    }
}

/// How many requests these slots remember.
fn remembered<'s>(slots: impl Iterator<Item = &'s Slot>) -> u32 {
    slots.fold(0, |sum, slot| sum.saturating_add(slot.count))
}

// Times are milliseconds in 32 bits, which wrap after seven weeks: only differences are used, and what has left its
// window is emptied whenever a request comes. A request counts as coming at the end of its millisecond and is judged at
// the beginning of the present one, so that rounding never forgets it early.

const fn ceil(time: Duration) -> u32 {
    let rest = time.subsec_nanos().div_ceil(1_000_000);
    second(time).wrapping_mul(1_000).wrapping_add(rest)
}

/// The whole milliseconds of a time in 32 bits, which wrap: only differences of near times mean anything.
pub const fn wrapping_millis(time: Duration) -> u32 {
    second(time)
        .wrapping_mul(1_000)
        .wrapping_add(time.subsec_millis())
}

/// The second in 32 bits, enough for a century.
#[expect(
    clippy::cast_possible_truncation,
    reason = "times wrap, and only differences of near ones are used"
)]
const fn second(time: Duration) -> u32 {
    time.as_secs() as u32
}

/// How far ahead of its clock a time may be for having been overtaken. A time further ahead is of a clock that has been
/// set back since.
const OVERTAKEN: u32 = 10_000;

/// A time that is not of the future: of a clock that has been set back, the present one, so that it is remembered for
/// one more window and not for as long as the clock needs to come back.
const fn not_ahead(now: u32, then: u32) -> u32 {
    match then.wrapping_sub(now) {
        ahead if ahead > OVERTAKEN && ahead <= u32::MAX / 2 => now.wrapping_add(1),
        _ => then,
    }
}

/// How long before `now` it was `then`; zero when `then` is the millisecond that has just begun.
const fn age(now: u32, then: u32) -> u32 {
    match now.wrapping_sub(then) {
        ahead if ahead > u32::MAX / 2 => 0,
        age => age,
    }
}

#[cfg(test)]
mod tests;
