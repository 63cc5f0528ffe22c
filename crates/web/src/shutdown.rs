//! Shutting down, in two steps: first those who send requests learn of it, then no more are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// A shutdown that may begin: the one who decides it and all who must know hold a clone.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    /// Every request looks at it, and none takes a lock for that.
    announced: AtomicBool,
    begun: watch::Sender<bool>,
}

impl Shutdown {
    /// A shutdown that has neither been announced nor begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets health and readiness turn false, while every request is still served.
    pub fn announce(&self) {
        self.0.announced.store(true, Ordering::Release);
    }

    /// Begins it: listeners take no further connection. Beginning it again changes nothing.
    pub fn begin(&self) {
        self.announce();
        self.0.begun.send_replace(true);
    }

    /// Whether it has been announced or has begun.
    pub fn is_announced(&self) -> bool {
        self.0.announced.load(Ordering::Acquire)
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.begun.borrow()
    }

    /// Returns when it begins.
    pub async fn begun(&self) {
        // The sender lives as long as `self`, so this ends only when the shutdown begins.
        let _ = self.0.begun.subscribe().wait_for(|begun| *begun).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shutdown_is_announced_before_it_begins_and_never_taken_back() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_announced());
        shutdown.announce();
        assert!(shutdown.is_announced() && !shutdown.has_begun());
        shutdown.begin();
        shutdown.announce();
        assert!(shutdown.is_announced() && shutdown.has_begun());
        shutdown.begun().await;
    }
}
