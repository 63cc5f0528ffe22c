//! The signing keys of one project, environment and dialect. What each is for follows from the time alone.

use std::sync::Arc;
use std::time::Duration;
use vestibule_keys::jose::Key;
use vestibule_model::Timestamp;
use vestibule_model::id::KeyId;
use vestibule_store::secret_keys::SecretKeyRow;

/// When a key serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// It signs from here.
    pub(crate) active_from: Timestamp,
    /// Its successor signs from here.
    pub(crate) retired_at: Option<Timestamp>,
    /// The last token that it signed has expired.
    pub(crate) expires_at: Option<Timestamp>,
}

impl Term {
    pub(crate) const fn of(row: &SecretKeyRow) -> Self {
        Self {
            active_from: row.active_from,
            retired_at: row.retired_at,
            expires_at: row.expires_at,
        }
    }

    /// Whether it may sign.
    pub(crate) fn signs(&self, now: Timestamp) -> bool {
        self.active_from <= now && self.retired_at.is_none_or(|at| now < at)
    }

    /// Whether it is published and believed: from its creation on, so before it signs.
    pub(crate) fn is_believed(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether it waits for its turn.
    pub(crate) fn waits(&self, now: Timestamp) -> bool {
        now < self.active_from && self.retired_at.is_none()
    }
}

/// A key with its handle parsed and its header encoded, once.
pub(crate) struct RingKey {
    pub(crate) id: KeyId,
    pub(crate) term: Term,
    pub(crate) key: Arc<Key>,
    pub(crate) header: String,
}

/// What a ring needs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    /// The key that signs is old, and none waits to take over.
    Successor,
    /// No key may sign.
    Key,
}

/// The keys that are not revoked, in the order in which they take over.
pub(crate) struct Ring(pub(crate) Vec<RingKey>);

impl Ring {
    /// The key that signs now.
    pub(crate) fn signer(&self, now: Timestamp) -> Option<&RingKey> {
        self.0.iter().rev().find(|key| key.term.signs(now))
    }

    /// The key that tokens call by this name, while it is believed.
    pub(crate) fn verifier(&self, kid: &str, now: Timestamp) -> Option<&RingKey> {
        self.believed(now).find(|key| key.key.kid() == kid)
    }

    /// The keys that are published.
    pub(crate) fn believed(&self, now: Timestamp) -> impl Iterator<Item = &RingKey> {
        self.0.iter().filter(move |key| key.term.is_believed(now))
    }

    /// The last key to take over.
    pub(crate) fn newest(&self) -> Option<KeyId> {
        self.0.last().map(|key| key.id)
    }

    /// What the ring needs when keys are replaced at the age of `rotation`.
    pub(crate) fn need(&self, now: Timestamp, rotation: Duration) -> Need {
        need(self.0.iter().map(|key| key.term), now, rotation)
    }
}

fn need(terms: impl DoubleEndedIterator<Item = Term> + Clone, now: Timestamp, rotation: Duration) -> Need {
    match terms.clone().rev().find(|term| term.signs(now)) {
        None => Need::Key,
        Some(signer) if signer.active_from.plus(rotation) > now => Need::Nothing,
        Some(_) if terms.into_iter().any(|term| term.waits(now)) => Need::Nothing,
        Some(signer) if signer.retired_at.is_some() => Need::Nothing,
        Some(_) => Need::Successor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn term(active_from: i64, retired_at: Option<i64>) -> Term {
        let retired_at = retired_at.map(at);
        Term {
            active_from: at(active_from),
            retired_at,
            expires_at: retired_at.map(|retired| retired.plus(DAY)),
        }
    }

    #[test]
    fn a_rotation_hands_over_at_one_moment_and_believes_both() {
        let (old, new) = (term(0, Some(500)), term(500, None));
        for (now, old_signs) in [(499, true), (500, false)] {
            assert_eq!(
                (old.signs(at(now)), new.signs(at(now))),
                (old_signs, !old_signs),
                "at {now}"
            );
            assert!(old.is_believed(at(now)) && new.is_believed(at(now)));
        }
        assert!(old.is_believed(at(500 + 86_399)) && !old.is_believed(at(500 + 86_400)));
    }

    #[test]
    fn what_a_ring_needs() {
        let rotation = Duration::from_secs(1_000);
        let needs = |terms: &[Term], now| need(terms.iter().copied(), at(now), rotation);
        assert_eq!(needs(&[], 0), Need::Key);
        assert_eq!(needs(&[term(0, None)], 999), Need::Nothing);
        assert_eq!(needs(&[term(0, None)], 1_000), Need::Successor);
        assert_eq!(
            needs(&[term(0, Some(1_300)), term(1_300, None)], 1_000),
            Need::Nothing
        );
        assert_eq!(
            needs(&[term(0, Some(1_300))], 1_300),
            Need::Key,
            "the successor was revoked"
        );
    }
}
