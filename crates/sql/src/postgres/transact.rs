//! Running a transaction body to its end, whoever waits for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Core;
use super::body::Body;
use super::notice;
use super::shared::chance;
use super::terms::Terms;
use super::transaction::Transaction;
use crate::tx::Driver;
use crate::{Announcement, Error, Tx};

/// How often a body is run again when others were in its way, or its connection was lost.
const REPEATS: u32 = 3;
/// The longest pause before the first repetition, in microseconds; it doubles.
const PAUSE: u64 = 10_000;

/// What came of a body, before its transaction is ended.
pub struct Ran {
    /// Whether its writes are kept.
    pub keep: bool,
    pub said: Said,
    pub transaction: Transaction,
}

/// What is announced if the transaction is committed.
#[derive(Default)]
pub struct Said {
    here: Vec<Announcement<'static>>,
    /// Those of them that other nodes hear too.
    everywhere: Vec<Announcement<'static>>,
}

impl Said {
    pub fn append(&mut self, mut other: Self) {
        self.here.append(&mut other.here);
        self.everywhere.append(&mut other.everywhere);
    }
}

impl Core {
    /// Runs a body, again if it must, and commits what it keeps.
    pub async fn transact(self: &Arc<Self>, terms: Terms, body: &mut dyn Body) {
        let mut repeats = 0;
        while self.run(terms, body).await {
            let pause = Duration::from_micros(chance() % (PAUSE << repeats));
            if repeats == REPEATS || Instant::now() + pause >= terms.deadline {
                break;
            }
            repeats += 1;
            tokio::time::sleep(pause).await;
        }
    }

    /// Runs a body once; answers whether it should be run again.
    async fn run(self: &Arc<Self>, terms: Terms, body: &mut dyn Body) -> bool {
        let ran = self
            .perform(Transaction::new(Arc::clone(self), terms), body)
            .await;
        let mut transaction = ran.transaction;
        if !ran.keep {
            transaction.rollback().await;
            return transaction.may_repeat();
        }
        let Err(error) = self.commit(&mut transaction, &ran.said).await else {
            return false;
        };
        let unknown = error == Error::Unknown;
        body.fail(error);
        !unknown && transaction.may_repeat()
    }

    /// Runs a body, and leaves its transaction open.
    pub async fn perform(&self, transaction: Transaction, body: &mut dyn Body) -> Ran {
        let mut tx = Tx::new(Driver::Postgres(Box::new(transaction)));
        let began = Instant::now();
        let keep = body.run(&mut tx).await;
        if let Some(listener) = &self.shared.listener {
            listener.wrote(body.name(), began.elapsed());
        }
        let everywhere = tx.travelling();
        let here = tx.announced();
        let Driver::Postgres(transaction) = tx.driver else {
            unreachable!("it was made of a transaction on PostgreSQL");
        };
        Ran {
            keep,
            said: Said { here, everywhere },
            transaction: *transaction,
        }
    }

    /// Commits, and tells whoever caches.
    pub async fn commit(&self, transaction: &mut Transaction, said: &Said) -> Result<(), Error> {
        let notices = notice::write(&self.shared.node, &said.everywhere);
        let committed = transaction.commit(&notices).await;
        // What may have happened they forget as if it had.
        if matches!(committed, Ok(()) | Err(Error::Unknown))
            && let Some(listener) = self.shared.listener.as_ref().filter(|_| !said.here.is_empty())
        {
            listener.committed(&said.here);
        }
        committed
    }
}
