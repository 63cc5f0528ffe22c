//! Transaction bodies: `async fn body(tx: &mut Tx, input: &Input) -> Result<T, E>`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::{Error, Tx};

/// What a transaction body fails with. An `Err` undoes the writes, unless the error itself says that it keeps
/// them: the value decides the transaction's end, never a flag on the transaction.
pub trait Abort: From<Error> + Send + 'static {
    /// Whether the transaction is committed although it is answered with this error.
    fn keeps_writes(&self) -> bool {
        false
    }
}

impl Abort for Error {}

/// `async fn(&mut Tx, &I) -> R` whose future is `Send`, said without boxes.
///
/// A body awaits only its `Tx`, has no effect outside it, and touches at most 500 rows.
pub trait Act<'t, I: 't, R>: Fn(&'t mut Tx, &'t I) -> Self::Run {
    /// The body's future.
    type Run: Future<Output = R> + Send + 't;
}

impl<'t, I: 't, R, F, Run> Act<'t, I, R> for F
where
    F: Fn(&'t mut Tx, &'t I) -> Run,
    Run: Future<Output = R> + Send + 't,
{
    type Run = Run;
}

/// What the end of a body means: whether its writes are kept, and what it is answered. A sentence that failed has spoilt
/// the transaction, whatever the body made of that.
pub(crate) fn settle<T, E: Abort>(tx: &Tx, outcome: Result<T, E>) -> (bool, Result<T, E>) {
    let keep = tx.is_whole() || outcome.as_ref().map_or_else(Abort::keeps_writes, |_| true);
    match tx.failed() {
        Some(failed) if keep => (false, Err(failed.clone().into())),
        _ => (keep, outcome),
    }
}

/// Drives a future that has nothing to wait for; `None` when it waits all the same.
pub(crate) fn now<R>(run: impl Future<Output = R>) -> Option<R> {
    match pin!(run).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
