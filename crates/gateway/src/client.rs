//! Connections to upstreams.

use axum::body::Body;
use http::uri::Scheme;
use http::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::OnceLock;
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an unused connection is kept. Servers close theirs after five seconds and more; a request that cannot be
/// sent twice must not meet one that is being closed.
const IDLE: Duration = Duration::from_secs(4);

/// Most unused connections that are kept to one upstream.
const IDLE_CONNECTIONS: usize = 256;

/// Whom connections are found dead by, where nothing moves.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The two ways to an upstream, each with its connections.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    plain: OnceLock<Client<HttpConnector, Body>>,
    /// Made when it is first needed: the system's certificates take a while to read.
    secure: OnceLock<Option<Client<HttpsConnector<HttpConnector>, Body>>>,
}

impl Clients {
    /// Sends a request; nothing when this system has no certificates to judge an upstream by.
    pub(crate) fn send(&self, request: Request<Body>) -> Option<ResponseFuture> {
        if is_secure(request.uri()) {
            let secure = self.secure.get_or_init(secure).as_ref()?;
            return Some(secure.request(request));
        }
        let plain = self.plain.get_or_init(|| builder().build(connector()));
        Some(plain.request(request))
    }
}

fn is_secure(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        // The head has it already.
        .set_host(false);
    builder
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_keepalive(Some(KEEPALIVE));
    connector.enforce_http(false);
    connector
}

fn secure() -> Option<Client<HttpsConnector<HttpConnector>, Body>> {
    let roots = HttpsConnectorBuilder::new().with_native_roots();
    let roots = roots
        .inspect_err(|error| tracing::error!(%error, "there are no certificates to judge https upstreams by"))
        .ok()?;
    Some(builder().build(roots.https_only().enable_http1().wrap_connector(connector())))
}
