//! Which sessions' newest access token was seen in use, until that is written down (`STORE.md` §2).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vestibule_model::Timestamp;
use vestibule_model::id::SessionId;

/// How many marks wait at most, while the database cannot take them.
const MOST: usize = 65_536;

/// The first use of an access token of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) session: SessionId,
    pub(crate) generation: i64,
    pub(crate) at: Timestamp,
}

/// Marks that wait to be written; one lookup per access token's life, none per request.
#[derive(Default)]
pub(crate) struct Used(Mutex<HashMap<SessionId, Mark>>);

impl Used {
    fn marks(&self) -> MutexGuard<'_, HashMap<SessionId, Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a use; `false` when there is no room, and the next use has to be noted instead.
    pub(crate) fn note(&self, mark: Mark) -> bool {
        let mut marks = self.marks();
        match marks.get(&mark.session) {
            Some(noted) if noted.generation >= mark.generation => return true,
            None if marks.len() >= MOST => return false,
            Some(_) | None => {}
        }
        marks.insert(mark.session, mark);
        true
    }

    /// The newest generation whose access token was seen, if that is not yet written.
    pub(crate) fn generation(&self, session: SessionId) -> Option<i64> {
        self.marks().get(&session).map(|mark| mark.generation)
    }

    /// Some of the marks, in the order of their sessions' ids: nodes that wrote them in different orders would each hold
    /// a row that the other one waits for. They stay until [`Used::written`].
    pub(crate) fn some(&self, limit: usize) -> Vec<Mark> {
        let mut some: Vec<_> = self.marks().values().take(limit).copied().collect();
        some.sort_unstable_by_key(|mark| mark.session.bytes());
        some
    }

    /// Forgets marks that are written, but not newer ones of the same sessions.
    pub(crate) fn written(&self, written: &[Mark]) {
        let mut marks = self.marks();
        for mark in written {
            if marks.get(&mark.session) == Some(mark) {
                marks.remove(&mark.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(generation: i64) -> Mark {
        Mark {
            session: SessionId::from_bytes([1; 16]),
            generation,
            at: Timestamp::from_seconds(generation),
        }
    }

    #[test]
    fn a_newer_generation_replaces_an_older_one_and_never_the_reverse() {
        let used = Used::default();
        assert!(used.note(mark(2)) && used.note(mark(3)) && used.note(mark(2)));
        assert_eq!(used.generation(mark(3).session), Some(3));
    }

    #[test]
    fn a_mark_made_while_an_older_one_was_written_stays() {
        let used = Used::default();
        used.note(mark(2));
        let writing = used.some(10);
        used.note(mark(3));
        used.written(&writing);
        assert_eq!(used.some(10), [mark(3)]);
        used.written(&[mark(3)]);
        assert!(used.some(10).is_empty());
    }

    #[test]
    fn marks_are_written_in_the_order_of_their_sessions_so_that_two_nodes_never_wait_for_each_other() {
        let used = Used::default();
        for number in 0..64_u128 {
            let session = SessionId::from_bytes(number.to_be_bytes());
            used.note(Mark { session, ..mark(1) });
        }
        let written = used.some(64);
        assert!(
            written.is_sorted_by_key(|mark| mark.session.bytes()),
            "{written:?}"
        );
    }

    #[test]
    fn the_set_is_bounded() {
        let used = Used::default();
        for number in 0..=MOST as u128 {
            let session = SessionId::from_bytes(number.to_be_bytes());
            let noted = used.note(Mark { session, ..mark(1) });
            assert_eq!(noted, number < MOST as u128);
        }
    }
}
