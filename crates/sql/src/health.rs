//! Whether a database takes writes.

use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the database takes writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Writable,
    /// The disk is full; heals by itself.
    Full,
    /// It was closed, or the disk failed under a write; only a restart helps.
    Closed,
}

const WRITABLE: u8 = 0;
const FULL: u8 = 1;
const CLOSED: u8 = 2;

/// The last known health.
#[derive(Default)]
pub(crate) struct Mark(AtomicU8);

impl Mark {
    pub(crate) fn get(&self) -> Health {
        match self.0.load(Ordering::Acquire) {
            WRITABLE => Health::Writable,
            FULL => Health::Full,
            _ => Health::Closed,
        }
    }

    /// Notes a change; `Closed` is final.
    pub(crate) fn set(&self, health: Health) {
        let new = match health {
            Health::Writable => WRITABLE,
            Health::Full => FULL,
            Health::Closed => CLOSED,
        };
        let unless_closed = |old| (old != CLOSED && old != new).then_some(new);
        let _ = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, unless_closed);
    }
}
