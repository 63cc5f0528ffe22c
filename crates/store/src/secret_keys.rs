//! Secret keys, sealed by the master key: signing keys of project × environment × dialect, and the MAC keys of
//! project × environment (whose dialect is empty).

use crate::columns;
use crate::sentences::sentences;
use vestibule_model::id::{KeyId, ProjectId};
use vestibule_model::{Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// The cache topic under which the project is announced one of whose keys changed.
pub const TOPIC: &str = "secret_key";

/// What a sealed key was sealed for, beside its row.
pub const SEALED_FOR: &str = "secret key";

/// Keys that are alike but for their age: the newest that is active serves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RingName {
    /// Project and environment.
    pub realm: Realm,
    /// The dialect; empty for MAC keys.
    pub dialect: &'static str,
    /// `signing`, `refresh`, `code` or `ip`.
    pub purpose: &'static str,
}

/// A key as stored.
#[derive(Clone, Debug)]
pub struct SecretKeyRow {
    /// Its id, the row that it was sealed for.
    pub id: KeyId,
    /// Project and environment.
    pub realm: Realm,
    /// The dialect; empty for MAC keys.
    pub dialect: String,
    /// What it is for.
    pub purpose: String,
    /// The registered name of its algorithm.
    pub algorithm: String,
    /// What tokens call it.
    pub kid: String,
    /// The key itself, sealed.
    pub sealed: Vec<u8>,
    /// When it was made, and published if that is its kind.
    pub created_at: Timestamp,
    /// When it begins to serve.
    pub active_from: Timestamp,
    /// When its successor takes over.
    pub retired_at: Option<Timestamp>,
    /// When the last token that it signed has expired: from then on it is neither published nor believed.
    pub expires_at: Option<Timestamp>,
    /// When an operator took it away at once.
    pub revoked_at: Option<Timestamp>,
}

macro_rules! all {
    () => {
        "id, project, environment, dialect, purpose, algorithm, kid, sealed, created_at, active_from, retired_at, \
         expires_at, revoked_at"
    };
}

macro_rules! ring {
    () => {
        "project = $1 AND environment = $2 AND dialect = $3 AND purpose = $4"
    };
}

sentences! {
    RING = concat!(
        "SELECT ", all!(), " FROM secret_keys WHERE ", ring!(), " AND revoked_at IS NULL ORDER BY active_from, id"
    );
    FIND_BY_KID = concat!("SELECT ", all!(), " FROM secret_keys WHERE kid = $1");
    OF_PROJECT = concat!(
        "SELECT ", all!(), " FROM secret_keys WHERE project = $1
        ORDER BY environment, dialect, purpose, active_from, id LIMIT $2"
    );
    INSERT = concat!(
        "INSERT INTO secret_keys (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    RETIRE = concat!(
        "UPDATE secret_keys SET retired_at = $5, expires_at = $6 WHERE ", ring!(),
        " AND retired_at IS NULL AND revoked_at IS NULL"
    );
    // The successor that was to take over does not: who made room for it serves on.
    RETIRE_NOT = concat!(
        "UPDATE secret_keys SET retired_at = NULL, expires_at = NULL WHERE ", ring!(),
        " AND retired_at = $5 AND revoked_at IS NULL"
    );
    DELETE_EXPIRED = concat!("DELETE FROM secret_keys WHERE ", ring!(), " AND expires_at < $5");
    REVOKE = "UPDATE secret_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    SEALED_AFTER = "SELECT id, sealed FROM secret_keys WHERE id > $1 ORDER BY id LIMIT $2";
    RESEAL = "UPDATE secret_keys SET sealed = $3 WHERE id = $1 AND sealed = $2 RETURNING project";
}

