//! One connection.

use crate::leftover::Leftover;
use crate::patience::{Answering, Patience};
use crate::shutdown::Shutdown;
use crate::tunnel::Tunnel;
use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How long the head of a request may take to arrive, and so how long a connection may be idle. One of HTTP/2 is asked
/// for signs of life instead.
pub(crate) const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long after the beginning of a shutdown what had been sent before it is still taken in: connections that the
/// system holds ready, their first requests, and requests on kept connections. Without it they would be reset, and a
/// proxy may not repeat a POST that was.
pub(crate) const LAST_CALL: Duration = Duration::from_millis(100);

/// What an answer says when no other follows on its connection.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Most bytes of a connection that are kept unread: the head of a request fits with room to spare.
const BUFFER: usize = 32 * 1024;

/// Most bytes in the header list of an HTTP/2 request.
const HEADER_LIST: u32 = 16 * 1024;

/// Most HTTP/2 requests that one connection may have under way.
const STREAMS: u32 = 64;

/// The protocols' own limits; everything about requests is the pipeline's.
pub(crate) fn protocols() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        // A timer for each request costs more than finding its route; `Patience` has one for the connection.
        .header_read_timeout(None)
        // Answers are small: one buffer is written faster than a list of two.
        .writev(false)
        .max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIST)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(HEAD_PATIENCE);
    builder
}

/// Serves one connection to its end. Once the shutdown is announced, an answer is the last one of its connection, so that
/// a proxy keeps none. Soon after it begins, requests under way are finished and no further one is read.
pub(crate) async fn run<A, R, B>(
    protocols: &Builder<TokioExecutor>,
    (stream, peer): (TcpStream, SocketAddr),
    answer: A,
    shutdown: Shutdown,
) where
    A: Fn(Request<Body>, SocketAddr) -> R + Send + Sync + 'static,
    R: Future<Output = Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static,
{
    let patience = Arc::new(Patience::new());
    let noting = Arc::clone(&patience);
    let tunnel = Tunnel::default();
    let digging = tunnel.clone();
    // Requests count on the connection's own clone, as they do with the app: see `App::serve`.
    let last = Arc::new(shutdown.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (version, last) = (request.version(), Arc::clone(&last));
        let turn = noting.begin(version);
        digging.offer(&mut request);
        let (request, leftover) = Leftover::lend(request);
        // Boxed, because a future of a kilobyte would be copied at every hand-over on its way.
        let response = Box::pin(answer(request, peer));
        async move {
            let mut response = response.await.map(|body| Answering::new(body, turn));
            let finished = match leftover {
                Some(leftover) => Box::pin(leftover.finish()).await,
                None => true,
            };
            if version < Version::HTTP_2
                && (!finished || last.is_announced())
                && response.status() != StatusCode::SWITCHING_PROTOCOLS
            {
                response.headers_mut().insert(CONNECTION, CLOSE);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(protocols.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // These are looked at only when one of them has something to say, not at every request.
    let mut asides = FuturesUnordered::new();
    asides.push(over(Instant::now() + HEAD_PATIENCE));
    asides.push(last_call(&shutdown));
    loop {
        let aside = tokio::select! {
            biased;
            // How a connection ends is the client's affair; there is nobody left to tell.
            _ = connection.as_mut() => break,
            aside = asides.select_next_some() => aside,
        };
        match (aside, patience.ends()) {
            (Aside::Over, Some(end)) => asides.push(over(end)),
            (Aside::Over, None) => return,
            (Aside::LastCall, _) => connection.as_mut().graceful_shutdown(),
        }
    }
    // What a request has turned the connection into is served in its place: it counts as the connection does.
    tunnel.run().await;
}

/// What may happen to a connection beside requests.
enum Aside {
    /// It has been waited for long enough, unless there were requests meanwhile.
    Over,
    /// Soon after the beginning of a shutdown.
    LastCall,
}

type Happening<'c> = Pin<Box<dyn Future<Output = Aside> + Send + 'c>>;

fn over<'c>(end: Instant) -> Happening<'c> {
    Box::pin(async move {
        tokio::time::sleep_until(end).await;
        Aside::Over
    })
}

fn last_call(shutdown: &Shutdown) -> Happening<'_> {
    Box::pin(async {
        shutdown.begun().await;
        tokio::time::sleep(LAST_CALL).await;
        Aside::LastCall
    })
}
