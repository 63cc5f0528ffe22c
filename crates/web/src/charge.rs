//! Charging a request to the budgets that all nodes share.

use crate::app::App;
use crate::client::Client;
use crate::limit::{Budget, OwnBudget, Shown};
use std::time::Duration;
use vestibule_ops::{Error, budgets};

impl App {
    /// Whether all nodes count together what this one has room for.
    pub(crate) fn counts_with_others(&self, budget: Budget, shown: &Shown) -> bool {
        !shown.refused && budget.is_shared() && budgets::are_shared(&self.core)
    }

    /// Charges everywhere what this node has charged to its own budgets, and learns where the client stands. To be
    /// boxed: most requests need none of it.
    pub(crate) async fn charge_with_others(
        &self,
        charged: (Option<&OwnBudget>, Budget),
        client: Client,
        at: Duration,
        shown: &mut Shown,
    ) -> Result<(), Error> {
        let everywhere = self
            .limits
            .charge_everywhere(&self.core, charged, client, (*shown, at));
        *shown = everywhere.await?;
        Ok(())
    }
}
