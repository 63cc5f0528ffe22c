//! The processes that serve one database together. Each says every few seconds that it is alive; the one that began
//! first leads: it does what is to be done once.

use crate::clock::clock;
use crate::columns;
use crate::sentences::sentences;
use std::time::Duration;
use vestibule_model::Timestamp;
use vestibule_model::id::NodeId;
use vestibule_sql::{Error, Tx, bind};

sentences! {
    NOW = both!(sqlite: concat!("SELECT ", clock!(sqlite)), postgres: concat!("SELECT ", clock!(postgres)));
    ALIVE = "INSERT INTO nodes (id, alive_until) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET alive_until = $2";
    LEADER = "SELECT id FROM nodes WHERE alive_until > $1 ORDER BY id LIMIT 1";
    GONE = "DELETE FROM nodes WHERE id = $1 OR alive_until < $2";
}

/// The moment by the database's clock.
pub async fn now(tx: &mut Tx) -> Result<Timestamp, Error> {
    let row = tx.one(NOW, &[]).await?;
    let row = row.ok_or_else(|| Error::Other("the database does not tell the time".to_owned()))?;
    columns::time(&row, 0)
}

/// Counts a node as alive for this long.
pub async fn alive(tx: &mut Tx, node: NodeId, now: Timestamp, term: Duration) -> Result<(), Error> {
    tx.run(ALIVE, bind![node.bytes(), now.plus(term).micros()]).await.map(drop)
}

/// The node that leads: of those alive, the one with the oldest id.
pub async fn leader(tx: &mut Tx, now: Timestamp) -> Result<Option<NodeId>, Error> {
    let row = tx.one(LEADER, bind![now.micros()]).await?;
    row.map(|row| row.get(0).map(NodeId::from_bytes)).transpose()
}

/// Forgets a node that stops, and those that have said nothing since `before`.
pub async fn gone(tx: &mut Tx, node: NodeId, before: Timestamp) -> Result<(), Error> {
    tx.run(GONE, bind![node.bytes(), before.micros()]).await.map(drop)
}
