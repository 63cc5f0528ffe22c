//! Password records.

use crate::sentences::sentences;
use vestibule_model::Timestamp;
use vestibule_model::id::UserId;
use vestibule_model::user::Credential;
use vestibule_sql::{Db, Error, Row, Tx, bind};

sentences! {
    FIND = "SELECT version, hash FROM credentials WHERE user_id = $1";
    SET = "INSERT INTO credentials (user_id, version, hash, changed_at) VALUES ($1, 1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE SET
            version = credentials.version + 1, hash = $2, changed_at = $3
        RETURNING version";
    CHANGE = "UPDATE credentials SET version = version + 1, hash = $3, changed_at = $4
        WHERE user_id = $1 AND version = $2 RETURNING version";
    REHASH = "UPDATE credentials SET hash = $3 WHERE user_id = $1 AND hash = $2";
}

fn credential(row: &Row) -> Result<Credential, Error> {
    Ok(Credential { version: row.get(0)?, hash: row.get(1)? })
}

/// A user's password record; `None` when no password is set.
pub async fn find(db: &Db, user: UserId) -> Result<Option<Credential>, Error> {
    let row = db.read_one(FIND, bind![user.bytes()]).await?;
    row.as_ref().map(credential).transpose()
}

/// Sets a password, whether or not there was one; answers its version.
pub async fn set(tx: &mut Tx, user: UserId, hash: &str, now: Timestamp) -> Result<i64, Error> {
    let row = tx.one(SET, bind![user.bytes(), hash, now.micros()]).await?;
    row.map_or(Ok(1), |row| row.get(0))
}

/// Replaces the password only while it is the one of `version`; answers the new version, or `None` when another
/// change came first.
pub async fn change(
    tx: &mut Tx,
    user: UserId,
    version: i64,
    hash: &str,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    let bind = bind![user.bytes(), version, hash, now.micros()];
    tx.one(CHANGE, bind).await?.map(|row| row.get(0)).transpose()
}

/// Stores the same password under stronger parameters, only while the stored hash is still `old`: a change of
/// password in between always wins. The version stays, because the password does.
pub async fn rehash(tx: &mut Tx, user: UserId, old: &str, hash: &str) -> Result<bool, Error> {
    Ok(tx.run(REHASH, bind![user.bytes(), old, hash]).await? == 1)
}
