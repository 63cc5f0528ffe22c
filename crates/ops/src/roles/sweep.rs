//! Assignments of deleted roles go in batches, because any number of users may have had one.

use crate::core::Core;
use crate::error::{Error, Stop};
use vestibule_model::id::RoleId;
use vestibule_store::{Tx, role_assignments, roles};

/// Rows per transaction.
const BATCH: u32 = 400;
/// Transactions per sweep; the next sweep goes on.
const BATCHES: usize = 20;

/// Deletes what is left of deleted roles, in bounded steps; answers how many rows went.
pub(crate) async fn departed(core: &Core) -> Result<u64, Error> {
    let mut swept = 0;
    for _ in 0..BATCHES {
        let departed = roles::departed(&core.store.db, 1).await?;
        let Some(role) = departed.first() else { break };
        swept += core.write(batch, *role).await?;
    }
    Ok(swept)
}

async fn batch(tx: &mut Tx, role: &RoleId) -> Result<u64, Stop> {
    let gone = role_assignments::delete_of_role(tx, *role, BATCH).await?;
    if gone < u64::from(BATCH) {
        roles::has_gone(tx, *role).await?;
    }
    Ok(gone)
}
