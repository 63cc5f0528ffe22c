//! Making keys: off the runtime, one at a time for each ring, and one for all processes.

use super::SIGNING;
use crate::core::{Core, Door};
use crate::error::{Error, Stop};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout_at;
use vestibule_keys::digest::MacKey;
use vestibule_keys::jose::Key;
use vestibule_keys::jose::times::LEEWAY;
use vestibule_model::id::{AuditId, KeyId};
use vestibule_model::{Fault, Project};
use vestibule_store::audit::{self, Act, Entry, Outcome};
use vestibule_store::secret_keys::{self, RingName, SEALED_FOR, SecretKeyRow};
use vestibule_store::{Tx, projects};

/// How much longer than `jwks.max_age` a new key is published before it signs: for the document's own way.
const ON_ITS_WAY: Duration = Duration::from_secs(5);
/// A retired key is believed for at least this long, whatever the lifetime of access tokens was set to meanwhile.
const SHORTEST_AFTERLIFE: Duration = Duration::from_hours(24);

/// Which rings have a key being made. Rings share few locks, so that few keys are made at once.
#[derive(Default)]
pub(crate) struct Making {
    locks: [Arc<Mutex<()>>; 2],
    hasher: RandomState,
}

impl Making {
    fn lock(&self, name: &RingName) -> Arc<Mutex<()>> {
        let [even, odd] = &self.locks;
        Arc::clone(if self.hasher.hash_one(name) & 1 == 0 {
            even
        } else {
            odd
        })
    }
}

/// A signing key to be made.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    name: RingName,
    algorithm: vestibule_model::token::Algorithm,
    /// The newest key when the need was seen; with another one, somebody has met the need.
    seen: Option<KeyId>,
    /// How long after its creation the key signs.
    wait: Duration,
    /// How long its predecessors are believed after that.
    afterlife: Duration,
    actor: String,
}

impl Order {
    /// A key that is published for the time that verifiers keep the document, and then signs.
    pub(crate) fn successor(project: &Project, name: RingName, door: &Door, seen: Option<KeyId>) -> Self {
        let wait = Duration::from_secs(project.settings.jwks.max_age) + ON_ITS_WAY;
        Self {
            wait,
            ..Self::at_once(project, name, door, seen)
        }
    }

    /// A key that signs at once: the first, or after the last one was revoked.
    pub(crate) fn at_once(project: &Project, name: RingName, door: &Door, seen: Option<KeyId>) -> Self {
        let lifetime = door.policy_for(project).access_lifetime.max(SHORTEST_AFTERLIFE);
        Self {
            name,
            algorithm: door.token.algorithm(),
            seen,
            wait: Duration::ZERO,
            afterlife: lifetime + Duration::from_secs(LEEWAY.unsigned_abs()),
            actor: "system".to_owned(),
        }
    }

    /// The same, made by an operator.
    pub(crate) fn by(self, operator: &str) -> Self {
        Self {
            actor: format!("operator:{operator}"),
            ..self
        }
    }
}

/// Makes a key, unless one is being made; nobody waits for it.
pub(super) fn in_background(core: &Arc<Core>, order: Order) {
    if let Ok(alone) = core.making.lock(&order.name).try_lock_owned() {
        let core = Arc::clone(core);
        tokio::spawn(async move {
            if let Err(error) = make(&core, order, alone).await {
                tracing::error!(
                    ?error,
                    "no successor for an old signing key; the next request tries again"
                );
            }
        });
    }
}

/// Makes a key, or waits for whoever is making it. Once begun it is finished, whatever the caller does: a client that
/// hangs up would otherwise have every request begin anew.
pub(crate) async fn and_wait(core: &Arc<Core>, order: Order) -> Result<(), Error> {
    let lock = core.making.lock(&order.name).lock_owned();
    let too_late = || Fault::TooLate("another key was being made until the deadline".to_owned());
    let alone = timeout_at(core.deadline().into(), lock)
        .await
        .map_err(|_| too_late())?;
    let core = Arc::clone(core);
    let made = tokio::spawn(async move { make(&core, order, alone).await });
    made.await
        .map_err(|error| Fault::Internal(format!("making a key failed: {error}")))?
}

