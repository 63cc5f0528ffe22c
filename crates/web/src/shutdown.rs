//! Shutting down, in two steps: first those who send requests learn of it, then no more are taken.

use std::sync::Arc;
use tokio::sync::watch;

/// How far a shutdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    Announced,
    Begun,
}

/// A shutdown that may begin: the one who decides it and all who must know hold a clone.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Stage>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A shutdown that has neither been announced nor begun.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Running)))
    }

    /// Lets health and readiness turn false, while every request is still served.
    pub fn announce(&self) {
        self.reach(Stage::Announced);
    }

    /// Begins it: listeners take no further connection. Beginning it again changes nothing.
    pub fn begin(&self) {
        self.reach(Stage::Begun);
    }

    /// Whether it has been announced or has begun.
    pub fn is_announced(&self) -> bool {
        *self.0.borrow() >= Stage::Announced
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow() == Stage::Begun
    }

    /// Returns when it begins.
    pub async fn begun(&self) {
        // The sender lives as long as `self`, so this ends only when the shutdown begins.
        let _ = self.0.subscribe().wait_for(|stage| *stage == Stage::Begun).await;
    }

    fn reach(&self, stage: Stage) {
        self.0.send_if_modified(|reached| {
            let further = *reached < stage;
            *reached = stage.max(*reached);
            further
        });
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
