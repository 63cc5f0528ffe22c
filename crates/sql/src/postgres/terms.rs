//! What a transaction is given: a deadline, and how it begins.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How long one sentence may take.
pub const SENTENCE: Duration = Duration::from_secs(5);
/// How long COMMIT may take although the deadline is over: without its answer nobody knows what happened.
pub const GRACE: Duration = Duration::from_millis(250);
/// How long a transaction of a process that stands still may keep its locks: less than another node's request waits.
const IDLE: Duration = Duration::from_secs(2);

/// What a transaction is given.
#[derive(Clone, Copy)]
pub struct Terms {
    pub deadline: Instant,
    /// Whether statements are prepared.
    pub prepare: bool,
    /// Whether one sentence may take as long as the whole: a migration.
    pub patient: bool,
    /// Whether the commit is answered before it is on disk.
    pub unsynced: bool,
}

impl Terms {
    /// The commit may be answered before it is on disk.
    pub const fn unsynced(self) -> Self {
        Self {
            unsynced: true,
            ..self
        }
    }

    /// One sentence may take as long as the whole.
    pub const fn patient(self) -> Self {
        Self {
            patient: true,
            ..self
        }
    }

    /// How long the next sentence may take.
    pub fn left(&self) -> Duration {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if self.patient { left } else { left.min(SENTENCE) }
    }

    /// How long the server lets one sentence take: a little less, so that its answer comes while somebody waits.
    fn served(&self) -> Duration {
        let left = self.left();
        left.saturating_sub((left / 10).min(GRACE))
    }

    /// The sentence that begins. The server ends what outlives the terms by itself, so the connection stays good.
    pub fn begin(&self) -> String {
        let mut text = String::from("BEGIN");
        if !self.patient {
            let served = self.served().as_millis().max(1);
            // Writing into a string cannot fail.
            let _ = write!(
                text,
                ";SET LOCAL statement_timeout={served};SET LOCAL idle_in_transaction_session_timeout={}",
                IDLE.as_millis()
            );
        }
        if self.unsynced {
            text.push_str(";SET LOCAL synchronous_commit=off");
        }
        text
    }
}
