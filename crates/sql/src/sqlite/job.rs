//! What a request sends to the writer thread, and how it waits for the answer.

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::act::{now, settle};
use crate::{Abort, Act, By, Error, Tx};

/// When a transaction is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Once it is on disk.
    Synced,
    /// Once the system has it: it survives this process, and power loss only when a later one was synced.
    Written,
}

/// A transaction to run.
pub struct Job {
    /// The body's full function name.
    pub body: &'static str,
    /// When it is too late to begin.
    pub deadline: Instant,
    /// How long it may wait for others to commit with.
    pub company: Duration,
    /// When it is answered.
    pub answered: Answered,
    /// Runs the body, or answers that the transaction could not begin.
    pub run: Run,
}

type Run = Box<dyn FnOnce(Result<&mut Tx, Error>) -> Done + Send>;

/// Answers a request, once its group's fate is known.
pub type Reply = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// A body that ran.
pub struct Done {
    /// Whether its writes are kept.
    pub keep: bool,
    /// Answers the request.
    pub reply: Reply,
}

impl Job {
    /// Whether it waits for others to commit with.
    pub const fn is_patient(&self) -> bool {
        !self.company.is_zero()
    }
}

/// The requester's end of a job.
pub struct Wait<T, E> {
    deadline: Instant,
    begun: Arc<AtomicBool>,
    answer: oneshot::Receiver<Result<T, E>>,
}

/// Makes a job and the place to wait for it.
pub fn job<F, I, T, E>(
    By {
        deadline, company, ..
    }: By,
    answered: Answered,
    act: F,
    input: I,
) -> (Job, Wait<T, E>)
where
    F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Abort,
{
    let (tell, answer) = oneshot::channel();
    let begun = Arc::new(AtomicBool::new(false));
    let wait = Wait {
        deadline,
        begun: Arc::clone(&begun),
        answer,
    };
    let body = type_name::<F>();
    let run = Box::new(move |tx: Result<&mut Tx, Error>| {
        let (keep, outcome) = match tx {
            Err(error) => (false, Err(error.into())),
            // The requester takes the claim when its wait ends first; then this must not happen any more.
            Ok(_) if Instant::now() >= deadline || begun.swap(true, Ordering::AcqRel) => {
                (false, Err(Error::TooLate.into()))
            }
            Ok(tx) => run_body(body, tx, act, &input),
        };
        let reply = move |fate: Result<(), Error>| {
            // The requester may be gone; its transaction stands all the same.
            let _ = tell.send(fate.map_err(E::from).and(outcome));
        };
        Done {
            keep,
            reply: Box::new(reply),
        }
    });
    let job = Job {
        body,
        deadline,
        company,
        answered,
        run,
    };
    (job, wait)
}

fn run_body<'t, F, I, T, E>(body: &'static str, tx: &'t mut Tx, act: F, input: &'t I) -> (bool, Result<T, E>)
where
    F: for<'a> Act<'a, I, Result<T, E>>,
    E: Abort,
{
    let ran = catch_unwind(AssertUnwindSafe(|| now(act(&mut *tx, input))));
    let outcome = match ran {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(Error::Awaited { body }.into()),
        Err(_) => Err(Error::Panicked { body }.into()),
    };
    settle(tx, outcome)
}

impl<T, E: Abort> Wait<T, E> {
    /// Waits for the answer until the deadline, without a task of its own.
    pub async fn answer(self) -> Result<T, E> {
        match tokio::time::timeout_at(self.deadline.into(), self.answer).await {
            Ok(Ok(outcome)) => outcome,
            _ if self.begun.swap(true, Ordering::AcqRel) => Err(Error::Unknown.into()),
            // The writer ended before it came to this job.
            Ok(Err(_)) => Err(Error::Closed.into()),
            Err(_) => Err(Error::TooLate.into()),
        }
    }
}
