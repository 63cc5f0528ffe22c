//! Shutting down, in two steps: first those who send requests learn of it, then no more are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::watch;

/// How far a shutdown has come.
#[derive(Clone, Copy)]
enum Stage {
    Running,
    Announced,
    Begun,
}

/// A shutdown that may begin: the one who decides it and all who must know hold a clone.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<Progress>);

#[derive(Debug)]
struct Progress {
    /// The [`Stage`]; every request looks at it, and none takes a lock for that.
    reached: AtomicU8,
    begun: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A shutdown that has neither been announced nor begun.
    pub fn new() -> Self {
        Self(Arc::new(Progress {
            reached: AtomicU8::new(Stage::Running as u8),
            begun: watch::Sender::new(false),
        }))
    }

    /// Lets health and readiness turn false, while every request is still served.
    pub fn announce(&self) {
        self.reach(Stage::Announced);
    }

    /// Begins it: listeners take no further connection. Beginning it again changes nothing.
    pub fn begin(&self) {
        self.reach(Stage::Begun);
        self.0.begun.send_replace(true);
    }

    /// Whether it has been announced or has begun.
    pub fn is_announced(&self) -> bool {
        self.has_reached(Stage::Announced)
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.has_reached(Stage::Begun)
    }

    /// Returns when it begins.
    pub async fn begun(&self) {
        // The sender lives as long as `self`, so this ends only when the shutdown begins.
        let _ = self.0.begun.subscribe().wait_for(|begun| *begun).await;
    }

    fn reach(&self, stage: Stage) {
        self.0.reached.fetch_max(stage as u8, Ordering::AcqRel);
    }

    fn has_reached(&self, stage: Stage) -> bool {
        self.0.reached.load(Ordering::Acquire) >= stage as u8
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
