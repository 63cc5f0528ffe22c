//! Listening.

use crate::app::App;
use crate::connection;
use crate::reply::Response as Reply;
use crate::shutdown::Shutdown;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// Most connections at once; further ones wait in the system's queue.
    pub max_connections: usize,
    /// How long requests under way may take once the shutdown has begun.
    pub drain: Duration,
}

impl Default for Serving {
    fn default() -> Self {
        Self { max_connections: 8_192, drain: Duration::from_secs(30) }
    }
}

/// Accepts connections and answers their requests until the shutdown begins; returns when the last request is
/// answered, or the time to drain is over. Says how many connections were then cut.
pub async fn serve<A, R, B>(listener: TcpListener, serving: Serving, shutdown: Shutdown, answer: A) -> usize
where
    A: Fn(Request<Body>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let protocols = Arc::new(connection::protocols());
    let room = Arc::new(Semaphore::new(serving.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = shutdown.begun() => break,
        };
        let (protocols, answer, shutdown) = (Arc::clone(&protocols), answer.clone(), shutdown.clone());
        connections.spawn(async move {
            connection::run(&protocols, accepted, answer, shutdown).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(serving.drain, drained).await;
    connections.len()
}

/// The next connection. Out of files or memory is waited for, since connections end by themselves.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; trying again in 100 ms");
                metrics::counter!("vestibule_http_accept_errors_total").increment(1);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Whether only the connection that was being accepted is lost.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl App {
    /// Serves this app until its shutdown begins and its requests are answered; see [`serve`].
    pub async fn serve(self: &Arc<Self>, listener: TcpListener, serving: Serving) -> usize {
        let app = Arc::clone(self);
        let answer = move |request: Request<Body>, peer: SocketAddr| {
            let app = Arc::clone(&app);
            async move { Reply::from(app.answer(request, peer.ip()).await) }
        };
        serve(listener, serving, self.shutdown.clone(), answer).await
    }
}
