//! Facts about the whole instance: the fingerprint of the master key, the default project, the epoch of a restore.

use crate::sentences::sentences;
use vestibule_sql::{Db, Error, Tx, bind};

sentences! {
    GET = "SELECT value FROM instance WHERE name = $1";
    SET = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    SET_ONCE = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
}

/// The cache topic under which any change of these facts is announced.
pub const TOPIC: &str = "instance";
/// The public name of the master key that sealed this database's secrets.
pub const MASTER_KEY: &str = "master_key";
/// The slug of the project that requests without a key belong to.
pub const DEFAULT_PROJECT: &str = "default_project";

/// The fact of this name.
pub async fn get(db: &Db, name: &str) -> Result<Option<String>, Error> {
    let row = db.read_one(GET, bind![name]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// The fact of this name, as the transaction sees it.
pub async fn get_in(tx: &mut Tx, name: &str) -> Result<Option<String>, Error> {
    let row = tx.one(GET, bind![name]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Sets a fact.
pub async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), Error> {
    tx.announce(TOPIC, [0; 16]);
    tx.run(SET, bind![name, value]).await.map(drop)
}

/// Sets a fact unless it is set already; answers whether it did.
pub async fn set_once(tx: &mut Tx, name: &str, value: &str) -> Result<bool, Error> {
    tx.announce(TOPIC, [0; 16]);
    Ok(tx.run(SET_ONCE, bind![name, value]).await? == 1)
}
