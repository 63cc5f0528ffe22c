//! API keys, of which only hashes are kept.

use crate::columns;
use crate::sentences::sentences;
use vestibule_model::id::{ApiKeyId, ProjectId};
use vestibule_model::{Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// The cache topic under which revoked API keys are announced.
pub const TOPIC: &str = "api_key";

/// An API key as stored.
#[derive(Clone, Debug)]
pub struct ApiKeyRow {
    /// Its id.
    pub id: ApiKeyId,
    /// The project and environment that it opens.
    pub realm: Realm,
    /// Its kind, by the name that the `keys` crate gives it.
    pub kind: String,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// Its last characters, to recognise it by.
    pub hint: String,
    /// What its maker called it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

macro_rules! all {
    () => {
        "id, project, environment, kind, hash, hint, name, created_at, revoked_at"
    };
}

sentences! {
    FIND_BY_HASH = concat!("SELECT ", all!(), " FROM api_keys WHERE hash = $1");
    FIND = concat!("SELECT ", all!(), " FROM api_keys WHERE id = $1");
    INSERT = concat!("INSERT INTO api_keys (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    OF_PROJECT = concat!("SELECT ", all!(), " FROM api_keys WHERE project = $1 ORDER BY created_at, id LIMIT $2");
    REVOKE = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
}

fn api_key(row: &Row) -> Result<ApiKeyRow, Error> {
    Ok(ApiKeyRow {
        id: row.get(0).map(ApiKeyId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        kind: row.get(3)?,
        hash: row.get(4)?,
        hint: row.get(5)?,
        name: row.get(6)?,
        created_at: columns::time(row, 7)?,
        revoked_at: columns::time_or_none(row, 8)?,
    })
}

/// The key whose text has this hash, revoked or not.
pub async fn find_by_hash(db: &Db, hash: &[u8; 32]) -> Result<Option<ApiKeyRow>, Error> {
    db.read_one(FIND_BY_HASH, bind![hash]).await?.as_ref().map(api_key).transpose()
}

/// The key with this id.
pub async fn find(db: &Db, id: ApiKeyId) -> Result<Option<ApiKeyRow>, Error> {
    db.read_one(FIND, bind![id.bytes()]).await?.as_ref().map(api_key).transpose()
}

/// Inserts a key.
pub async fn insert(tx: &mut Tx, key: &ApiKeyRow) -> Result<(), Error> {
    let row = bind![
        key.id.bytes(),
        key.realm.project.bytes(),
        key.realm.environment.as_str(),
        &key.kind,
        key.hash,
        &key.hint,
        &key.name,
        key.created_at.micros(),
        key.revoked_at.map(Timestamp::micros),
    ];
    tx.run(INSERT, row).await.map(drop)
}

/// The keys of a project, oldest first.
pub async fn of_project(db: &Db, project: ProjectId, limit: u32) -> Result<Vec<ApiKeyRow>, Error> {
    db.read_all(OF_PROJECT, bind![project.bytes(), limit]).await?.iter().map(api_key).collect()
}

/// Revokes a key, everywhere within a second; answers whether it was good until now.
pub async fn revoke(tx: &mut Tx, id: ApiKeyId, now: Timestamp) -> Result<bool, Error> {
    tx.announce(TOPIC, id.bytes());
    Ok(tx.run(REVOKE, bind![id.bytes(), now.micros()]).await? == 1)
}