fn key(row: &Row) -> Result<SecretKeyRow, Error> {
    Ok(SecretKeyRow {
        id: row.get(0).map(KeyId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        dialect: row.get(3)?,
        purpose: row.get(4)?,
        algorithm: row.get(5)?,
        kid: row.get(6)?,
        sealed: row.get(7)?,
        created_at: columns::time(row, 8)?,
        active_from: columns::time(row, 9)?,
        retired_at: columns::time_or_none(row, 10)?,
        expires_at: columns::time_or_none(row, 11)?,
        revoked_at: columns::time_or_none(row, 12)?,
    })
}

/// The keys of a ring that are not revoked, in the order in which they take over.
pub async fn ring(db: &Db, name: &RingName) -> Result<Vec<SecretKeyRow>, Error> {
    let RingName { realm: Realm { project, environment }, dialect, purpose } = name;
    let rows = db.read_all(RING, bind![project.bytes(), environment.as_str(), *dialect, *purpose]).await?;
    rows.iter().map(key).collect()
}

/// The keys of a ring, as the transaction sees it.
pub async fn ring_in(tx: &mut Tx, name: &RingName) -> Result<Vec<SecretKeyRow>, Error> {
    let RingName { realm: Realm { project, environment }, dialect, purpose } = name;
    let rows = tx.all(RING, bind![project.bytes(), environment.as_str(), *dialect, *purpose]).await?;
    rows.iter().map(key).collect()
}

/// The key that tokens call by this name, whatever its state.
pub async fn find_by_kid(db: &Db, kid: &str) -> Result<Option<SecretKeyRow>, Error> {
    db.read_one(FIND_BY_KID, bind![kid]).await?.as_ref().map(key).transpose()
}

/// The keys of a project, whatever their state.
pub async fn of_project(db: &Db, project: ProjectId, limit: u32) -> Result<Vec<SecretKeyRow>, Error> {
    db.read_all(OF_PROJECT, bind![project.bytes(), limit]).await?.iter().map(key).collect()
}

/// Inserts a key. Hold the project's row first: two processes then make one key, not two.
pub async fn insert(tx: &mut Tx, key: &SecretKeyRow) -> Result<(), Error> {
    let row = bind![
        key.id.bytes(),
        key.realm.project.bytes(),
        key.realm.environment.as_str(),
        &key.dialect,
        &key.purpose,
        &key.algorithm,
        &key.kid,
        &key.sealed,
        key.created_at.micros(),
        key.active_from.micros(),
        key.retired_at.map(Timestamp::micros),
        key.expires_at.map(Timestamp::micros),
        key.revoked_at.map(Timestamp::micros),
    ];
    tx.announce(TOPIC, key.realm.project.bytes());
    tx.run(INSERT, row).await.map(drop)
}

/// Lets every key of the ring serve until `at` and be believed until `expires`, and deletes what expired before `now`.
pub async fn retire(
    tx: &mut Tx,
    name: &RingName,
    at: Timestamp,
    expires: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let RingName { realm: Realm { project, environment }, dialect, purpose } = name;
    let (project, environment) = (project.bytes(), environment.as_str());
    tx.announce(TOPIC, project);
    tx.run(DELETE_EXPIRED, bind![project, environment, *dialect, *purpose, now.micros()]).await?;
    tx.run(RETIRE, bind![project, environment, *dialect, *purpose, at.micros(), expires.micros()]).await.map(drop)
}

/// Takes a key away at once; answers whether it had not been revoked before. A key that was to retire in its favour
/// in the future serves on.
pub async fn revoke(tx: &mut Tx, key: &SecretKeyRow, now: Timestamp) -> Result<bool, Error> {
    let (project, environment) = (key.realm.project.bytes(), key.realm.environment.as_str());
    tx.announce(TOPIC, project);
    if key.active_from > now {
        let bind = bind![project, environment, &key.dialect, &key.purpose, key.active_from.micros()];
        tx.run(RETIRE_NOT, bind).await?;
    }
    Ok(tx.run(REVOKE, bind![key.id.bytes(), now.micros()]).await? == 1)
}

/// Sealed keys in the order of their ids, for sealing them again under a new master key.
pub async fn sealed_after(db: &Db, after: KeyId, limit: u32) -> Result<Vec<(KeyId, Vec<u8>)>, Error> {
    let rows = db.read_all(SEALED_AFTER, bind![after.bytes(), limit]).await?;
    rows.iter().map(|row| Ok((row.get(0).map(KeyId::from_bytes)?, row.get(1)?))).collect()
}

/// Replaces a sealed key, if it is still `old`.
pub async fn reseal(tx: &mut Tx, id: KeyId, old: &[u8], new: &[u8]) -> Result<bool, Error> {
    let row = tx.one(RESEAL, bind![id.bytes(), old, new]).await?;
    if let Some(row) = &row {
        tx.announce(TOPIC, row.get(0)?);
    }
    Ok(row.is_some())
}
