//! Transactions that can wait set out together: the server's processes then work through them in one go, instead of being
//! woken for each between what the processors are busy with.

use std::time::{Duration, Instant};

/// How far apart they set out.
const BEAT: Duration = Duration::from_millis(25);

pub struct Beat(Instant);

impl Beat {
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// Waits for the next beat, or as long as one can.
    pub async fn wait(&self, longest: Duration) {
        if longest.is_zero() {
            return;
        }
        let now = Instant::now();
        let gone = (now - self.0).as_nanos() % BEAT.as_nanos();
        let next = BEAT - Duration::from_nanos(u64::try_from(gone).unwrap_or(0));
        tokio::time::sleep_until((now + next.min(longest)).into()).await;
    }
}
