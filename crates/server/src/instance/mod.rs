//! A running server, in one value: what `dev`, `serve` and the test kit start alike.

mod background;
mod gateway;
pub mod keys;
mod metrics;
mod open;
pub mod post;
mod ready;

pub use metrics::{Metrics, Recorder, Recording};
pub use open::{OpenError, Setup, database, exposed_files, open, refuse_half_moved};

use crate::config::{Config, Limits, Profile};
use crate::data::Folder;
use crate::pages::{self, PagesState};
use background::Background;
use ready::Readiness;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use vestibule_ops::Core;
use vestibule_web::{App, Gateway, Rate, Rates, Serving, Shutdown};

/// What a server is started with.
pub struct Options {
    /// Its configuration.
    pub config: Config,
    /// Clock, entropy and what it may create.
    pub setup: Setup,
    /// Where it listens; unset: where the configuration says.
    pub listener: Option<TcpListener>,
    /// Where figures are counted; unset: there is no metrics listener.
    pub recorder: Option<Recording>,
}

/// A running server.
pub struct Running {
    /// Where clients reach it, without a trailing slash.
    pub base_url: String,
    /// Where it listens, as a URL: where a proxy finds it.
    pub listen_url: String,
    metrics: Option<Metrics>,
    /// What its operations work with.
    pub core: Arc<Core>,
    shutdown: Shutdown,
    grace: Duration,
    serving: JoinHandle<usize>,
    background: Background,
}

/// Opens the instance and begins to serve.
pub async fn start(options: Options) -> Result<Running, OpenError> {
    let Options {
        config,
        setup,
        listener,
        recorder,
    } = options;
    // First of all, so that a port in use leaves no trace in the data folder.
    let listener = match listener {
        Some(listener) => listener,
        None => listen(config.server.listen).await?,
    };
    let address = listener
        .local_addr()
        .map_err(OpenError::system("learn the address of the listener"))?;
    let base_url = config
        .server
        .public_url
        .as_deref()
        .map_or_else(|| url(address), |url| url.trim_end_matches('/').to_owned());
    let templates = Arc::new(post::templates(&config.mail)?);
    let transport = post::transport(&config, setup.profile)?;
    let core = open(&config, &base_url, &setup).await?;

    // Before anything that counts: what is counted without a recorder is lost.
    let recorder = recorder
        .map(Recording::ready)
        .transpose()
        .map_err(OpenError::Other)?;
    let shutdown = Shutdown::new();
    let pages = PagesState {
        core: Arc::clone(&core),
        templates: Arc::clone(&templates),
        dialects: crate::dialects::limited(&config),
        dev: setup.profile == Profile::Development,
        dev_keys: Some(Folder::of(&config).dev_keys()),
        default_environment: config.server.default_environment.into(),
    };
    let readiness = Readiness {
        core: Arc::clone(&core),
        shutdown: shutdown.clone(),
    };
    let pages = pages::router(pages).merge(readiness.clone().router());
    let app = App::new(
        Arc::clone(&core),
        web(&config, gateway::gateway(&config, setup.profile, &*core.entropy)),
        crate::dialects::limited(&config),
        pages,
        shutdown.clone(),
    );
    let app = app.map_err(|conflict| OpenError::Other(conflict.to_string()))?;
    let serving = Serving {
        max_connections: config.server.max_connections,
        drain: Duration::from_secs(config.server.drain_timeout),
    };
    let metrics = match recorder {
        Some(recorder) => {
            let app = Arc::clone(&app);
            Metrics::start(recorder, &config, setup.profile, readiness, app).await?
        }
        None => None,
    };
    Ok(Running {
        base_url,
        listen_url: url(address),
        serving: tokio::spawn(async move { app.serve(listener, serving).await }),
        background: Background::start(&core, templates, transport),
        core,
        shutdown,
        grace: Duration::from_secs(config.server.shutdown_grace),
        metrics,
    })
}

impl Running {
    /// Where Prometheus reaches its figures, if it may.
    pub fn metrics_url(&self) -> Option<&str> {
        self.metrics.as_ref().map(|metrics| metrics.url.as_str())
    }

    /// Stops in order: readiness turns false, no connection is accepted any more, running requests end, what is in
    /// memory is written, mail on its way ends, the database is closed.
    pub async fn shutdown(self) {
        self.shutdown.announce();
        tokio::time::sleep(self.grace).await;
        self.shutdown.begin();
        // A task that panicked has been logged; the others still have to end well.
        let _ = self.serving.await;
        self.background.stop().await;
        if let Some(metrics) = self.metrics {
            metrics.stop().await;
        }
        self.core.store.db.close().await;
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, OpenError> {
    TcpListener::bind(address)
        .await
        .map_err(OpenError::system(format!(
            "listen on {address} (choose another address with --listen or server.listen)"
        )))
}

/// The address as a URL; a server on all interfaces is reached at this machine's.
fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    format!("http://{address}")
}

fn web(config: &Config, gateway: Gateway) -> vestibule_web::Settings {
    vestibule_web::Settings {
        default_environment: config.server.default_environment.into(),
        trusted_proxies: config.network.trusted_proxies.clone(),
        hosts: config.network.hosts.clone(),
        rates: rates(&config.limits),
        gateway: Some(gateway),
    }
}

fn rates(limits: &Limits) -> Rates {
    Rates {
        sign_in: Rate::per_minute(limits.sign_in),
        sign_up: Rate::per_minute(limits.sign_in),
        mail: Rate::per_minute(limits.mail),
        default: Rate::per_minute(limits.other),
        conflicts: Rate {
            requests: limits.conflicts,
            window: Duration::from_hours(1),
        },
    }
}
