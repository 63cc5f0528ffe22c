//! Identifiers other than the e-mail address: values at paths of the profile that the user schema marks as unique.

use crate::sentences::sentences;
use vestibule_model::Realm;
use vestibule_model::id::UserId;
use vestibule_sql::{Db, Error, Row, Tx, bind};

sentences! {
    CLAIM = "INSERT INTO identifiers (project, environment, path, value, user_id) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING path";
    OF_USER = "SELECT path, value FROM identifiers WHERE user_id = $1 ORDER BY path, value";
    RELEASE = "DELETE FROM identifiers
        WHERE project = $1 AND environment = $2 AND path = $3 AND value = $4 AND user_id = $5";
    IS_TAKEN = "SELECT 1 AS taken FROM identifiers WHERE project = $1 AND environment = $2 AND path = $3 AND value = $4";
}

/// Claims a value for a user; `false` when another user of the realm has it.
pub async fn claim(tx: &mut Tx, realm: Realm, user: UserId, path: &str, value: &str) -> Result<bool, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), path, value, user.bytes()];
    Ok(tx.one(CLAIM, bind).await?.is_some())
}

/// Whether a user of the realm has this value.
pub async fn is_taken(tx: &mut Tx, realm: Realm, path: &str, value: &str) -> Result<bool, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), path, value];
    Ok(tx.one(IS_TAKEN, bind).await?.is_some())
}

/// The values that a user has claimed, as path and value.
pub async fn of_user(tx: &mut Tx, user: UserId) -> Result<Vec<(String, String)>, Error> {
    tx.all(OF_USER, bind![user.bytes()]).await?.iter().map(Row::read).collect()
}

/// The values that a user has claimed, outside of any transaction.
pub async fn read_of_user(db: &Db, user: UserId) -> Result<Vec<(String, String)>, Error> {
    db.read_all(OF_USER, bind![user.bytes()]).await?.iter().map(Row::read).collect()
}

/// Gives a user's value back, so that others can have it.
pub async fn release(tx: &mut Tx, realm: Realm, user: UserId, path: &str, value: &str) -> Result<(), Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), path, value, user.bytes()];
    tx.run(RELEASE, bind).await?;
    Ok(())
}
