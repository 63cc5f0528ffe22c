//! Listening.

use crate::app::App;
use crate::connection;
use crate::reply::Response as Reply;
use crate::shutdown::Shutdown;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long an answer may lie in our buffers because its client reads nothing.
#[cfg(target_os = "linux")]
const UNREAD_PATIENCE: Duration = Duration::from_secs(15);

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
        Self {
            max_connections: 8_192,
            drain: Duration::from_secs(30),
        }
    }
}

/// Accepts connections and answers their requests until the shutdown begins; returns when the last request is
/// answered, or the time to drain is over. Says how many connections were then cut. `answering` makes what answers the
/// requests of one connection.
pub async fn serve<A, R, B>(
    listener: TcpListener,
    serving: Serving,
    shutdown: Shutdown,
    answering: impl Fn() -> A,
) -> usize
where
    A: Fn(Request<Body>, SocketAddr) -> R + Send + Sync + 'static,
    R: Future<Output = Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static,
{
    let protocols = Arc::new(connection::protocols());
    let room = Arc::new(Semaphore::new(serving.max_connections));
    let mut connections = JoinSet::new();
    let mut closing = pin!(async {
        shutdown.begun().await;
        tokio::time::sleep(connection::LAST_CALL).await;
    });
    let begin = |(stream, peer), place| {
        let (protocols, answer, shutdown) = (Arc::clone(&protocols), answering(), shutdown.clone());
        async move {
            connection::run(&protocols, (stream, peer), answer, shutdown).await;
            drop(place);
        }
    };
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await.ok()?;
            Some((accept(&listener).await, place))
        };
        let Some((accepted, place)) = (tokio::select! {
            next = next => next,
            () = closing.as_mut() => None,
        }) else {
            break;
        };
        connections.spawn(begin(accepted, place));
        while connections.try_join_next().is_some() {}
    }
    for accepted in left(listener) {
        if let Ok(place) = Arc::clone(&room).try_acquire_owned() {
            connections.spawn(begin(accepted, place));
        }
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(serving.drain, drained).await;
    connections.len()
}

/// The next connection. Out of files or memory is waited for, since connections end by themselves.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tune(&stream);
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

/// Closes a listener; answers the connections that the system had taken for it, which closing would reset.
fn left(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let mut left = Vec::new();
    let Ok(listener) = listener.into_std() else {
        return left;
    };
    while let Ok((stream, peer)) = listener.accept() {
        if stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            tune(&stream);
            left.push((stream, peer));
        }
    }
    left
}

/// Sets what can be set; a connection serves without it too.
fn tune(stream: &TcpStream) {
    // Answers are small and whole; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    // A client that asks and never reads its answers would otherwise hold its connection for ever.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_PATIENCE));
}

/// Whether only the connection that was being accepted is lost.
fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

