//! The refresh family: what a presented generation means (`STORE.md` §2, the state table).

use crate::Timestamp;
use std::time::Duration;

/// The columns of a session that decide about a refresh token. `leaf` is the one live generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// When the session was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The absolute end of the session; rotation never moves it.
    pub expires_at: Timestamp,
    /// The live generation.
    pub leaf: i64,
    /// The generation whose consumption made `leaf`; 0 when nothing was consumed yet.
    pub parent: i64,
    /// When `leaf` was made.
    pub rotated_at: Timestamp,
    /// When the access token of `leaf` was first seen in use.
    pub leaf_used_at: Option<Timestamp>,
}

/// What to do with a presented refresh token whose MAC is good. The numbers are the rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Row 0: a generation that a restore undid.
    Unknown,
    /// Row 1: the session was revoked.
    Revoked,
    /// Row 2: the session is past its absolute end.
    Expired,
    /// Rows 3 and 5: move to the next generation.
    Advance,
    /// Row 4: consumed a moment ago; the same successor again.
    SameAgain,
    /// Rows 6 and 7: somebody else holds a copy; the family is revoked.
    Reused,
}

impl Family {
    /// Judges `generation` at `now`, with `overlap` as the time in which a consumed token yields its successor again.
    pub fn judge(&self, generation: i64, now: Timestamp, overlap: Duration) -> Verdict {
        if generation > self.leaf || generation < 1 {
            Verdict::Unknown
        } else if self.revoked_at.is_some() {
            Verdict::Revoked
        } else if self.expires_at <= now {
            Verdict::Expired
        } else if generation == self.leaf {
            Verdict::Advance
        } else if generation != self.parent {
            Verdict::Reused
        } else if self.rotated_at.plus(overlap) > now {
            Verdict::SameAgain
        } else if self.leaf_used_at.is_none() {
            Verdict::Advance
        } else {
            Verdict::Reused
        }
    }

    /// Whether an access token of `generation` still opens our own endpoints: the live generation, and those that
    /// were consumed in the ordinary way; not one that a replacement (row 5) left behind.
    pub fn honours_access(&self, generation: i64) -> bool {
        generation == self.leaf || (1..=self.parent).contains(&generation)
    }
}

#[cfg(test)]
mod interleavings;

#[cfg(test)]
mod tests {
    use super::*;

    const OVERLAP: Duration = Duration::from_secs(10);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// A family in which generation 5 was consumed at second 100 and replaced twice: 7 is live, 6 is dead.
    fn family() -> Family {
        Family {
            revoked_at: None,
            expires_at: at(1_000),
            leaf: 7,
            parent: 5,
            rotated_at: at(100),
            leaf_used_at: None,
        }
    }

    #[test]
    fn the_state_table_row_by_row() {
        let used = Family {
            leaf_used_at: Some(at(120)),
            ..family()
        };
        let revoked = Family {
            revoked_at: Some(at(105)),
            ..family()
        };
        for (row, family, generation, now, verdict) in [
            ("0 future", family(), 8, 200, Verdict::Unknown),
            ("0 never issued", family(), 0, 200, Verdict::Unknown),
            ("0 before 1", revoked, 8, 200, Verdict::Unknown),
            ("1", revoked, 7, 200, Verdict::Revoked),
            ("1 before 2", revoked, 7, 2_000, Verdict::Revoked),
            ("2", family(), 7, 1_000, Verdict::Expired),
            ("3", family(), 7, 999, Verdict::Advance),
            ("4", family(), 5, 109, Verdict::SameAgain),
            ("4 though used", used, 5, 109, Verdict::SameAgain),
            ("5", family(), 5, 110, Verdict::Advance),
            ("6", used, 5, 110, Verdict::Reused),
            ("7 older", family(), 4, 101, Verdict::Reused),
            ("7 replaced successor", family(), 6, 101, Verdict::Reused),
        ] {
            assert_eq!(family.judge(generation, at(now), OVERLAP), verdict, "row {row}");
        }
    }

    #[test]
    fn access_tokens_of_a_replaced_generation_are_dead_and_older_ones_run_out() {
        assert!(family().honours_access(7) && family().honours_access(5) && family().honours_access(1));
        assert!(!family().honours_access(6) && !family().honours_access(8) && !family().honours_access(0));
    }
}
