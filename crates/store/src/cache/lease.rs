//! How long caches may answer without asking the database.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use vestibule_sql::Asker;

/// How long a proof is good for. A proof comes every 250 ms.
const LEASE: Duration = Duration::from_millis(750);
/// How old an answer of the database may be that a request relies on: it asks once, not for each thing that it needs.
const ASKED: Duration = Duration::from_millis(1);
/// How long such an answer lets what is cached be used without asking again.
const MOMENT: Duration = Duration::from_millis(20);

/// When it was last proven that nothing is unseen, and asked; each in microseconds since `start`, 0 is never.
pub struct Lease {
    start: Instant,
    proof: AtomicU64,
    asked: AtomicU64,
    asker: OnceLock<Asker>,
}

impl Lease {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            proof: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            asker: OnceLock::new(),
        }
    }

    /// Whether it is proven all the time.
    pub fn is_proven(&self) -> bool {
        self.is_younger(&self.proof, LEASE)
    }

    /// Whether caches may answer without asking.
    pub fn holds(&self) -> bool {
        self.is_proven() || self.is_younger(&self.asked, MOMENT)
    }

    /// Whether caches may answer, asking the database if nothing else proves it.
    pub async fn obtain(&self) -> bool {
        if self.is_proven() {
            return true;
        }
        let Some(asker) = self.asker.get() else {
            return false;
        };
        // Boxed, because it is rare, and what waits for a hit is small.
        self.is_younger(&self.asked, ASKED) || Box::pin(asker.ask()).await.is_ok()
    }

    fn is_younger(&self, moment: &AtomicU64, age: Duration) -> bool {
        let moment = Duration::from_micros(moment.load(Ordering::Acquire));
        !moment.is_zero() && self.start.elapsed() < moment + age
    }

    /// Nothing was unseen at this moment.
    pub fn prove(&self, at: Instant) {
        self.note(&self.proof, at);
    }

    /// Nothing was unseen at this moment, as the database answered.
    pub fn answer(&self, at: Instant) {
        self.note(&self.asked, at);
    }

    /// Names who is asked; once.
    pub fn ask_with(&self, asker: Asker) {
        let _ = self.asker.set(asker);
    }

    fn note(&self, moment: &AtomicU64, at: Instant) {
        let since = at.saturating_duration_since(self.start).as_micros();
        let since = u64::try_from(since).unwrap_or(u64::MAX).max(1);
        moment.fetch_max(since, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(age: Duration) -> Instant {
        Instant::now().checked_sub(age).unwrap()
    }

    /// One that began nine seconds ago.
    fn old() -> Lease {
        Lease {
            start: ago(Duration::from_secs(9)),
            ..Lease::new()
        }
    }

    #[test]
    fn it_runs_out_750_ms_after_the_last_proof() {
        let proven = |age: u64| {
            let lease = old();
            lease.prove(ago(Duration::from_millis(age)));
            lease.holds()
        };
        assert!(proven(600) && !proven(750));
    }

    #[test]
    fn an_answer_of_the_database_is_a_lease_for_20_ms_and_no_proof_of_hearing() {
        let answered = |age: u64| {
            let lease = old();
            lease.answer(ago(Duration::from_millis(age)));
            (lease.holds(), lease.is_proven())
        };
        assert_eq!(answered(5), (true, false));
        assert_eq!(answered(20), (false, false));
    }
}
