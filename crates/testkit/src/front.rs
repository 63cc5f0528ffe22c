//! Other ways in to the same server: behind proxies, with its pages, with one more dialect's routes, over a socket.

use crate::{Answer, Request, Server};
use http_body_util::BodyExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use vestibule_gateway::Proxy;
use vestibule_mail::Templates;
use vestibule_model::{Environment, GatewayRule};
use vestibule_server::pages::{self, PagesState};
use vestibule_web::{App, Dialect, Gateway, Rates, Serving, Settings, Shutdown};

/// A way in. It has budgets of its own and shares everything else with the server that it belongs to.
pub struct Front {
    app: Arc<App>,
    shutdown: Shutdown,
}

/// What makes a way in different from the usual one.
#[derive(Default)]
pub struct Way {
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<&'static str>,
    /// Whether the pages that mailed links lead to are served.
    pub pages: bool,
    /// Whether those of `vestibule dev` are served too.
    pub dev: bool,
    /// The dialects; none stands for all that the binary has.
    pub dialects: Vec<Dialect>,
    /// What lies behind the doors of the default project.
    pub gateway: Vec<GatewayRule>,
}

impl Server {
    /// Opens another way in.
    pub fn front(&self, way: Way) -> Front {
        let Way {
            trusted_proxies,
            pages,
            dev,
            dialects,
            gateway,
        } = way;
        let settings = Settings {
            default_environment: Environment::Live,
            trusted_proxies: trusted_proxies
                .iter()
                .map(|network| network.parse().expect("a network"))
                .collect(),
            hosts: Vec::new(),
            rates: Rates::default(),
            gateway: Some(Gateway {
                rules: gateway,
                upstreams: Arc::new(Proxy::new(7)),
            }),
        };
        let dialects = if dialects.is_empty() {
            vestibule_server::dialects::all()
        } else {
            dialects
        };
        let state = PagesState {
            core: Arc::clone(self.core()),
            templates: Arc::new(Templates::load(None).expect("the built-in templates")),
            dialects: Vec::new(),
            dev_keys: None,
            default_environment: Environment::Live,
            dev,
        };
        let pages = Some(state)
            .filter(|_| pages || dev)
            .map(pages::router)
            .unwrap_or_default();
        let shutdown = Shutdown::new();
        let app = App::new(
            Arc::clone(self.core()),
            settings,
            dialects,
            pages,
            shutdown.clone(),
        );
        Front {
            app: app.expect("routes without conflict"),
            shutdown,
        }
    }

    /// The way in of a production server, with its pages.
    pub fn with_pages(&self) -> Front {
        self.front(Way {
            pages: true,
            ..Way::default()
        })
    }
}

impl Front {
    /// Sends a request this way.
    pub async fn send(&self, request: Request<'_>) -> Answer {
        let (sent, from) = request.put_together();
        let (parts, body) = self.app.answer(sent, from).await.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// Listens on a loopback port for as long as the answer lives.
    pub async fn listen(&self) -> Wire {
        self.listen_on(TcpListener::bind("127.0.0.1:0").await.expect("a port"))
    }

    /// Listens here for as long as the answer lives.
    pub fn listen_on(&self, listener: TcpListener) -> Wire {
        let address = listener.local_addr().expect("an address");
        let app = Arc::clone(&self.app);
        tokio::spawn(async move { app.serve(listener, Serving::default()).await });
        Wire {
            address,
            shutdown: self.shutdown.clone(),
        }
    }
}

/// A listening server, to which bytes can be said that no HTTP client would send.
pub struct Wire {
    /// Where it listens.
    pub address: SocketAddr,
    shutdown: Shutdown,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shutdown.begin();
    }
}

impl Wire {
    /// Says these bytes on a new connection, and returns all that comes back until the server closes it. A server that
    /// keeps it open for five seconds fails the story.
    pub async fn say(&self, bytes: impl Into<Vec<u8>>) -> String {
        self.pour(std::iter::once(bytes.into())).await.0
    }

    /// Says piece after piece until there is no more or the server listens no more. Returns what came back, and how
    /// many bytes were taken.
    pub async fn pour(
        &self,
        pieces: impl IntoIterator<Item = Vec<u8>, IntoIter: Send + 'static>,
    ) -> (String, usize) {
        let stream = TcpStream::connect(self.address).await.expect("to connect");
        let (mut from, mut to) = stream.into_split();
        let pieces = pieces.into_iter();
        let saying = tokio::spawn(async move {
            let mut said = 0;
            for piece in pieces {
                if to.write_all(&piece).await.is_err() {
                    break;
                }
                said += piece.len();
            }
            (said, to)
        });
        let mut heard = Vec::new();
        // A reset after the answer ends the connection as well as an orderly close.
        let reading = async { while matches!(from.read_buf(&mut heard).await, Ok(read) if read > 0) {} };
        timeout(Duration::from_secs(5), reading)
            .await
            .expect("the server closes the connection");
        let said = timeout(Duration::from_secs(5), saying)
            .await
            .expect("the server takes or refuses it all");
        (
            String::from_utf8_lossy(&heard).into_owned(),
            said.expect("no panic").0,
        )
    }
}
