//! Running a transaction body to its end, whoever waits for it.

use std::time::{Duration, Instant};

use super::Core;
use super::body::Body;
use super::notice;
use super::shared::chance;
use super::transaction::{Terms, Transaction};
use crate::tx::Driver;
use crate::{Announcement, Error, Tx};

/// How often a body is run again when others were in its way, or its connection was lost.
const REPEATS: u32 = 3;
/// The longest pause before the first repetition, in microseconds; it doubles.
const PAUSE: u64 = 10_000;

/// What became of one run of a body.
enum Run {
    Ended,
    Again,
}

impl Core {
    /// Runs a body, again if it must, and commits what it keeps.
    pub async fn transact(&self, terms: Terms, body: &mut dyn Body) {
        let mut repeats = 0;
        while let Run::Again = self.run(terms, body).await {
            let pause = Duration::from_micros(chance() % (PAUSE << repeats));
            if repeats == REPEATS || Instant::now() + pause >= terms.deadline {
                break;
            }
            repeats += 1;
            tokio::time::sleep(pause).await;
        }
    }

    async fn run(&self, terms: Terms, body: &mut dyn Body) -> Run {
        let client = match self.checkout(terms).await {
            Ok(client) => client,
            Err(error) => {
                body.fail(error);
                return Run::Ended;
            }
        };
        let transaction = Transaction::new(client, terms, self.shared.clone());
        let mut tx = Tx::new(Driver::Postgres(Box::new(transaction)));
        let began = Instant::now();
        let mut keep = body.run(&mut tx).await;
        if let Some(listener) = &self.shared.listener {
            listener.wrote(body.name(), began.elapsed());
        }
        if let Some(failed) = tx.failed().filter(|_| keep) {
            body.fail(failed.clone());
            keep = false;
        }
        let travelling = tx.travelling();
        let announced = tx.announced();
        let Driver::Postgres(mut transaction) = tx.driver else {
            return Run::Ended;
        };
        if !keep {
            transaction.rollback().await;
            return again_if(transaction.may_repeat());
        }
        let committed = transaction
            .commit(&notice::write(&self.shared.node, &travelling))
            .await;
        let Err(error) = committed else {
            self.tell(&announced);
            return Run::Ended;
        };
        let unknown = error == Error::Unknown;
        body.fail(error);
        if unknown {
            // It may have happened, so the caches forget as if it had.
            self.tell(&announced);
            return Run::Ended;
        }
        again_if(transaction.may_repeat())
    }

    fn tell(&self, announced: &[Announcement<'_>]) {
        if let Some(listener) = self.shared.listener.as_ref().filter(|_| !announced.is_empty()) {
            listener.committed(announced);
        }
    }
}

const fn again_if(again: bool) -> Run {
    if again { Run::Again } else { Run::Ended }
}
