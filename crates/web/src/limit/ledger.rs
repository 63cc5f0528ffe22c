//! The windows of all clients, in bounded memory.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vestibule_model::budget::{LONGEST, Rate, Standing, Window, wrapping_millis};
use vestibule_model::{Entropy, entropy};

/// Into how many sets the windows are spread, each with its own lock.
const SETS: usize = 1 << 14;

/// How many windows a set holds. All sets full are 38 MiB.
const WAYS: usize = 16;

/// Whose window it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Which budget.
    pub(crate) budget: u8,
    /// How wide a group of addresses.
    pub(crate) tier: u8,
    /// The part of the address that the group shares.
    pub(crate) prefix: u64,
}

impl Key {
    /// The group of addresses, as text: how many bits they share, and which.
    pub(super) fn group(self) -> String {
        match (self.tier & 1, self.tier >> 1) {
            (1, _) => format!("v4:{:08x}", self.prefix),
            (_, 0) => format!("64:{:016x}", self.prefix),
            (_, 1) => format!("56:{:016x}", self.prefix),
            _ => format!("48:{:016x}", self.prefix),
        }
    }
}

#[derive(Clone, Copy)]
struct Entry {
    key: Key,
    rate: Rate,
    window: Window,
    /// Until when all nodes together have no room, in wrapping milliseconds; 0 when nothing is known of that.
    closed: u32,
}

impl Entry {
    /// How long there is no room yet on all nodes together.
    fn closed_for(&self, now: Duration) -> Option<Duration> {
        let left = Duration::from_millis(self.closed.wrapping_sub(wrapping_millis(now)).into());
        let known = self.closed != 0 && !self.window.is_over(now);
        (known && !left.is_zero() && left <= LONGEST).then_some(left)
    }

    fn take(&mut self, rate: Rate, now: Duration) -> Result<Standing, Standing> {
        if let Some(reset) = self.closed_for(now) {
            return Err(Standing {
                rate,
                remaining: 0,
                reset,
            });
        }
        self.closed = 0;
        self.window.take(rate, now)
    }

    /// How near it is to its limit.
    fn fullness(&self, now: Duration) -> u64 {
        match self.closed_for(now) {
            Some(_) => u64::MAX,
            None => self.window.fullness(self.rate, now),
        }
    }
}

/// A set-associative table: a window lives in the set that its key selects, and a full set gives up its lightest
/// window. A stranger with millions of addresses so displaces other light windows, never one near its limit.
pub(crate) struct Ledger {
    sets: Box<[Mutex<Vec<Entry>>]>,
    secret: [u64; 2],
}

