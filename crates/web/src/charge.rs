//! Charging a request to the budgets that all nodes share.

use crate::app::App;
use crate::client::Client;
use crate::limit::{Budget, OwnBudget, Shown};
use std::time::Duration;
use vestibule_ops::{Error, budgets};

impl App {
    /// Charges everywhere what this node has charged to its own budgets and has room for, and learns where the client
    /// stands, if it is among what all nodes count together.
    pub(crate) async fn charge_with_others(
        &self,
        (own, budget): (Option<&OwnBudget>, Budget),
        client: Client,
        at: Duration,
        shown: &mut Shown,
    ) -> Result<(), Error> {
        if !shown.refused && budget.is_shared() && budgets::are_shared(&self.core) {
            let charged = (own, budget);
            let everywhere = self
                .limits
                .charge_everywhere(&self.core, charged, client, (*shown, at));
            // Boxed, because most requests need none of it.
            *shown = Box::pin(everywhere).await?;
        }
        Ok(())
    }
}
