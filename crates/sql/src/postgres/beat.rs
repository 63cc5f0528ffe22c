//! Transactions that can wait set out together: the server's processes then work through them in one go, instead of being
//! woken for each between what the processors are busy with.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How far apart they set out.
const BEAT: Duration = Duration::from_millis(50);

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
        let next = BEAT.saturating_sub(Duration::from_nanos(u64::try_from(gone).unwrap_or(0)));
        sleep_until(now + next.min(longest)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_begins_at_other_times_sets_out_together_unless_it_cannot_wait() {
        let beat = Beat::new();
        let sets_out = async |begins: u64, longest: Duration| {
            tokio::time::sleep(Duration::from_millis(begins)).await;
            let begun = Instant::now();
            beat.wait(longest).await;
            (Instant::now(), begun.elapsed())
        };
        let (one, other, hurried, urgent) = tokio::join!(
            sets_out(1, BEAT),
            sets_out(9, BEAT),
            sets_out(9, Duration::from_millis(3)),
            sets_out(9, Duration::ZERO)
        );
        assert_eq!(one.0, other.0);
        assert!(one.1 <= BEAT && other.1 < one.1, "{one:?} {other:?}");
        assert!(hurried.1 < Duration::from_millis(5), "{hurried:?}");
        assert_eq!(urgent.1, Duration::ZERO);
    }
}
