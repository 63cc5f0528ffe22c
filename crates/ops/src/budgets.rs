//! Budgets that all nodes share: counted by whoever carries them, the database unless another is named.

use crate::core::Core;
use crate::error::{Error, Stop};
use vestibule_keys::digest::sha256;
use vestibule_model::budget::{Share, Verdict};
use vestibule_store::{By, Tx, budgets};

/// Whether other nodes may count beside this one.
pub fn are_shared(core: &Core) -> bool {
    core.store.is_shared()
}

/// Who counts, as the figures name it.
pub fn carrier(core: &Core) -> &'static str {
    if core.budgets.is_some() {
        "redis"
    } else {
        "database"
    }
}

/// Counts one request in all of these windows or, where one has no room for it, in none. `widest` is one of them that
/// everybody shares who shares any, if there is such a one: requests that differ in it are counted together. None when
/// whoever counts in place of the database does not answer: then the node's own budgets are all that hold.
///
/// # Errors
/// [`Error::Fault`] when the database does not answer in time; a request of these budgets needs it anyway.
pub async fn take(core: &Core, shares: Vec<Share>, widest: Option<&str>) -> Result<Option<Verdict>, Error> {
    if let Some(carrier) = &core.budgets {
        return Ok(carrier.take(&shares).await);
    }
    let by = By {
        owner: widest.and_then(|key| sha256(key.as_bytes()).first_chunk().copied()),
        ..By::from(core.deadline())
    };
    let write = core.store.db.write_unsynced(by, take_in_database, Shares(shares));
    Ok(Some(write.await?))
}

/// Forgets one request again, of those that were counted last in each of these windows.
///
/// # Errors
/// [`Error::Fault`] when the database does not answer in time.
pub async fn give_back(core: &Core, shares: Vec<Share>) -> Result<(), Error> {
    if let Some(carrier) = &core.budgets {
        carrier.give_back(&shares).await;
        return Ok(());
    }
    let write = core
        .store
        .db
        .write_unsynced(core.deadline(), give_back_in_database, Shares(shares));
    Ok(write.await?)
}

/// The windows of one request.
struct Shares(Vec<Share>);

async fn take_in_database(tx: &mut Tx, shares: &Shares) -> Result<Verdict, Stop> {
    Ok(budgets::take(tx, &shares.0).await?)
}

async fn give_back_in_database(tx: &mut Tx, shares: &Shares) -> Result<(), Stop> {
    Ok(budgets::give_back(tx, &shares.0).await?)
}
