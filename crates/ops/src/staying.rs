//! Which sessions were used and so live longer, until that is written down: at most once an hour for each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vestibule_model::Timestamp;
use vestibule_model::id::SessionId;

/// The last use is kept this exactly, so that a request writes nothing.
const EXACTNESS: Duration = Duration::from_hours(1);
/// How many sessions wait at most, while the database cannot take them; the next use of the others is noted instead.
const MOST: usize = 65_536;

/// Sessions by the moment until which they live unless they are used again.
#[derive(Default)]
pub(crate) struct Staying(Mutex<HashMap<SessionId, Timestamp>>);

impl Staying {
    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a session which would live until `stored` now lives until `until`, if that is an hour more.
    pub(crate) fn note(&self, session: SessionId, stored: Timestamp, until: Timestamp) {
        if stored.plus(EXACTNESS) > until {
            return;
        }
        let mut sessions = self.sessions();
        if sessions.len() < MOST || sessions.contains_key(&session) {
            sessions.insert(session, until);
        }
    }

    /// Some of the sessions, in the order of their ids: nodes that wrote them in different orders would each hold a row
    /// that the other one waits for. They stay until [`Staying::written`].
    pub(crate) fn some(&self, limit: usize) -> Vec<(SessionId, Timestamp)> {
        let sessions = self.sessions();
        let some = sessions.iter().take(limit);
        let mut some: Vec<_> = some.map(|(id, until)| (*id, *until)).collect();
        some.sort_unstable_by_key(|(id, _)| id.bytes());
        some
    }

    /// Forgets what is written, but not what was noted since.
    pub(crate) fn written(&self, written: &[(SessionId, Timestamp)]) {
        let mut sessions = self.sessions();
        for (session, until) in written {
            if sessions.get(session) == Some(until) {
                sessions.remove(session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: SessionId = SessionId::from_bytes([1; 16]);

    fn at(hours: u64) -> Timestamp {
        Timestamp::from_seconds(0).plus(Duration::from_hours(hours))
    }

    #[test]
    fn a_use_is_noted_when_it_moves_the_end_by_an_hour() {
        let staying = Staying::default();
        staying.note(ID, at(720), at(720).plus(Duration::from_mins(59)));
        assert!(staying.some(10).is_empty());
        staying.note(ID, at(720), at(721));
        assert_eq!(staying.some(10), [(ID, at(721))]);
    }

    #[test]
    fn sessions_are_written_in_the_order_of_their_ids_so_that_two_nodes_never_wait_for_each_other() {
        let staying = Staying::default();
        for number in 0..64_u128 {
            staying.note(SessionId::from_bytes(number.to_be_bytes()), at(0), at(1));
        }
        let written = staying.some(64);
        assert!(written.is_sorted_by_key(|(id, _)| id.bytes()), "{written:?}");
    }

    #[test]
    fn what_was_noted_while_older_notes_were_written_stays() {
        let staying = Staying::default();
        staying.note(ID, at(0), at(1));
        let writing = staying.some(10);
        staying.note(ID, at(0), at(2));
        staying.written(&writing);
        assert_eq!(staying.some(10), [(ID, at(2))]);
    }
}
