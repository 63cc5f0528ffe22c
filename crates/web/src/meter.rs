//! What is counted of requests. No id, address or path as the client typed it is ever a label.

use crate::endpoint::Endpoint;
use http::StatusCode;
use metrics::{Counter, Histogram, counter, histogram};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The statuses that have a counter at hand; the rest are rare and looked up.
const COMMON: [u16; 14] = [
    200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 429, 503,
];

/// Counts the requests of one route. The recorder is looked up once per series, not once per request.
#[derive(Default)]
pub(crate) struct Meter {
    durations: OnceLock<Histogram>,
    counts: [OnceLock<Counter>; COMMON.len()],
}

impl Meter {
    /// Counts an answered request.
    pub(crate) fn count(
        &self,
        dialect: &'static str,
        endpoint: Endpoint,
        status: StatusCode,
        took: Duration,
    ) {
        let count = || {
            let (name, status) = ("vestibule_http_requests_total", status.as_str().to_owned());
            counter!(name, "dialect" => dialect, "endpoint" => endpoint.as_str(), "status" => status)
        };
        let common = COMMON.iter().position(|common| *common == status.as_u16());
        match common.and_then(|common| self.counts.get(common)) {
            Some(counter) => counter.get_or_init(count).increment(1),
            None => count().increment(1),
        }
        let durations = || {
            let name = "vestibule_http_request_duration_seconds";
            histogram!(name, "dialect" => dialect, "endpoint" => endpoint.as_str())
        };
        self.durations.get_or_init(durations).record(took);
    }
}

/// Requests that are being answered.
#[derive(Default)]
pub(crate) struct InFlight(AtomicUsize);

/// One of them, until it is dropped.
pub(crate) struct Flight<'a>(&'a InFlight);

impl InFlight {
    pub(crate) fn begin(&self) -> Flight<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Flight(self)
    }

    /// How many there are.
    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
