//! Bodies that can wait set out together, so that what is one trip of each is one of all, with one commit.

use std::time::Duration;

use tokio::sync::Notify;

/// Those who wait to set out.
pub struct Company {
    leaves: Notify,
}

impl Company {
    pub const fn new() -> Self {
        Self {
            leaves: Notify::const_new(),
        }
    }

    /// Waits as long as that, or until somebody else has waited long enough: all set out with the first.
    pub async fn wait(&self, longest: Duration) {
        if longest.is_zero() {
            return;
        }
        tokio::select! {
            () = self.leaves.notified() => {}
            () = tokio::time::sleep(longest) => self.leaves.notify_waiters(),
        }
    }
}
