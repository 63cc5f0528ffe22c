//! Running a transaction body to its end, whoever waits for it.

use std::any::type_name;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

use super::Core;
use super::notice;
use super::shared::chance;
use super::transaction::{Terms, Transaction};
use crate::tx::Driver;
use crate::{Abort, Act, Announcement, Error, Tx};

/// How often a body is run again when others were in its way, or its connection was lost.
const REPEATS: u32 = 3;
/// The longest pause before the first repetition, in microseconds; it doubles.
const PAUSE: u64 = 10_000;

/// What became of one run of a body.
enum Run<T, E> {
    Ended(Result<T, E>),
    Again(Result<T, E>),
}

impl Core {
    /// Runs a body, again if it must, and commits what it keeps.
    pub async fn transact<F, I, T, E>(&self, terms: Terms, act: F, input: &I) -> Result<T, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let mut repeats = 0;
        loop {
            let outcome = match self.run(terms, act, input).await? {
                Run::Ended(outcome) => return outcome,
                Run::Again(outcome) => outcome,
            };
            let pause = Duration::from_micros(chance() % (PAUSE << repeats));
            if repeats == REPEATS || Instant::now() + pause >= terms.deadline {
                return outcome;
            }
            repeats += 1;
            tokio::time::sleep(pause).await;
        }
    }

    async fn run<F, I, T, E>(&self, terms: Terms, act: F, input: &I) -> Result<Run<T, E>, E>
    where
        F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Abort,
    {
        let client = self.checkout(terms).await?;
        let body = type_name::<F>();
        let transaction = Transaction::new(client, terms, self.shared.clone());
        let mut tx = Tx::new(Driver::Postgres(Box::new(transaction)));
        let began = Instant::now();
        let ran = AssertUnwindSafe(act(&mut tx, input)).catch_unwind().await;
        if let Some(listener) = &self.shared.listener {
            listener.wrote(body, began.elapsed());
        }
        let outcome = ran.unwrap_or_else(|_| Err(Error::Panicked { body }.into()));
        let keep = outcome.as_ref().map_or_else(Abort::keeps_writes, |_| true);
        let (keep, outcome) = match tx.failed() {
            Some(failed) if keep => (false, Err(failed.clone().into())),
            _ => (keep, outcome),
        };
        let travelling = tx.travelling();
        let announced = tx.announced();
        let Driver::Postgres(mut transaction) = tx.driver else {
            return Ok(Run::Ended(outcome));
        };
        if !keep {
            transaction.rollback().await;
            return Ok(if transaction.may_repeat() {
                Run::Again(outcome)
            } else {
                Run::Ended(outcome)
            });
        }
        Ok(
            match transaction
                .commit(&notice::write(&self.shared.node, &travelling))
                .await
            {
                Ok(()) => {
                    self.tell(&announced);
                    Run::Ended(outcome)
                }
                Err(Error::Unknown) => {
                    // It may have happened, so the caches forget as if it had.
                    self.tell(&announced);
                    Run::Ended(Err(Error::Unknown.into()))
                }
                Err(error) if transaction.may_repeat() => Run::Again(Err(error.into())),
                Err(error) => Run::Ended(Err(error.into())),
            },
        )
    }

    fn tell(&self, announced: &[Announcement<'_>]) {
        if let Some(listener) = self.shared.listener.as_ref().filter(|_| !announced.is_empty()) {
            listener.committed(announced);
        }
    }
}
