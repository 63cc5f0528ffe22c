//! The hash pool: a fixed number of threads that do nothing but password hashes.
//!
//! Hashing is the one dear thing that strangers can ask for, so it is bounded three times: in memory (workers ×
//! one hash), in time (a job that cannot be done before its deadline is refused at once) and in priority
//! (nice 10, so that everything else keeps its latency while logins flood).

mod line;
mod pace;
mod priority;
mod settings;
mod worker;

pub use settings::Settings;

use crate::password::argon2::SelfTestFailed;
use crate::password::hash::cost;
use crate::password::{Params, Password, StoredHash};
use line::{Job, Line, Task};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use vestibule_model::Entropy;

/// The pool cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The implementation computes wrong hashes here.
    #[error(transparent)]
    SelfTest(#[from] SelfTestFailed),
    /// The operating system gives no thread.
    #[error("the operating system gives no thread to hash passwords on: {0}")]
    Thread(std::io::Error),
}

/// Why there is no hash and no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The work would not be done before the deadline, or was not begun before it.
    #[error("more passwords wait to be hashed than can be before the deadline")]
    Overloaded {
        /// When the queue, as it is now, will have been worked off; at least one second.
        retry_after: Duration,
    },
    /// The computation failed; nothing is known about the password.
    #[error("the hash could not be computed")]
    Failed,
    /// The pool is shut down.
    #[error("the hash pool is shut down")]
    Stopped,
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the password is the one.
    pub matches: bool,
    /// Whether the stored hash should be replaced, by [`HashPool::hash`] and a compare-and-swap on its text.
    /// Only ever true together with `matches`.
    pub outdated: bool,
}

/// What the pool is doing, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Threads.
    pub workers: usize,
    /// Threads at work.
    pub busy: usize,
    /// Jobs that wait.
    pub queued: usize,
    /// Hashes computed since the start.
    pub done: u64,
    /// Jobs refused or dropped for lack of time since the start.
    pub shed: u64,
    /// Moving average of the time of one new hash.
    pub hash_time: Duration,
}

/// A handle on the pool. The threads end with the last handle.
pub struct HashPool {
    line: Arc<Line>,
    /// What an unknown user's password is checked against: the cost of a new hash, and no preimage known.
    dummy: StoredHash,
}

/// By when a hash must be done for a request of this deadline. What follows it needs time as well, and whoever
/// would wait longer is better told at once to come back.
fn hashed_by(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) * 2 / 5
}

impl HashPool {
    /// Tests the implementation against a known answer and starts the threads. No memory is taken before the
    /// first hash.
    pub fn start(settings: Settings, entropy: Arc<dyn Entropy>) -> Result<Self, StartError> {
        settings.engine.self_test()?;
        let dummy = StoredHash::dummy(settings.params);
        let workers = settings.workers.max(1);
        let pool = Self {
            line: Arc::new(Line::new(Settings { workers, ..settings }, entropy)),
            dummy,
        };
        for number in 0..workers {
            let line = Arc::clone(&pool.line);
            let thread = std::thread::Builder::new().name(format!("hash-{number}"));
            thread
                .spawn(move || worker::run(&line))
                .map_err(StartError::Thread)?;
        }
        Ok(pool)
    }

    /// Whether a usual hash that joined the line now would be done in time. Asked before anything is written for
    /// it, so that a flood of refused attempts writes nothing.
    pub fn admits(&self, deadline: Instant) -> Result<(), PoolError> {
        self.line
            .admits(cost(self.line.settings.params.setting()), hashed_by(deadline))
    }

    /// How long it takes until no hash waits for its turn, or until each worker has done so many.
    pub fn backlog(&self, hashes: u32) -> Duration {
        self.line.backlog(hashes)
    }

    /// Hashes a new password. Once begun it is finished, whether or not anybody waits.
    pub async fn hash(&self, password: &Password, deadline: Instant) -> Result<StoredHash, PoolError> {
        let (reply, answer) = oneshot::channel();
        let cost = cost(self.line.settings.params.setting());
        self.line.join(Job {
            task: Task::Hash {
                password: password.clone(),
                reply,
            },
            cost,
            deadline: hashed_by(deadline),
        })?;
        answer.await.map_err(|_| self.line.gone())?
    }

