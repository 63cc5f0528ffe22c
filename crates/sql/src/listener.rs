//! What the store's caches and metrics hear.

use std::time::{Duration, Instant};

/// Something that changed and that caches may hold. Collected by [`Tx::announce`](crate::Tx::announce), or heard from
/// another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Announcement<'a> {
    /// What kind of thing, such as `session`.
    pub topic: &'a str,
    /// Its id.
    pub id: [u8; 16],
}

/// Receives news on the thread that commits or listens, so each method returns at once and takes no lock held for long.
pub trait Listener: Send + Sync + 'static {
    /// These were committed; called before any of their transactions is answered, or when another node says so.
    fn committed(&self, announcements: &[Announcement<'_>]);

    /// Another process committed: whatever is cached may be stale.
    fn foreign_commit(&self);

    /// Every foreign commit before `at` has been reported: the start of the caches' lease.
    fn proof(&self, at: Instant);

    /// Every foreign commit before `at` has been reported, because the database was asked: good for a moment.
    fn asked(&self, at: Instant);

    /// A transaction body ran this long, its commit apart.
    fn wrote(&self, body: &'static str, took: Duration);
}

/// Hears nothing: for processes without caches, such as one CLI command.
impl Listener for () {
    fn committed(&self, _: &[Announcement<'_>]) {}
    fn foreign_commit(&self) {}
    fn proof(&self, _: Instant) {}
    fn asked(&self, _: Instant) {}
    fn wrote(&self, _: &'static str, _: Duration) {}
}
