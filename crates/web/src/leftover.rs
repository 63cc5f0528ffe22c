//! What is left of a request's body once the request is answered.
//!
//! Many are answered before their bodies have arrived: without a key, over a budget. A client that is still sending
//! when the connection is closed may never see the answer, and one that is not told sends its next request into it (RFC
//! 9112 §9.6). So what is left is read to its end, if it is no more than a body may be; otherwise the answer says that it
//! is the last.

use crate::body::MAX_LENGTH;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long the answer waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Gets back a body that is dropped before its end.
pub(crate) struct Leftover {
    /// Whether the client waits for leave to send the body, which is not given only to throw it away.
    waits: bool,
    body: Arc<Mutex<Option<Incoming>>>,
}

impl Leftover {
    /// Lends the body of a request; of one without a body there is nothing to get back.
    pub(crate) fn lend(request: Request<Incoming>) -> (Request<Body>, Option<Self>) {
        if request.body().is_end_stream() {
            return (request.map(|_| Body::empty()), None);
        }
        let leftover = Self {
            waits: request.headers().contains_key(EXPECT),
            body: Arc::default(),
        };
        let lent = |body| Lent {
            body: Some(body),
            to: Arc::clone(&leftover.body),
        };
        (request.map(|body| Body::new(lent(body))), Some(leftover))
    }

    /// Reads what was given back; answers whether the connection can be kept. What nobody has given back yet is being
    /// passed on.
    pub(crate) async fn finish(self) -> bool {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(body) = body else { return true };
        if self.waits || body.size_hint().lower() > MAX_LENGTH as u64 {
            return false;
        }
        let mut body = Limited::new(body, MAX_LENGTH);
        let reading = async {
            while let Some(frame) = body.frame().await {
                if frame.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or(false)
    }
}

/// A body that is given back.
struct Lent {
    body: Option<Incoming>,
    to: Arc<Mutex<Option<Incoming>>>,
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let ended = SizeHint::with_exact(0);
        self.body.as_ref().map_or(ended, Incoming::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.to.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}
