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
use crate::{Error, Tx};

/// How often a body is run again when others were in its way, or its connection was lost.
const REPEATS: u32 = 3;
/// The longest pause before the first repetition, in microseconds; it doubles.
const PAUSE: u64 = 10_000;

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
        let transaction = Transaction::new(Arc::clone(self), terms);
        let mut tx = Tx::new(Driver::Postgres(Box::new(transaction)));
        let began = Instant::now();
        let keep = body.run(&mut tx).await;
        if let Some(listener) = &self.shared.listener {
            listener.wrote(body.name(), began.elapsed());
        }
        let travelling = tx.travelling();
        let announced = tx.announced();
        let Driver::Postgres(mut transaction) = tx.driver else {
            unreachable!("it was made of a transaction on PostgreSQL");
        };
        if !keep {
            transaction.rollback().await;
            return transaction.may_repeat();
        }
        let notices = notice::write(&self.shared.node, &travelling);
        let committed = transaction.commit(&notices).await;
        let unknown = committed == Err(Error::Unknown);
        // What may have happened the caches forget as if it had.
        if (committed.is_ok() || unknown)
            && !announced.is_empty()
            && let Some(listener) = &self.shared.listener
        {
            listener.committed(&announced);
        }
        let Err(error) = committed else {
            return false;
        };
        body.fail(error);
        !unknown && transaction.may_repeat()
    }
}