async fn make(core: &Core, order: Order, _alone: OwnedMutexGuard<()>) -> Result<(), Error> {
    if newest(&secret_keys::ring(&core.store.db, &order.name).await?) != order.seen {
        return Ok(());
    }
    let algorithm = order.algorithm;
    let generated = tokio::task::spawn_blocking(move || Key::generate(algorithm));
    let failed = |error: &dyn std::fmt::Display| {
        Fault::Unavailable(format!("a signing key could not be made: {error}"))
    };
    let generated = generated.await.map_err(|error| failed(&error))?;
    let (key, material) = generated.map_err(|error| failed(&error))?;
    store(core, order, key.kid(), &material).await
}

fn newest(ring: &[SecretKeyRow]) -> Option<KeyId> {
    ring.last().map(|row| row.id)
}

/// Makes the one MAC key of a ring, if there is none.
pub(super) async fn mac_key(core: &Core, name: &RingName) -> Result<(), Error> {
    let order = Order {
        name: name.clone(),
        algorithm: vestibule_model::token::Algorithm::Hs256,
        seen: None,
        wait: Duration::ZERO,
        afterlife: Duration::ZERO,
        actor: "system".to_owned(),
    };
    store(
        core,
        order,
        "",
        MacKey::generate(core.entropy.as_ref()).as_slice(),
    )
    .await
}

struct Insert {
    order: Order,
    row: SecretKeyRow,
    /// For signing keys, which come and go. A MAC key is made once, in the middle of whatever needs it.
    entry: Option<Entry>,
}

async fn store(core: &Core, order: Order, kid: &str, material: &[u8]) -> Result<(), Error> {
    let now = core.clock.now();
    let id = KeyId::new(core.entropy.as_ref(), now);
    let row = SecretKeyRow {
        id,
        realm: order.name.realm,
        dialect: order.name.dialect.to_owned(),
        purpose: order.name.purpose.to_owned(),
        algorithm: order.algorithm.as_str().to_owned(),
        kid: if kid.is_empty() {
            id.to_string()
        } else {
            kid.to_owned()
        },
        sealed: core.sealer.seal(SEALED_FOR, &id.bytes(), material)?,
        created_at: now,
        active_from: now.plus(order.wait),
        retired_at: None,
        expires_at: None,
        revoked_at: None,
    };
    let entry = (row.purpose == SIGNING).then(|| entry(core, &order, &row));
    core.write(insert, Insert { order, row, entry }).await
}

fn entry(core: &Core, order: &Order, row: &SecretKeyRow) -> Entry {
    Entry {
        id: AuditId::new(core.entropy.as_ref(), row.created_at),
        realm: row.realm,
        at: row.created_at,
        act: if order.seen.is_some() {
            Act::KeyRotated
        } else {
            Act::KeyCreated
        },
        outcome: Outcome::Success,
        actor: order.actor.clone(),
        user: None,
        session: None,
        dialect: row.dialect.clone(),
        ip: None,
        user_agent: None,
        request_id: String::new(),
        detail: Some(format!("{} {}", row.purpose, row.kid)),
    }
}

/// Inserts the key, unless somebody else met the need: then there is nothing to do.
async fn insert(tx: &mut Tx, input: &Insert) -> Result<(), Stop> {
    let Insert { order, row, entry } = input;
    if projects::lock(tx, row.realm.project).await?.is_none() {
        return Err(Fault::Unavailable(format!("project {} was deleted", row.realm.project)).into());
    }
    if newest(&secret_keys::ring_in(tx, &order.name).await?) != order.seen {
        return Ok(());
    }
    if let Some(entry) = entry {
        let at = row.active_from;
        secret_keys::retire(tx, &order.name, at, at.plus(order.afterlife), row.created_at).await?;
        audit::write(tx, entry).await?;
    }
    Ok(secret_keys::insert(tx, row).await?)
}
