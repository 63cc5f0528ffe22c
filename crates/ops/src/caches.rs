//! What is remembered of keys, users, sessions and tokens, and what makes it forgotten. `vestibule_store::cache` has
//! the rules.

use crate::authenticate::{LiveSession, Verified};
use crate::jwks::Published;
use crate::keyring::Ring;
use crate::me::Me;
use crate::roles::Known;
use std::sync::Arc;
use vestibule_keys::digest::MacKey;
use vestibule_model::id::{ProjectId, SessionId, UserId};
use vestibule_model::user::User;
use vestibule_store::cache::{Cache, Topic};
use vestibule_store::secret_keys::RingName;
use vestibule_store::{Store, projects, role_assignments, roles, secret_keys, sessions, users};

/// The caches. Those that are filled from others stand after them.
pub(crate) struct Caches {
    /// Signing keys, parsed.
    pub(crate) rings: Cache<RingName, Arc<Ring>>,
    /// MAC keys, parsed.
    pub(crate) macs: Cache<RingName, Arc<MacKey>>,
    /// Which ring a `kid` is of; `None` for those that are nobody's.
    pub(crate) kids: Cache<String, Option<RingName>>,
    /// Key documents.
    pub(crate) jwks: Cache<(ProjectId, bool, bool, &'static str), Arc<Published>>,
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
            rings: freshness.cache(
                4_096,
                &[Topic::Those(secret_keys::TOPIC, |id, ring: &RingName, _| {
                    ring.realm.project.bytes() == id
                })],
            ),
            macs: freshness.cache(
                4_096,
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
            users: freshness.cache(32_768, &[Topic::Entry(users::TOPIC, UserId::from_bytes)]),
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
                |_, me: &Arc<Me>| 1 + me.sessions.len() as u64,
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
