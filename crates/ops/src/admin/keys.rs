//! Signing keys.

use super::Operator;
use crate::core::{Core, Door};
use crate::error::{Error, Stop};
use crate::keyring::{self, Order, Term};
use std::sync::Arc;
use vestibule_model::id::ProjectId;
use vestibule_model::{Environment, Fault, Project, Timestamp};
use vestibule_store::Tx;
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::secret_keys::{self, SecretKeyRow};

/// Keys of one project that are listed at most.
const LISTED: u32 = 1_000;

/// What a signing key does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Published, and will sign.
    Waiting,
    /// Signs.
    Active,
    /// Published until the last token that it signed has expired.
    Retired,
    /// Neither published nor believed any more.
    Expired,
    /// Taken away at once.
    Revoked,
}

impl State {
    /// In a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A signing key as operators see it.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// What tokens call it.
    pub kid: String,
    /// Which half of the project it belongs to.
    pub environment: Environment,
    /// The dialect whose tokens it signs.
    pub dialect: String,
    /// The registered name of its algorithm.
    pub algorithm: String,
    /// What it does now.
    pub state: State,
    /// When it was made and published.
    pub created_at: Timestamp,
    /// When it begins, or began, to sign.
    pub active_from: Timestamp,
    /// When its successor takes over, or took over.
    pub retired_at: Option<Timestamp>,
    /// When it is believed no longer.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl SigningKey {
    fn of(row: SecretKeyRow, now: Timestamp) -> Self {
        let term = Term::of(&row);
        let state = match row.revoked_at {
            Some(_) => State::Revoked,
            None if !term.is_believed(now) => State::Expired,
            None if term.signs(now) => State::Active,
            None if term.waits(now) => State::Waiting,
            None => State::Retired,
        };
        Self {
            kid: row.kid,
            environment: row.realm.environment,
            dialect: row.dialect,
            algorithm: row.algorithm,
            state,
            created_at: row.created_at,
            active_from: row.active_from,
            retired_at: row.retired_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// The signing keys of a project, by environment and dialect, in the order in which they take over.
pub async fn list(core: &Core, project: ProjectId) -> Result<Vec<SigningKey>, Error> {
    let now = core.clock.now();
    let rows = secret_keys::of_project(&core.store.db, project, LISTED).await?;
    let signing = rows
        .into_iter()
        .filter(|row| keyring::ring_name(core, row).is_some());
    Ok(signing.map(|row| SigningKey::of(row, now)).collect())
}

/// Makes a successor of the key that signs: published at once, signing as soon as no verifier can hold an older
/// document. While one waits already, that one is answered. The first key of all signs at once.
pub async fn rotate(
    core: &Arc<Core>,
    by: &Operator,
    project: &Project,
    environment: Environment,
    door: &'static Door,
) -> Result<SigningKey, Error> {
    let name = keyring::signing(project.realm(environment), door);
    let ring = keyring::load(core, &name, door).await?;
    let now = core.clock.now();
    if !ring.0.iter().any(|key| key.term.waits(now)) {
        let order = match ring.signer(now) {
            Some(_) => Order::successor(project, name.clone(), door, ring.newest()),
            None => Order::at_once(project, name.clone(), door, ring.newest()),
        };
        keyring::make_and_wait(core, order.by(&by.name)).await?;
    }
    let newest = secret_keys::ring(&core.store.db, &name).await?.pop();
    let gone = || Fault::Unavailable("the new key was revoked meanwhile".to_owned());
    Ok(SigningKey::of(newest.ok_or_else(gone)?, now))
}

/// Takes a signing key away at once: its tokens are refused here within a second, and it is published no longer.
/// Verifiers that hold an older document believe its tokens until they fetch it again. The next sign-in makes a new
/// key. `false` when there is no such key, or it was revoked before.
pub async fn revoke(core: &Core, by: &Operator, kid: &str) -> Result<bool, Error> {
    let key = secret_keys::find_by_kid(&core.store.db, kid).await?;
    let Some(key) = key.filter(|key| keyring::ring_name(core, key).is_some()) else {
        return Ok(false);
    };
    let entry = by.does(core, key.realm, Act::KeyRevoked).saying(kid);
    core.write(take_away, (key, core.clock.now(), entry)).await
}

async fn take_away(tx: &mut Tx, (key, now, entry): &(SecretKeyRow, Timestamp, Entry)) -> Result<bool, Stop> {
    let revoked = secret_keys::revoke(tx, key, *now).await?;
    if revoked {
        audit::write(tx, entry).await?;
    }
    Ok(revoked)
}
