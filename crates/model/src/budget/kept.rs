//! A window as the database keeps it: what was counted, and when requests came since.
//!
//! Whoever asks adds the time to the text, in one write that answers with all of it. Everybody judges the same requests in
//! the same order, so everybody comes to the same: nobody need write down what came of it.

use super::{Rate, Standing, Window};
use std::time::Duration;

/// So many requests may wait to be judged again before they are written as a window.
const MANY: usize = 12;

/// A kept window.
pub struct Kept {
    counted: Window,
    came: Vec<Duration>,
}

impl Kept {
    /// Reads `window+time+time…`, of times in microseconds since 1970. What cannot be read, such as what a later release may
    /// have written, counts as nothing: each node's own window still holds.
    pub fn read(text: &str) -> Self {
        let mut parts = text.split('+');
        let window = parts.next().and_then(Window::read);
        let times = parts.filter_map(|time| time.parse().ok());
        Self {
            counted: window.unwrap_or_default(),
            came: times.map(Duration::from_micros).collect(),
        }
    }

    /// Whether it should be written as a window again.
    pub fn is_long(&self) -> bool {
        self.came.len() >= MANY
    }

    /// The window after all requests, and what became of the last: where the client then stands, whether there was room or
    /// not. None if none came.
    pub fn judge(self, rate: Rate) -> (Window, Option<Result<Standing, Standing>>) {
        let mut window = self.counted;
        let judged = self.came.into_iter().map(|came| window.take(rate, came)).last();
        (window, judged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::per_minute(3);
    /// A moment, in microseconds.
    const NOON: u64 = 1_800_000_000_000_000;

    fn after(seconds: &[u64]) -> String {
        let times = seconds.iter().map(|it| (NOON + it * 1_000_000).to_string());
        times.flat_map(|time| ["+".to_owned(), time]).collect()
    }

    fn last(text: &str) -> Option<Result<u32, u32>> {
        let judged = Kept::read(text).judge(RATE).1;
        judged.map(|judged| judged.map(|it| it.remaining).map_err(|it| it.remaining))
    }

    #[test]
    fn the_last_request_is_judged_after_those_before_it_and_refused_ones_take_no_room() {
        assert_eq!(last(""), None);
        assert_eq!(last(&after(&[0])), Some(Ok(2)));
        assert_eq!(last(&after(&[0, 20, 40])), Some(Ok(0)));
        assert_eq!(last(&after(&[0, 20, 40, 41, 42, 43])), Some(Err(0)));
        assert_eq!(last(&after(&[0, 20, 40, 41, 42, 43, 61])), Some(Ok(0)));
    }

    #[test]
    fn a_window_and_what_came_since_is_the_window_of_all() {
        let all = [0, 20, 40, 41, 61, 90];
        for early in 0..all.len() {
            let (before, since) = all.split_at(early);
            let window = Kept::read(&after(before)).judge(RATE).0;
            let text = window.written() + &after(since);
            assert_eq!(
                Kept::read(&text).judge(RATE),
                Kept::read(&after(&all)).judge(RATE),
                "{early}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_counts_as_nothing() {
        for odd in ["v9 {}", "1 2", "+", "+x", "-1"] {
            let kept = format!("{odd}{}", after(&[0]));
            assert_eq!(last(&kept), Some(Ok(2)), "{odd}");
        }
    }
}
