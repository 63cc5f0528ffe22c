//! `WebSocket`s (RFC 6455): after both sides agree, bytes both ways until one of them ends.

use crate::head::remove_hop_by_hop;
use crate::stream::{IDLE, Progress};
use axum::body::Body;
use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use vestibule_web::{Passed, Tunnel};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// A client's wish to go on by WebSocket.
pub(crate) struct Switch {
    client: OnUpgrade,
    tunnel: Tunnel,
}

impl Switch {
    /// The wish for any other protocol is not passed on: `h2c` would carry requests that nobody checks.
    pub(crate) fn asked(parts: &mut Parts) -> Option<Self> {
        let (client, tunnel) = (parts.extensions.remove()?, parts.extensions.remove()?);
        let mut tokens = parts.headers.get_all(CONNECTION).iter();
        let connection = tokens.any(|value| {
            let mut names = value.as_bytes().split(|byte| *byte == b',');
            names.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
        });
        let asked = parts.method == Method::GET && parts.version == Version::HTTP_11 && connection;
        (asked && names_websocket(&parts.headers)).then_some(Self { client, tunnel })
    }

    /// Says it to the upstream, whose connection is another one.
    pub(crate) fn tell(headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }

    /// Answers the client as the upstream did, and lets the two speak.
    pub(crate) fn join(self, mut response: Response<Incoming>) -> Passed {
        let upstream = hyper::upgrade::on(&mut response);
        let client = self.client;
        self.tunnel.dig(async move {
            // Either side may be gone before it has begun; then there is nothing to carry.
            if let Ok((client, upstream)) = tokio::try_join!(client, upstream) {
                carry(client, upstream).await;
            }
        });
        let mut answer = response.map(|_| Body::empty());
        remove_hop_by_hop(answer.headers_mut());
        Self::tell(answer.headers_mut());
        answer
    }
}

/// Whether the upstream goes on by WebSocket.
pub(crate) fn agreed(response: &Response<Incoming>) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS && names_websocket(response.headers())
}

fn names_websocket(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(UPGRADE).iter();
    let named = values
        .next()
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(WEBSOCKET.as_bytes()));
    named && values.next().is_none()
}

async fn carry(client: Upgraded, upstream: Upgraded) {
    let progress = Progress::begin();
    let mut client = Noted {
        io: TokioIo::new(client),
        progress: Arc::clone(&progress),
    };
    let mut upstream = TokioIo::new(upstream);
    tokio::select! {
        // How it ended is known to both sides, and to nobody else of interest.
        _ = tokio::io::copy_bidirectional(&mut client, &mut upstream) => {}
        () = progress.stalled(IDLE) => {}
    }
}

/// A connection that notes whenever bytes move on it.
struct Noted {
    io: TokioIo<Upgraded>,
    progress: Arc<Progress>,
}

impl Noted {
    fn noting<T>(&self, polled: Poll<T>) -> Poll<T> {
        if polled.is_ready() {
            self.progress.note();
        }
        polled
    }
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, into);
        self.noting(polled)
    }
}

impl AsyncWrite for Noted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.noting(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
