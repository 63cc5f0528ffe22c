//! Bodies on their way: never gathered, read as fast as the other side takes them, and given up when nothing moves.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// How long nothing may come of an answer, or move on a WebSocket.
pub(crate) const IDLE: Duration = Duration::from_mins(5);

/// How long nothing may come of a client's body.
pub(crate) const UNSENT: Duration = Duration::from_secs(30);

/// A body that ends in an error when its next part does not come in time.
pub(crate) struct Patient<B> {
    body: B,
    patience: Duration,
    /// Only while the next part is waited for: most bodies are there at once.
    waiting: Option<Pin<Box<Sleep>>>,
    progress: Option<Arc<Progress>>,
}

/// When something last moved.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    /// Milliseconds since then.
    last: AtomicU64,
}

/// Nothing came for too long.
#[derive(Debug)]
pub(crate) struct Stalled;

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing came for too long")
    }
}

impl std::error::Error for Stalled {}

impl Progress {
    pub(crate) fn begin() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            last: AtomicU64::new(0),
        })
    }

    pub(crate) fn note(&self) {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    /// Returns once nothing has moved for so long.
    pub(crate) async fn stalled(&self, patience: Duration) {
        loop {
            let due = self.began + Duration::from_millis(self.last.load(Ordering::Relaxed)) + patience;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

impl<B> Patient<B> {
    pub(crate) const fn new(body: B, patience: Duration) -> Self {
        Self {
            body,
            patience,
            waiting: None,
            progress: None,
        }
    }

    /// Tells from now on when a part came.
    pub(crate) fn progress(&mut self) -> Arc<Progress> {
        Arc::clone(self.progress.get_or_insert_with(Progress::begin))
    }
}

impl<B> Body for Patient<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.waiting = None;
            if let Some(progress) = &this.progress {
                progress.note();
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = this.patience;
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Some(Err(Stalled.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::future::poll_fn;

    /// A body of which a part comes every so often.
    struct Dripping(Pin<Box<Sleep>>, Duration);

    impl Body for Dripping {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.0.as_mut().poll(cx));
            let next = Instant::now() + self.1;
            self.0.as_mut().reset(next);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"drop")))))
        }
    }

    async fn next(body: &mut (impl Body + Unpin)) -> bool {
        poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx))
            .await
            .is_some_and(|frame| frame.is_ok())
    }

    fn dripping(every: Duration, patience: Duration) -> Patient<Dripping> {
        Patient::new(Dripping(Box::pin(sleep(every)), every), patience)
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_goes_on_and_one_that_stands_still_breaks_off() {
        let mut slow = dripping(Duration::from_secs(29), UNSENT);
        for _ in 0..20 {
            assert!(next(&mut slow).await);
        }
        let began = Instant::now();
        let mut stalled = dripping(Duration::from_hours(1), UNSENT);
        assert!(!next(&mut stalled).await);
        assert_eq!(began.elapsed(), UNSENT);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_puts_the_end_of_patience_off() {
        let mut body = dripping(Duration::from_secs(20), UNSENT);
        let progress = body.progress();
        let began = Instant::now();
        let sending = async {
            assert!(next(&mut body).await && next(&mut body).await);
        };
        tokio::join!(sending, progress.stalled(UNSENT));
        assert_eq!(began.elapsed(), Duration::from_secs(40) + UNSENT);
    }
}
