//! A handler that panics costs its own request and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The panic of a future, by its message.
#[derive(Debug)]
pub(crate) struct Panicked(pub(crate) String);

/// Runs a future to its end or to its panic.
pub(crate) struct Caught<'f, F>(pub(crate) Pin<&'f mut F>);

impl<F: Future> Future for Caught<'_, F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // What the future held is dropped with it and never looked at again, so nothing half-changed is seen.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => {
                let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
                Poll::Ready(Err(Panicked(text.unwrap_or_default())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[tokio::test]
    async fn a_panic_becomes_a_value() {
        let panics = Caught(pin!(async {
            tokio::task::yield_now().await;
            panic!("on purpose")
        }));
        let caught: Result<(), _> = panics.await;
        assert_eq!(caught.unwrap_err().0, "on purpose");
        assert_eq!(Caught(pin!(async { 7 })).await.unwrap(), 7);
    }
}
