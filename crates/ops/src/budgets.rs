//! Budgets that all nodes share: counted by whoever carries them, the database unless another is named.

use crate::core::Core;
use crate::error::{Error, Stop};
use vestibule_model::budget::{Share, Verdict};
use vestibule_store::Tx;
use vestibule_store::budgets::{self, Asked, Unsettled};

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

/// Counts one request in all of these windows or, where one has no room for it, in none. None when whoever counts in
/// place of the database does not answer: then the node's own budgets are all that hold.
///
/// # Errors
/// [`Error::Fault`] when the database does not answer in time; a request of these budgets needs it anyway.
pub async fn take(core: &Core, shares: Vec<Share>) -> Result<Option<Verdict>, Error> {
    if let Some(carrier) = &core.budgets {
        return Ok(carrier.take(&shares).await);
    }
    let db = &core.store.db;
    let asked = db.write_unsynced(core.deadline(), ask, Shares(shares));
    let Asked { verdict, unsettled } = asked.await?;
    if !unsettled.is_empty() {
        rewrite(core, unsettled).await?;
    }
    Ok(Some(verdict))
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
    rewrite(core, shares.into_iter().map(Unsettled::from).collect()).await
}

async fn rewrite(core: &Core, windows: Vec<Unsettled>) -> Result<(), Error> {
    let db = &core.store.db;
    let write = db.write_unsynced(core.deadline(), settle, Windows(windows));
    Ok(write.await?)
}

/// The windows of one request.
struct Shares(Vec<Share>);

/// Those to be written anew.
struct Windows(Vec<Unsettled>);

async fn ask(tx: &mut Tx, shares: &Shares) -> Result<Asked, Stop> {
    Ok(budgets::ask(tx, &shares.0).await?)
}

async fn settle(tx: &mut Tx, windows: &Windows) -> Result<(), Stop> {
    Ok(budgets::settle(tx, &windows.0).await?)
}