    /// Checks a password against a stored hash. `None` (no such user, or a user without a password) costs the
    /// same as a hash of today's parameters and never matches, so the check cannot be skipped for anybody.
    ///
    /// A hash of another scheme or of older parameters takes its own time. Once one has been met (or announced
    /// by [`HashPool::announce`]), every refusal of this pool is held back to twice that time, unknown users'
    /// included, so that the time does not tell them apart. That holds while workers are free; under a flood the
    /// queue's length tells nothing about one user either, but the work of a dear hash is then visible in it.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&StoredHash>,
        deadline: Instant,
    ) -> Result<Verdict, PoolError> {
        let (reply, answer) = oneshot::channel();
        let (against, known) = (stored.unwrap_or(&self.dummy).clone(), stored.is_some());
        let cost = against.cost_for(password);
        self.line.join(Job {
            task: Task::Verify {
                password: password.clone(),
                against,
                reply,
            },
            cost,
            deadline: hashed_by(deadline),
        })?;
        let checked = answer.await.map_err(|_| self.line.gone())??;
        let matches = checked.matches && known;
        if !matches && let Some(floor) = self.line.pace.refusal_floor() {
            // Half of what is left stays for writing the refusal down.
            let latest = deadline.saturating_duration_since(Instant::now()) / 2;
            let due = (checked.begun + floor).saturating_duration_since(Instant::now());
            tokio::time::sleep(due.min(latest)).await;
        }
        let outdated = matches && stored.is_some_and(|stored| stored.outdated(self.line.settings.params));
        Ok(Verdict { matches, outdated })
    }

    /// Announces that such hashes are stored, at start and at import: refusals are evened out from the first one.
    pub fn announce(&self, stored: &StoredHash) {
        if !stored.usual(self.line.settings.params) {
            self.line
                .pace
                .unusual(self.line.pace.time_of(stored.cost().into()));
        }
    }

    /// The parameters of new hashes.
    pub fn params(&self) -> Params {
        self.line.settings.params
    }

    /// What the pool is doing.
    pub fn stats(&self) -> Stats {
        self.line.stats()
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.line.close();
    }
}

impl std::fmt::Debug for HashPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.stats().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn pool() -> HashPool {
        let settings = Settings {
            workers: 2,
            ..Settings::for_this_machine(Params::default())
        };
        HashPool::start(settings, Arc::new(SystemEntropy)).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    const YES: Verdict = Verdict {
        matches: true,
        outdated: false,
    };
    const NO: Verdict = Verdict {
        matches: false,
        outdated: false,
    };

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let pool = pool();
        let (right, wrong) = (
            Password::for_login("correct horse"),
            Password::for_login("wrong horse"),
        );
        let stored = pool.hash(&right, soon()).await.unwrap();
        assert_ne!(
            stored.text(),
            pool.hash(&right, soon()).await.unwrap().text(),
            "salts are random"
        );
        assert_eq!(pool.verify(&right, Some(&stored), soon()).await, Ok(YES));
        assert_eq!(pool.verify(&wrong, Some(&stored), soon()).await, Ok(NO));
        assert_eq!(pool.verify(&right, None, soon()).await, Ok(NO));
    }

    #[tokio::test]
    async fn an_unknown_user_costs_one_hash_of_todays_parameters() {
        let pool = pool();
        assert_eq!(pool.dummy.cost(), cost(pool.params().setting()));
        assert!(pool.dummy.usual(pool.params()));
        pool.verify(&Password::for_login(&"x".repeat(5_000)), None, soon())
            .await
            .unwrap();
        pool.verify(&Password::for_login("x"), None, soon())
            .await
            .unwrap();
        pool.hash(&Password::for_login("x"), soon()).await.unwrap();
        // An answer may come before it is counted.
        while pool.stats().done < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.stats().shed, 0);
    }

    #[tokio::test]
    async fn a_correct_password_of_another_scheme_or_of_older_parameters_asks_for_a_new_hash() {
        let pool = pool();
        let imported =
            StoredHash::parse("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5").unwrap();
        let verdict = pool
            .verify(&Password::for_login("Hello world!"), Some(&imported), soon())
            .await;
        assert_eq!(
            verdict,
            Ok(Verdict {
                matches: true,
                outdated: true
            })
        );
        assert_eq!(
            pool.verify(&Password::for_login("hello world!"), Some(&imported), soon())
                .await,
            Ok(NO)
        );
    }

    #[tokio::test]
    async fn where_unusual_hashes_are_stored_no_refusal_comes_early() {
        let pool = pool();
        pool.announce(
            &StoredHash::parse(
                "$scrypt$ln=13,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$BVMRKqdiVYikKAaPR1wucsKUKvw4TuPLkdEYtoSHas4",
            )
            .unwrap(),
        );
        let floor = pool.line.pace.refusal_floor().unwrap();
        let asked = Instant::now();
        pool.verify(&Password::for_login("x"), None, soon())
            .await
            .unwrap();
        assert!(asked.elapsed() >= floor);
    }

    #[tokio::test]
    async fn a_deadline_that_has_passed_is_answered_with_when_to_come_back() {
        let refused = pool()
            .verify(&Password::for_login("x"), None, Instant::now())
            .await;
        assert_eq!(
            refused,
            Err(PoolError::Overloaded {
                retry_after: Duration::from_secs(1)
            })
        );
    }
}
