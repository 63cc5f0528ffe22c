//! Figures for Prometheus, on a listener of their own.

use super::ready::Readiness;
use super::{OpenError, url};
use crate::config::{Config, Profile};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing_appender::non_blocking::ErrorCounter;
use vestibule_ops::Core;
use vestibule_store::Health;
use vestibule_web::{App, Serving, Shutdown};

/// The port that `dev` prefers.
const DEV_PORT: u16 = 7374;
/// Seconds into which durations are sorted.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];
/// How often samples are sorted into their buckets, so that they do not pile up between two scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// A scraper or two, and no requests that take long.
const SERVING: Serving = Serving {
    max_connections: 16,
    drain: Duration::from_secs(1),
};

/// Where the whole process counts.
#[derive(Clone)]
pub struct Recorder {
    handle: PrometheusHandle,
    dropped_lines: Option<ErrorCounter>,
}

/// A recorder in the making.
pub struct Recording(std::thread::JoinHandle<Result<Recorder, String>>);

impl Recording {
    /// The recorder, once it counts.
    pub fn ready(self) -> Result<Recorder, String> {
        self.0
            .join()
            .unwrap_or_else(|_| Err("the thread that was to begin to count panicked".into()))
    }
}

impl Recorder {
    /// Begins to count, once per process. `dropped_lines` is the count that the logs keep. On a thread, because the
    /// recorder first measures the processor's clock, which takes 8 ms, and the database is opened meanwhile.
    pub fn install(dropped_lines: Option<ErrorCounter>) -> Recording {
        Recording(std::thread::spawn(|| {
            let built = PrometheusBuilder::new()
                .set_buckets(&BUCKETS)
                .map_err(|error| error.to_string())?;
            let recorder = built.build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder)
                .map_err(|error| format!("cannot begin to count: {error}"))?;
            Ok(Self {
                handle,
                dropped_lines,
            })
        }))
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for charts")]
    fn render(&self, core: &Core, app: &App) -> String {
        gauge!("vestibule_http_requests_in_flight").set(app.in_flight() as f64);
        let pool = core.pool.stats();
        gauge!("vestibule_hash_workers").set(pool.workers as f64);
        gauge!("vestibule_hash_workers_busy").set(pool.busy as f64);
        gauge!("vestibule_hash_queue").set(pool.queued as f64);
        counter!("vestibule_hashes_total").absolute(pool.done);
        counter!("vestibule_hashes_shed_total").absolute(pool.shed);
        gauge!("vestibule_hash_seconds").set(pool.hash_time.as_secs_f64());
        gauge!("vestibule_store_writable")
            .set(f64::from(u8::from(core.store.db.health() == Health::Writable)));
        let alone = core.budgets.as_ref().is_some_and(|carrier| !carrier.is_there());
        gauge!("vestibule_shared_budgets_degraded").set(f64::from(u8::from(alone)));
        gauge!("vestibule_cache_lease").set(f64::from(u8::from(core.store.freshness.is_proven())));
        if let Some(bytes) = resident_bytes() {
            gauge!("process_resident_memory_bytes").set(bytes as f64);
        }
        if let Some(lines) = &self.dropped_lines {
            counter!("vestibule_log_lines_dropped_total").absolute(lines.dropped_lines() as u64);
        }
        self.handle.render()
    }
}

/// A running metrics listener.
pub struct Metrics {
    /// Where the figures are.
    pub url: String,
    stop: Shutdown,
    tasks: JoinSet<()>,
}

impl Metrics {
    /// Serves `/metrics` and `/ready` where the configuration says; under `dev` somewhere on loopback.
    pub async fn start(
        recorder: Recorder,
        config: &Config,
        profile: Profile,
        readiness: Readiness,
        app: Arc<App>,
    ) -> Result<Option<Self>, OpenError> {
        let Some(listener) = listener(config, profile).await? else {
            return Ok(None);
        };
        let address = listener
            .local_addr()
            .map_err(OpenError::system("learn the address of the metrics listener"))?;
        let (stop, mut tasks) = (Shutdown::new(), JoinSet::new());
        let (stopped, handle) = (stop.clone(), recorder.handle.clone());
        tasks.spawn(async move {
            let answering = || {
                let known = (recorder.clone(), readiness.clone(), Arc::clone(&app));
                move |request, _| answer(request, known.clone())
            };
            vestibule_web::serve(listener, SERVING, stopped, answering).await;
        });
        let stopped = stop.clone();
        tasks.spawn(async move {
            while super::background::pause(UPKEEP, &stopped).await {
                // Under load it takes milliseconds, which no request should wait for.
                let handle = handle.clone();
                let _ = tokio::task::spawn_blocking(move || handle.run_upkeep()).await;
            }
        });
        Ok(Some(Self {
            url: format!("{}/metrics", url(address)),
            stop,
            tasks,
        }))
    }

    /// Stops listening.
    pub async fn stop(mut self) {
        self.stop.begin();
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn answer(
    request: Request<Body>,
    (recorder, readiness, app): (Recorder, Readiness, Arc<App>),
) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => (
            [(CONTENT_TYPE, "text/plain; version=0.0.4")],
            recorder.render(&readiness.core, &app),
        )
            .into_response(),
        (&Method::GET | &Method::HEAD, "/ready") => readiness.answer().await,
        (_, "/metrics" | "/ready") => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn listener(config: &Config, profile: Profile) -> Result<Option<TcpListener>, OpenError> {
    if let Some(address) = config.metrics.listen {
        let bound = TcpListener::bind(address).await;
        return bound.map(Some).map_err(OpenError::system(format!(
            "listen on {address} for metrics (metrics.listen)"
        )));
    }
    if profile == Profile::Production {
        return Ok(None);
    }
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(on(DEV_PORT)).await {
        Ok(listener) => Ok(Some(listener)),
        Err(_) => TcpListener::bind(on(0))
            .await
            .map(Some)
            .map_err(OpenError::system("listen on loopback for metrics")),
    }
}

/// Memory of this process that is in use.
pub fn resident_bytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")
        .ok()?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}
