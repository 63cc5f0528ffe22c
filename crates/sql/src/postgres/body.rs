//! A transaction body without its types: all bodies of the program run in one copy of the code that commits them.

use std::any::type_name;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;

use crate::act::settle;
use crate::{Abort, Act, Error, Tx};

/// A body, its input, and what came of it.
pub trait Body: Send {
    /// The body's full function name.
    fn name(&self) -> &'static str;

    /// Runs it once; answers whether its writes are kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 't>>;

    /// Puts an error in the place of what came of it.
    fn fail(&mut self, error: Error);

    /// Tells whoever waits what came of it.
    fn answer(self: Box<Self>);
}

/// A body, and the requester's end of it.
pub fn body<F, I, T, E>(act: F, input: I) -> (Box<dyn Body>, oneshot::Receiver<Result<T, E>>)
where
    F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Abort,
{
    let (tell, answer) = oneshot::channel();
    let held = Held {
        act,
        input,
        outcome: None,
        tell,
    };
    (Box::new(held), answer)
}

struct Held<F, I, T, E> {
    act: F,
    input: I,
    outcome: Option<Result<T, E>>,
    tell: oneshot::Sender<Result<T, E>>,
}

impl<F, I, T, E> Body for Held<F, I, T, E>
where
    F: for<'t> Act<'t, I, Result<T, E>> + Copy + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Abort,
{
    fn name(&self) -> &'static str {
        type_name::<F>()
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 't>> {
        Box::pin(async move {
            let ran = AssertUnwindSafe((self.act)(&mut *tx, &self.input))
                .catch_unwind()
                .await;
            let outcome = ran.unwrap_or_else(|_| Err(Error::Panicked { body: self.name() }.into()));
            let (keep, outcome) = settle(tx, outcome);
            self.outcome = Some(outcome);
            keep
        })
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        // The requester may be gone; its transaction stands all the same.
        if let Some(outcome) = self.outcome {
            let _ = self.tell.send(outcome);
        }
    }
}
