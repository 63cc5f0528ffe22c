//! Bodies that can wait set out together. Those that have nothing to do with each other are one transaction on one
//! connection, and their sentences travel side by side: the server and this process work through all of them in one go,
//! instead of being woken for each sentence of each between what the processors are busy with.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{join, join_all};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Core;
use super::body::Body;
use super::convoy::LONGEST;
use super::terms::Terms;
use super::transact::Said;
use super::transaction::Transaction;
use crate::Error;

/// A body on its way.
pub struct Member {
    pub body: Box<dyn Body>,
    pub terms: Terms,
    /// Its place in the queue.
    pub permit: OwnedSemaphorePermit,
}

impl Member {
    /// Runs the body by itself.
    async fn go(mut self, core: &Arc<Core>) {
        core.transact(self.terms, &mut *self.body).await;
        self.arrive();
    }

    fn arrive(self) {
        drop(self.permit);
        self.body.answer();
    }
}

/// One who has not set out yet.
pub struct Waiting {
    member: Member,
    /// Dropped when it sets out.
    _stays: oneshot::Sender<()>,
}

/// One of each owner, in the order in which everybody locks their rows.
fn take(ready: &mut Vec<Waiting>) -> Vec<Member> {
    let mut owners = HashSet::new();
    let leaves = |one: &mut Waiting| owners.len() < LONGEST && owners.insert(one.member.terms.owner);
    let leaving = ready.extract_if(.., leaves);
    let mut leaving: Vec<Member> = leaving.map(|one| one.member).collect();
    leaving.sort_by_key(|member| member.terms.owner);
    leaving
}

impl Core {
    /// Runs a body to its end, if it may share a transaction with those who set out at the same time, and those who can
    /// wait when the first has waited as long as it may.
    pub async fn set_out(self: &Arc<Self>, member: Member) {
        let longest = member.terms.company;
        if member.terms.owner.is_none() {
            return member.go(self).await;
        }
        let (stays, mut left) = oneshot::channel();
        let waiting = Waiting {
            member,
            _stays: stays,
        };
        let convoy = if longest.is_zero() {
            self.at_once.join(waiting);
            &self.at_once
        } else {
            self.in_company.join(waiting);
            let mut over = pin!(tokio::time::sleep(longest));
            tokio::select! { _ = &mut left => return, () = &mut over => {} }
            &self.in_company
        };
        // Its own answer goes another way: it is over when it has set out.
        let _ = convoy.ride(left, take, |members| self.drive(members)).await;
    }

    async fn drive(self: &Arc<Self>, mut members: Vec<Member>) {
        let shared = match members.len() {
            0 | 1 => Ok(false),
            _ => Box::pin(self.share(&mut members)).await,
        };
        if shared == Ok(false) {
            join_all(members.into_iter().map(|member| member.go(self))).await;
            return;
        }
        for mut member in members {
            if let Err(error) = &shared {
                member.body.fail(error.clone());
            }
            member.arrive();
        }
    }

    /// Runs bodies side by side in one transaction; answers whether what all of them wrote was kept. If not, nothing was. An
    /// error is the end of all.
    async fn share(self: &Arc<Self>, members: &mut [Member]) -> Result<bool, Error> {
        let earliest = members
            .iter()
            .map(|member| member.terms)
            .min_by_key(|terms| terms.deadline);
        let Some(earliest) = earliest else {
            return Ok(true);
        };
        let terms = Terms {
            unsynced: members.iter().all(|member| member.terms.unsynced),
            ..earliest
        };
        let client = match self.checkout(terms).await {
            // That is so for one of them.
            Err(Error::TooLate) => return Ok(false),
            got => got?,
        };
        let within = |terms| Transaction::within(Arc::clone(self), terms, client.clone());
        let bodies = members
            .iter_mut()
            .map(|member| self.perform(within(member.terms), &mut *member.body));
        let first = terms.begin_shared();
        let first = tokio::time::timeout(terms.left(), client.batch_execute(&first));
        let (began, ran) = join(first, join_all(bodies)).await;
        let began = matches!(began, Ok(Ok(())));
        let mut keep = began;
        let mut whole = within(terms);
        let mut said = Said::default();
        for one in ran {
            if !began && !one.transaction.has_failed() {
                // It ran outside of any transaction.
                return Err(Error::Unknown);
            }
            keep &= one.keep;
            said.append(one.said);
            whole.absorb(one.transaction);
        }
        if !keep {
            whole.rollback().await;
            return Ok(false);
        }
        match self.commit(&mut whole, &said).await {
            Ok(()) => Ok(true),
            Err(Error::Unknown) => Err(Error::Unknown),
            Err(_) => Ok(false),
        }
    }
}
