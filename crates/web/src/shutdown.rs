//! Shutting down.

use std::sync::Arc;
use tokio::sync::watch;

/// A shutdown that may begin: the one who decides it and all who must know hold a clone.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A shutdown that has not begun.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Begins it; beginning it again changes nothing.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it begins.
    pub async fn begun(&self) {
        // The sender lives as long as `self`, so this ends only when the shutdown begins.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
