//! Whether the server can serve.

use crate::core::Core;
use crate::error::Error;
use vestibule_model::Fault;
use vestibule_store::{Health, instance};

/// Whether the database answers and will take writes again without a restart. A full disk heals by itself, and token
/// checks go on meanwhile.
pub async fn health(core: &Core) -> Result<(), Error> {
    if core.store.db.health() == Health::Closed {
        return Err(Fault::Unavailable("the store is closed for writing".to_owned()).into());
    }
    instance::get(&core.store.db, instance::MASTER_KEY).await?;
    Ok(())
}
