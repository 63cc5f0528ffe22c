//! What is remembered of keys, users, sessions and tokens, and what makes it forgotten. `vestibule_store::cache` has
//! the rules.

use crate::authenticate::{LiveSession, Verified};
use crate::jwks::{Published, Which};
use crate::keyring::{Ring, RingKey};
use crate::me::Me;
use crate::roles::Known;
use serde_json::Value;
use std::sync::Arc;
use vestibule_keys::digest::MacKey;
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::token::Algorithm;
use vestibule_model::user::User;
use vestibule_store::cache::{Cache, Topic};
use vestibule_store::secret_keys::RingName;
use vestibule_store::{Store, projects, role_assignments, roles, secret_keys, sessions, users};

/// What an ordinary user says of itself, in bytes of memory.
const ORDINARY: u64 = 2_048;
/// What one value takes beside its text: its place, and the name and the index that an object has for it.
const VALUE: u64 = 64;

/// The caches. Those that are filled from others stand after them.
pub(crate) struct Caches {
    /// Signing keys, parsed.
    pub(crate) rings: Cache<RingName, Arc<Ring>>,
    /// MAC keys, parsed.
    pub(crate) macs: Cache<RingName, Arc<MacKey>>,
    /// Which ring a `kid` is of; `None` for those that are nobody's.
    pub(crate) kids: Cache<String, Option<RingName>>,
    /// Key documents.
    pub(crate) jwks: Cache<Which, Published>,
    /// Users by id.
    pub(crate) users: Cache<UserId, Arc<User>>,
    /// Sessions by id, ended ones too.
    pub(crate) sessions: Cache<SessionId, Arc<LiveSession>>,
    /// Access tokens whose signature and claims were found good, by the hash of their text.
    pub(crate) tokens: Cache<[u8; 32], Arc<Verified>>,
    /// What users may do.
    pub(crate) authorities: Cache<UserId, Arc<Known>>,
    /// What users see of themselves.
    pub(crate) me: Cache<UserId, Arc<Me>>,
}

impl Caches {
    /// Empty caches that hear of the store's commits.
    pub(crate) fn over(store: &Store) -> Self {
        let freshness = &store.freshness;
        Self {
            rings: freshness.weighed(
                32_768,
                |_, ring: &Arc<Ring>| ring_weight(ring),
                &[Topic::Those(secret_keys::TOPIC, |id, ring: &RingName, _| {
                    ring.realm.project.bytes() == id
                })],
            ),
            macs: freshness.cache(
                32_768,
                &[Topic::Those(secret_keys::TOPIC, |id, ring: &RingName, _| {
                    ring.realm.project.bytes() == id
                })],
            ),
            kids: freshness.cache(16_384, &[Topic::All(secret_keys::TOPIC)]),
            jwks: freshness.cache(
                1_024,
                &[
                    Topic::Those(secret_keys::TOPIC, |id, (project, ..), _| project.bytes() == id),
                    Topic::Those(projects::TOPIC, |id, (project, ..), _| project.bytes() == id),
                ],
            ),
            users: freshness.weighed(
                32_768,
                |_, user: &Arc<User>| weight(user),
                &[Topic::Entry(users::TOPIC, UserId::from_bytes)],
            ),
            sessions: freshness.cache(
                65_536,
                &[
                    Topic::Entry(sessions::TOPIC, SessionId::from_bytes),
                    Topic::All(sessions::ALL),
                ],
            ),
            tokens: freshness.cache(
                65_536,
                &[
                    Topic::Those(secret_keys::TOPIC, |id, _, token: &Arc<Verified>| {
                        token.realm.project.bytes() == id
                    }),
                    Topic::Those(projects::TOPIC, |id, _, token: &Arc<Verified>| {
                        token.realm.project.bytes() == id
                    }),
                ],
            ),
            authorities: freshness.cache(
                32_768,
                &[
                    Topic::Entry(users::TOPIC, UserId::from_bytes),
                    Topic::Entry(role_assignments::TOPIC, UserId::from_bytes),
                    Topic::Those(roles::TOPIC, |id, _, known: &Arc<Known>| {
                        known.realm.project.bytes() == id
                    }),
                    Topic::Those(projects::TOPIC, |id, _, known: &Arc<Known>| {
                        known.realm.project.bytes() == id
                    }),
                ],
            ),
            // A hundred sessions take as much memory as a hundred users.
            me: freshness.weighed(
                32_768,
                |_, me: &Arc<Me>| weight(&me.user) + me.sessions.len() as u64,
                &[
                    Topic::Entry(users::TOPIC, UserId::from_bytes),
                    Topic::Entry(sessions::OF_USER, UserId::from_bytes),
                    Topic::Entry(role_assignments::TOPIC, UserId::from_bytes),
                    Topic::Those(roles::TOPIC, |id, _, me: &Arc<Me>| {
                        me.user.realm.project.bytes() == id
                    }),
                    Topic::Those(projects::TOPIC, |id, _, me: &Arc<Me>| {
                        me.user.realm.project.bytes() == id
                    }),
                    Topic::All(sessions::ALL),
                ],
            ),
        }
    }
}

/// A parsed RSA key takes as much memory as eight others.
fn ring_weight(ring: &Ring) -> u64 {
    let weight = |key: &RingKey| {
        if key.key.algorithm() == Algorithm::Rs256 {
            8
        } else {
            1
        }
    };
    ring.0.iter().map(weight).sum::<u64>().max(1)
}

/// How many ordinary users take as much memory as this one: what users say of themselves is theirs to fill.
fn weight(user: &User) -> u64 {
    let said = values(user.profile.values()) + values(user.public_metadata.values());
    1 + said / ORDINARY
}

/// About how much memory values take, in bytes. They are nested no deeper than a request can be.
fn values<'v>(values: impl Iterator<Item = &'v Value>) -> u64 {
    let one = |value: &'v Value| {
        VALUE
            + match value {
                Value::String(text) => text.len() as u64,
                Value::Array(entries) => self::values(entries.iter()),
                Value::Object(fields) => self::values(fields.values()),
                _ => 0,
            }
    };
    values.map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn many_small_values_weigh_as_much_as_one_large_text() {
        let weigh = |value: Value| values([value].iter()) / ORDINARY;
        assert_eq!(weigh(json!("Ada")), 0);
        assert_eq!(weigh(json!("a".repeat(16 * 1_024))), 8);
        assert!(weigh(json!(vec![1; 8 * 1_024])) > 200);
        assert!(weigh(json!({"a": [[[vec![1; 100]]]]})) >= 3);
    }
}
