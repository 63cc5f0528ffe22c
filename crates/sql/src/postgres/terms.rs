//! What a transaction is given: a deadline, and how it begins.

use std::borrow::Cow;
use std::time::{Duration, Instant};

/// How long one sentence may take.
pub const SENTENCE: Duration = Duration::from_secs(5);
/// How long COMMIT may take although the deadline is over: without its answer nobody knows what happened.
pub const GRACE: Duration = Duration::from_millis(250);
/// How long a transaction of a process that stands still may keep its locks: less than another node's request waits.
const IDLE: Duration = Duration::from_secs(2);
/// How much of a sentence's time must be over before a settled connection is told of a shorter one.
const LATE: Duration = Duration::from_secs(1);

/// How long several that share a transaction wait for a locked row before it is given up, and each goes by itself: whoever
/// locks several of its rows in another order may wait for it in turn.
const LOCKED: Duration = Duration::from_millis(20);

/// The sentence that begins a transaction of which the server knows all there is to say.
pub const BEGIN: &str = "BEGIN";

/// What a transaction is given.
#[derive(Clone, Copy)]
pub struct Terms {
    pub deadline: Instant,
    /// How long it may wait for others to set out with.
    pub company: Duration,
    pub way: Way,
    /// Whether one sentence may take as long as the whole: a migration.
    pub patient: bool,
    /// Whether the commit is answered before it is on disk.
    pub unsynced: bool,
}

/// What the way to the server allows.
#[derive(Clone, Copy)]
pub struct Way {
    /// Whether statements are prepared.
    pub prepare: bool,
    /// Whether the connections of the pool were told [`settle`].
    pub settled: bool,
}

/// What a connection that no pooler shares is told once, so that its transactions need not say it.
pub fn settle() -> String {
    limits(served(SENTENCE), "SET")
}

/// The server ends what outlives this by itself, so the connection stays good.
fn limits(sentence: Duration, set: &str) -> String {
    format!(
        "{set} statement_timeout={};{set} idle_in_transaction_session_timeout={}",
        sentence.as_millis().max(1),
        IDLE.as_millis()
    )
}

/// How long the server lets a sentence take for which somebody waits so long: a little less, so that its answer comes
/// while they do.
fn served(left: Duration) -> Duration {
    left.saturating_sub((left / 10).min(GRACE))
}

impl Terms {
    /// The commit may be answered before it is on disk: there is no wait for that to share in company.
    pub const fn unsynced(self) -> Self {
        Self {
            unsynced: true,
            company: Duration::ZERO,
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

    /// The sentence that begins a transaction of several.
    pub fn begin_shared(&self) -> Cow<'static, str> {
        format!("{};SET LOCAL lock_timeout={}", self.begin(), LOCKED.as_millis()).into()
    }

    /// The sentence that begins.
    pub fn begin(&self) -> Cow<'static, str> {
        let left = self.left();
        let told = self.patient || self.way.settled && left + LATE > SENTENCE;
        let mut text = Cow::Borrowed(BEGIN);
        if !told {
            text = format!("{BEGIN};{}", limits(served(left), "SET LOCAL")).into();
        }
        if self.unsynced {
            text.to_mut().push_str(";SET LOCAL synchronous_commit=off");
        }
        text
    }
}
