//! Budgets as a client sees them.

use crate::dialect::LimitHeaders;
use crate::limit::Shown;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Adds the headers that show where the client stands.
pub(crate) fn add(headers: &mut HeaderMap, style: LimitHeaders, shown: &Shown) {
    let standing = &shown.standing;
    let (limit, remaining, reset) = (
        standing.rate.requests,
        standing.remaining,
        seconds(standing.reset),
    );
    match style {
        LimitHeaders::Draft7 => {
            insert(
                headers,
                RATE_LIMIT_POLICY,
                format!("{limit};w={}", standing.rate.window.as_secs()),
            );
            insert(
                headers,
                RATE_LIMIT,
                format!("limit={limit}, remaining={remaining}, reset={reset}"),
            );
        }
    }
}

/// Whole seconds that are not too few: `Retry-After` and `reset`.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(text)) {
        headers.insert(name, value);
    }
}
