//! When a mail is tried again.

use std::time::Duration;
use vestibule_model::{Entropy, Timestamp, entropy};

/// How long a mail is tried at most, counted from when it was written.
const LONGEST: Duration = Duration::from_hours(48);
const FIRST: Duration = Duration::from_secs(15);
const WIDEST: Duration = Duration::from_hours(1);

/// When a mail is given up: after two days, or sooner when it has become useless.
pub(crate) fn end(created_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    created_at.plus(LONGEST).min(expires_at)
}

/// When to try again after the `attempts`th attempt: 15 s, doubled each time up to an hour, less up to half of it
/// by chance, so that mails which failed together do not come back together.
pub(crate) fn next(entropy: &dyn Entropy, now: Timestamp, attempts: i64) -> Timestamp {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    let wait = FIRST.saturating_mul(1 << doublings).min(WIDEST);
    let millis = u32::try_from(wait.as_millis() / 2).unwrap_or(u32::MAX);
    now.plus(wait.saturating_sub(Duration::from_millis(entropy::below(entropy, millis).into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Drawn(u8);
    impl Entropy for Drawn {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn waits_double_up_to_an_hour_and_are_never_shorter_than_half() {
        let now = Timestamp::from_seconds(1_000_000);
        for (attempts, seconds) in [(1, 15), (2, 30), (5, 240), (9, 3_600), (900, 3_600), (0, 15)] {
            assert_eq!(
                next(&Drawn(0), now, attempts).since(now),
                Duration::from_secs(seconds),
                "attempt {attempts}"
            );
            for byte in [1, 77, 200, 254] {
                let wait = next(&Drawn(byte), now, attempts).since(now);
                assert!(
                    wait > Duration::from_secs(seconds) / 2 && wait <= Duration::from_secs(seconds),
                    "{wait:?}"
                );
            }
        }
        assert_ne!(next(&Drawn(1), now, 3), next(&Drawn(77), now, 3));
    }

    #[test]
    fn a_mail_is_given_up_after_two_days_and_no_later_than_it_is_useless() {
        let written = Timestamp::from_seconds(0);
        assert_eq!(
            end(written, Timestamp::from_seconds(3_600)),
            Timestamp::from_seconds(3_600)
        );
        assert_eq!(
            end(written, Timestamp::from_seconds(900_000)),
            Timestamp::from_seconds(172_800)
        );
    }
}
