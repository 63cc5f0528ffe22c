//! Sign-ups of one client: one after the other, and none that tells of more accounts than it may.

use crate::answer::Answer;
use crate::app::App;
use crate::client::Client;
use crate::in_time::{in_time, within};
use crate::limit::Shown;
use crate::refuse::throttled;
use std::mem::take;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vestibule_model::Refusal;
use vestibule_model::budget::Share;
use vestibule_model::refusal::Failed;
use vestibule_ops::{Core, Error, budgets};

impl App {
    /// Does the work when it is the client's turn; it is counted when it tells of an existing account.
    pub(crate) async fn in_turn(
        &self,
        (client, deadline): (Client, Instant),
        shown: &mut Shown,
        work: impl Future<Output = Result<Answer, Error>>,
    ) -> Result<Answer, Error> {
        let turn = self.turns.wait(client.address);
        let Ok(_turn) = tokio::time::timeout_at(deadline.into(), turn).await else {
            return Err(Failed::Overloaded {
                retry_after: Duration::from_secs(1),
            }
            .into());
        };
        let now = self.core.clock.monotonic();
        let counted = match self.limits.room_for_conflict(client, now) {
            Ok(()) => in_time(deadline, pin!(self.counted_everywhere(client))).await?,
            Err(exhausted) => Err(exhausted),
        };
        let counted = match counted {
            Ok(counted) => counted,
            Err(exhausted) => {
                *shown = exhausted;
                return Err(throttled(shown));
            }
        };
        let result = work.await;
        if let Err(Error::Refused(Refusal::Conflict(_))) = &result {
            self.limits.count_conflict(client, now);
            counted.keep();
        } else {
            // It happens, whether or not there is time to wait for it.
            within(deadline, pin!(counted.give_back())).await;
        }
        result
    }

    /// Counts a conflict on all nodes, where there are several.
    async fn counted_everywhere(&self, client: Client) -> Result<Result<Counted, Shown>, Error> {
        let counting = self.limits.count_conflict_everywhere(&self.core, client);
        let shares = if budgets::are_shared(&self.core) {
            Box::pin(counting).await?
        } else {
            Ok(Vec::new())
        };
        Ok(shares.map(|shares| Counted {
            core: Arc::clone(&self.core),
            shares,
        }))
    }
}

/// A conflict that is counted on all nodes before it is known to be one. It is given back when it was none, also where
/// nobody waits for the answer any more.
struct Counted {
    core: Arc<Core>,
    shares: Vec<Share>,
}

impl Counted {
    fn keep(mut self) {
        self.shares.clear();
    }

    async fn give_back(mut self) {
        let shares = take(&mut self.shares);
        if !shares.is_empty() {
            Box::pin(give_back(&self.core, shares)).await;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.shares.is_empty() {
            return;
        }
        let (core, shares) = (Arc::clone(&self.core), take(&mut self.shares));
        tokio::spawn(async move { give_back(&core, shares).await });
    }
}

/// What cannot be given back is forgotten with its window.
async fn give_back(core: &Core, shares: Vec<Share>) {
    if let Err(error) = budgets::give_back(core, shares).await {
        tracing::warn!(
            ?error,
            "a sign-up counts as a conflict for its client, although it was none"
        );
    }
}
