//! How long a connection is waited for.
//!
//! A connection owes us the head of a request from its beginning, and again from the end of each answer. One timer for
//! the whole connection watches over that: when it runs out it looks at how things stand and is set anew.

use crate::connection::HEAD_PATIENCE;
use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::time::Instant;

/// What one connection owes.
pub(crate) struct Patience(Mutex<Standing>);

struct Standing {
    /// Answers that are being made or sent.
    answering: usize,
    /// Since when there has been none.
    since: Instant,
    /// HTTP/2 asks its peer for signs of life by itself.
    http2: bool,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Standing {
            answering: 0,
            since: Instant::now(),
            http2: false,
        }))
    }

    /// A request has come; it is being answered until the turn is dropped.
    pub(crate) fn begin(self: &Arc<Self>, version: Version) -> Turn {
        let mut standing = self.standing();
        standing.answering += 1;
        standing.http2 = version == Version::HTTP_2;
        Turn(Arc::clone(self))
    }

    /// When to look again; `None` when the patience is over.
    pub(crate) fn ends(&self) -> Option<Instant> {
        let (standing, now) = (self.standing(), Instant::now());
        let end = if standing.answering > 0 || standing.http2 {
            now + HEAD_PATIENCE
        } else {
            standing.since + HEAD_PATIENCE
        };
        (end > now).then_some(end)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
pub(crate) struct Turn(Arc<Patience>);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut standing = self.0.standing();
        standing.answering -= 1;
        standing.since = Instant::now();
    }
}

/// A body whose request is being answered until the last of it is sent.
pub(crate) struct Answering<B> {
    body: B,
    _turn: Turn,
}

impl<B> Answering<B> {
    pub(crate) const fn new(body: B, turn: Turn) -> Self {
        Self { body, _turn: turn }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