impl Ledger {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let sets = (0..SETS).map(|_| Mutex::new(Vec::new())).collect();
        let secret = [(); 2].map(|()| u64::from_be_bytes(entropy::bytes(entropy)));
        Self { sets, secret }
    }

    /// Counts a request, unless there is no room for it.
    pub(crate) fn take(&self, key: Key, rate: Rate, now: Duration) -> Result<Standing, Standing> {
        let Some(mut set) = self.set(key) else {
            return Window::default().take(rate, now);
        };
        if let Some(entry) = set.iter_mut().find(|entry| entry.key == key) {
            return entry.take(rate, now);
        }
        let mut entry = Entry {
            key,
            rate,
            window: Window::default(),
            closed: 0,
        };
        let standing = entry.window.take(rate, now);
        if set.len() < WAYS {
            // Most sets hold few, and what is packed densely is found sooner.
            set.reserve_exact(1);
            set.push(entry);
        } else if let Some(lightest) = set.iter_mut().min_by_key(|held| held.fullness(now)) {
            *lightest = entry;
        }
        standing
    }

    /// Forgets one request again.
    pub(crate) fn give_back(&self, key: Key) {
        if let Some(mut set) = self.set(key)
            && let Some(entry) = set.iter_mut().find(|entry| entry.key == key)
        {
            entry.window.give_back();
        }
    }

    /// Refuses everything until then: all nodes together have no room sooner.
    pub(crate) fn close(&self, key: Key, until: Duration) {
        if let Some(mut set) = self.set(key)
            && let Some(entry) = set.iter_mut().find(|entry| entry.key == key)
        {
            entry.closed = wrapping_millis(until).max(1);
        }
    }

    fn set(&self, key: Key) -> Option<MutexGuard<'_, Vec<Entry>>> {
        let set = self.sets.get(self.place(key))?;
        Some(set.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn place(&self, key: Key) -> usize {
        let [first, second] = self.secret;
        let label = u64::from(key.budget) << 8 | u64::from(key.tier);
        // One multiplication folded in half, keyed by two secrets: nobody can aim at a set.
        let product = u128::from(key.prefix ^ first) * u128::from((label ^ second) | 1);
        let folded = (product ^ (product >> 64)) % SETS as u128;
        usize::try_from(folded).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            for (number, byte) in (1_u8..).zip(bytes) {
                *byte = number.wrapping_mul(151);
            }
        }
    }

    const RATE: Rate = Rate::per_minute(3);

    fn key(prefix: u64) -> Key {
        Key {
            budget: 0,
            tier: 0,
            prefix,
        }
    }

    #[test]
    fn each_client_and_each_budget_has_a_window_of_its_own() {
        let ledger = Ledger::new(&Fixed);
        for _ in 0..3 {
            ledger.take(key(1), RATE, Duration::ZERO).unwrap();
        }
        assert!(ledger.take(key(1), RATE, Duration::ZERO).is_err());
        assert!(ledger.take(key(2), RATE, Duration::ZERO).is_ok());
        assert!(
            ledger
                .take(Key { budget: 1, ..key(1) }, RATE, Duration::ZERO)
                .is_ok()
        );
        assert!(
            ledger
                .take(Key { tier: 1, ..key(1) }, RATE, Duration::ZERO)
                .is_ok()
        );
    }

    #[test]
    fn l17_memory_is_bounded_and_a_refused_client_stays_refused_while_strangers_pour_in() {
        let ledger = Ledger::new(&Fixed);
        for _ in 0..3 {
            ledger.take(key(7), RATE, Duration::ZERO).unwrap();
        }
        for stranger in 1_000..600_000 {
            let _ = ledger.take(key(stranger), RATE, Duration::ZERO);
        }
        let held: usize = ledger.sets.iter().map(|set| set.lock().unwrap().capacity()).sum();
        assert!(held <= SETS * WAYS, "{held} windows");
        assert!(
            held * size_of::<Entry>() <= 40 << 20,
            "{} bytes",
            held * size_of::<Entry>()
        );
        assert!(ledger.take(key(7), RATE, Duration::ZERO).is_err());
    }

    #[test]
    fn l17_a_window_near_its_limit_is_not_given_up_for_those_that_only_count_more() {
        let (ledger, ten) = (Ledger::new(&Fixed), Rate::per_minute(10));
        let own = Key { budget: 9, ..key(7) };
        for _ in 0..10 {
            ledger.take(own, ten, Duration::ZERO).unwrap();
        }
        let thousand = Rate::per_minute(1_000);
        let beside = |stranger: &u64| ledger.place(key(*stranger)) == ledger.place(own);
        for stranger in (1_000..).filter(beside).take(3 * WAYS) {
            for _ in 0..12 {
                let _ = ledger.take(key(stranger), thousand, Duration::ZERO);
            }
        }
        assert!(ledger.take(own, ten, Duration::ZERO).is_err());
    }

    #[test]
    fn a_closed_window_opens_when_there_may_be_room_again_and_is_not_given_up_for_strangers() {
        let ledger = Ledger::new(&Fixed);
        ledger.take(key(7), RATE, Duration::ZERO).unwrap();
        ledger.close(key(7), Duration::from_secs(40));
        for stranger in 1_000..600_000 {
            let _ = ledger.take(key(stranger), RATE, Duration::ZERO);
        }
        let refused = ledger.take(key(7), RATE, Duration::from_secs(30)).unwrap_err();
        assert_eq!(refused.reset, Duration::from_secs(10));
        let room = ledger.take(key(7), RATE, Duration::from_secs(40)).unwrap();
        assert_eq!(room.remaining, 1, "and what was counted here still is");
        // Long after it, when times have wrapped, it is still open.
        ledger.close(key(7), Duration::from_secs(50));
        for day in 0..60 {
            let later = Duration::from_hours(24 * day) + Duration::from_mins(2);
            assert!(ledger.take(key(7), RATE, later).is_ok(), "day {day}");
        }
    }

    #[test]
    fn windows_are_spread_evenly() {
        let ledger = Ledger::new(&Fixed);
        for address in 0..SETS as u64 {
            let _ = ledger.take(key(address), RATE, Duration::ZERO);
        }
        let fullest = ledger.sets.iter().map(|set| set.lock().unwrap().len()).max();
        assert!(fullest <= Some(12), "{fullest:?}");
    }
}
