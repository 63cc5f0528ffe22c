//! The progressive lock of an account after consecutive failures.

use std::time::Duration;

/// When and for how long an account is locked. A victim never waits longer than the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// How many consecutive failures are evaluated before the first lock.
    pub failures: u32,
    /// How long the first, the second, and every further lock lasts.
    pub steps: [Duration; 3],
}

impl Default for Lockout {
    /// Ten failures, then one, five, and fifteen minutes (`contracts/README.md`, default budgets).
    fn default() -> Self {
        Self {
            failures: 10,
            steps: [
                Duration::from_mins(1),
                Duration::from_mins(5),
                Duration::from_mins(15),
            ],
        }
    }
}