impl App {
    /// Serves this app until its shutdown begins and its requests are answered; see [`serve`].
    pub async fn serve(self: &Arc<Self>, listener: TcpListener, serving: Serving) -> usize {
        let answering = || {
            // A request holds the app by its connection's own count: one count for all would be passed between the
            // processors at every request.
            let app = Arc::new(Arc::clone(self));
            move |request: Request<Body>, peer: SocketAddr| {
                let app = Arc::clone(&app);
                let (arrived, body) = app.arrive(request, peer.ip());
                async move { Reply::from(app.answer_to(arrived, body).await) }
            }
        };
        serve(listener, serving, self.shutdown.clone(), answering).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";

    /// A listener whose answers wait for `gate`, which is open for `GET /` at once.
    async fn started(
        shutdown: &Shutdown,
        gate: &Arc<Notify>,
        begun: &Arc<Notify>,
    ) -> (SocketAddr, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, gate, begun) = (
            listener.local_addr().unwrap(),
            Arc::clone(gate),
            Arc::clone(begun),
        );
        let answer = move |request: Request<Body>, _| {
            let (gate, begun) = (Arc::clone(&gate), Arc::clone(&begun));
            async move {
                if request.uri().path() == "/gated" {
                    begun.notify_one();
                    gate.notified().await;
                }
                Response::new(Body::from("done"))
            }
        };
        let (serving, answering) = (Serving::default(), move || answer.clone());
        (
            address,
            tokio::spawn(serve(listener, serving, shutdown.clone(), answering)),
        )
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    #[tokio::test]
    async fn a_connection_serves_many_requests() {
        let (address, _serving) = started(&Shutdown::new(), &Arc::default(), &Arc::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..3 {
            assert!(ask(&mut stream).await.ends_with("done"));
        }
    }

    /// Asks with a body of which only a part is sent, if any; the answer does not look at it.
    async fn post(stream: &mut TcpStream, head: &str, sent: &str) {
        let request = format!("POST / HTTP/1.1\r\nHost: here\r\n{head}\r\n\r\n{sent}");
        stream.write_all(request.as_bytes()).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_goes_on_after_an_answer_that_did_not_wait_for_the_body() {
        let (address, _serving) = started(&Shutdown::new(), &Arc::default(), &Arc::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for (head, sent, rest) in [
            ("Content-Length: 12", "", r#"{"name":"x"}"#),
            ("Content-Length: 12", r#"{"name""#, r#":"x"}"#),
            ("Transfer-Encoding: chunked", "3\r\nabc\r\n", "0\r\n\r\n"),
        ] {
            post(&mut stream, head, sent).await;
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
            stream.write_all(rest.as_bytes()).await.unwrap();
            let mut answer = vec![0; 4096];
            let length = stream.read(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer[..length]);
            assert!(
                answer.ends_with("done") && !answer.contains("connection: close"),
                "{answer}"
            );
            assert!(ask(&mut stream).await.ends_with("done"), "{head}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_said_to_be_the_last_where_the_body_is_too_long_to_read_or_does_not_come() {
        let (address, _serving) = started(&Shutdown::new(), &Arc::default(), &Arc::default()).await;
        for head in [
            "Content-Length: 65537",
            "Content-Length: 12",
            "Transfer-Encoding: chunked",
            "Content-Length: 12\r\nExpect: 100-continue",
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            post(&mut stream, head, "").await;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"),
                "{answer}"
            );
        }
    }

    #[tokio::test]
    async fn a_shutdown_finishes_what_is_under_way_and_takes_nothing_new() {
        let (shutdown, gate, begun) = (Shutdown::new(), Arc::default(), Arc::default());
        let (address, serving) = started(&shutdown, &gate, &begun).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut idle).await.ends_with("done"));
        let mut working = TcpStream::connect(address).await.unwrap();
        working
            .write_all(b"GET /gated HTTP/1.1\r\nHost: here\r\n\r\n")
            .await
            .unwrap();
        begun.notified().await;

        shutdown.begin();
        let mut late = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut late).await.ends_with("done"), "at the last call");
        assert_eq!(
            idle.read(&mut [0; 16]).await.unwrap(),
            0,
            "an idle connection is closed"
        );
        let shut = async { while TcpStream::connect(address).await.is_ok() {} };
        let shut = tokio::time::timeout(Duration::from_secs(5), shut).await;
        assert!(shut.is_ok(), "somebody still listens");
        gate.notify_one();
        let mut answer = String::new();
        working.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
            "{answer}"
        );
        assert_eq!(serving.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn rl26_once_a_shutdown_is_announced_each_answer_ends_its_connection_and_others_are_taken() {
        let shutdown = Shutdown::new();
        let (address, _serving) = started(&shutdown, &Arc::default(), &Arc::default()).await;
        let mut kept = TcpStream::connect(address).await.unwrap();
        assert!(!ask(&mut kept).await.contains("connection: close"));
        shutdown.announce();
        for mut stream in [kept, TcpStream::connect(address).await.unwrap()] {
            let answer = ask(&mut stream).await;
            assert!(
                answer.contains("connection: close") && answer.ends_with("done"),
                "{answer}"
            );
            assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn rl26_a_request_that_meets_the_shutdown_on_a_kept_connection_is_answered() {
        let shutdown = Shutdown::new();
        let (address, serving) = started(&shutdown, &Arc::default(), &Arc::default()).await;
        let mut kept = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut kept).await.ends_with("done"));
        shutdown.begin();
        // Those who serve the connection learn of it before the request arrives.
        tokio::task::yield_now().await;
        let answer = ask(&mut kept).await;
        assert!(
            answer.contains("connection: close") && answer.ends_with("done"),
            "{answer}"
        );
        assert_eq!(serving.await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn rl26_connections_that_nobody_has_taken_yet_when_the_listener_closes_are_served() {
        let shutdown = Shutdown::new();
        let (address, serving) = started(&shutdown, &Arc::default(), &Arc::default()).await;
        tokio::task::yield_now().await;
        shutdown.begin();
        tokio::task::yield_now().await;
        // The system takes them; nothing here runs meanwhile.
        let waiting: Vec<_> = (0..32)
            .map(|_| {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                std::io::Write::write_all(&mut stream, REQUEST).unwrap();
                stream.set_nonblocking(true).unwrap();
                stream
            })
            .collect();
        tokio::time::advance(2 * connection::LAST_CALL).await;
        for stream in waiting {
            let mut answer = String::new();
            let mut stream = TcpStream::from_std(stream).unwrap();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("done"), "{answer}");
        }
        assert_eq!(serving.await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn i12_a_connection_that_says_nothing_or_half_a_head_is_closed() {
        let (address, _serving) = started(&Shutdown::new(), &Arc::default(), &Arc::default()).await;
        for beginning in [
            &b""[..],
            b"PRI * HT",
            b"GET / HTTP/1.1\r\nHost: h",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            let mut rest = Vec::new();
            // Whether the end comes as such or as a reset depends on what was left unread.
            let ended = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
            assert!(ended.is_ok(), "{beginning:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn i12_a_connection_is_waited_for_again_after_each_answer_and_not_during_one() {
        let (gate, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (address, _serving) = started(&Shutdown::new(), &gate, &begun).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_secs(8)).await;
        stream
            .write_all(b"GET /gated HTTP/1.1\r\nHost: here\r\n\r\n")
            .await
            .unwrap();
        begun.notified().await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        gate.notify_one();
        let mut answer = vec![0; 4096];
        assert!(
            stream.read(&mut answer).await.unwrap() > 0,
            "answering takes its time"
        );

        tokio::time::sleep(Duration::from_secs(8)).await;
        assert!(ask(&mut stream).await.ends_with("done"));
        let asked = tokio::time::Instant::now();
        assert_eq!(stream.read(&mut answer).await.unwrap(), 0);
        let waited = asked.elapsed();
        assert!(
            waited > Duration::from_secs(9) && waited < Duration::from_secs(12),
            "{waited:?}"
        );
    }

    #[tokio::test]
    async fn a_shutdown_that_cannot_drain_cuts_and_says_how_many() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown, begun) = (
            listener.local_addr().unwrap(),
            Shutdown::new(),
            Arc::new(Notify::new()),
        );
        let noting = Arc::clone(&begun);
        let answer = move |_: Request<Body>, _| {
            noting.notify_one();
            std::future::pending::<Response<Body>>()
        };
        // Nor does it wait for a place, of which there is none left.
        let bounds = Serving {
            max_connections: 1,
            drain: Duration::ZERO,
        };
        let answering = move || answer.clone();
        let serving = tokio::spawn(serve(listener, bounds, shutdown.clone(), answering));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        begun.notified().await;
        shutdown.begin();
        assert_eq!(serving.await.unwrap(), 1);
    }
}
