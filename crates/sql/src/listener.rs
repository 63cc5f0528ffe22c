//! What the store's caches and metrics hear.

use std::time::{Duration, Instant};

/// Something that changed and that caches may hold. Collected by [`Tx::announce`](crate::Tx::announce).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Announcement {
    /// What kind of thing, such as `session`.
    pub topic: &'static str,
    /// Its id.
    pub id: [u8; 16],
}

/// Receives news on the writer's thread, so each method returns at once and takes no lock held for long.
pub trait Listener: Send + Sync + 'static {
    /// These were committed; called before any of their transactions is answered.
    fn committed(&self, announcements: &[Announcement]);

    /// Another process committed: whatever is cached may be stale.
    fn foreign_commit(&self);

    /// Every foreign commit before `at` has been reported: the start of the caches' lease.
    fn proof(&self, at: Instant);

    /// A transaction body ran this long, its commit apart.
    fn wrote(&self, body: &'static str, took: Duration);
}

/// Hears nothing: for processes without caches, such as one CLI command.
impl Listener for () {
    fn committed(&self, _: &[Announcement]) {}
    fn foreign_commit(&self) {}
    fn proof(&self, _: Instant) {}
    fn wrote(&self, _: &'static str, _: Duration) {}
}
