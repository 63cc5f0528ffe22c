//! Budgets as a client sees them.

use crate::limit::{Rate, Shown};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::{self, Write as _};
use std::time::Duration;
use vestibule_model::Timestamp;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The headers in which a dialect shows its budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitHeaders {
    /// Those of a draft of the IETF.
    pub standard: Option<Draft>,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` in Unix seconds.
    pub legacy: bool,
}

/// A draft of draft-ietf-httpapi-ratelimit-headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// The sixth: `RateLimit-Policy`, `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`.
    Six,
    /// The seventh: `RateLimit-Policy` and `RateLimit: limit=…, remaining=…, reset=…`.
    Seven,
    /// The eighth: `RateLimit-Policy: "name";q=…;w=…` and `RateLimit: "name";r=…;t=…`.
    Eight,
}

impl LimitHeaders {
    /// Those of the seventh draft alone.
    pub const DRAFT_7: Self = Self {
        standard: Some(Draft::Seven),
        legacy: false,
    };

    /// `X-RateLimit-*` alone.
    pub const LEGACY: Self = Self {
        standard: None,
        legacy: true,
    };

    /// The names of the headers and what they say, for documentation.
    pub(crate) fn described(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let standard: &[_] = match self.standard {
            None => &[],
            Some(Draft::Six) => &[
                ("RateLimit-Policy", "The budget: requests;w=seconds"),
                ("RateLimit-Limit", "How many requests the budget has"),
                ("RateLimit-Remaining", "What is left of the budget"),
                ("RateLimit-Reset", "Seconds until there is more"),
            ],
            Some(Draft::Seven) => &[
                ("RateLimit-Policy", "The budget: requests;w=seconds"),
                ("RateLimit", "What is left of the budget"),
            ],
            Some(Draft::Eight) => &[
                ("RateLimit-Policy", "The budget: \"name\";q=requests;w=seconds"),
                (
                    "RateLimit",
                    "What is left of the budget: \"name\";r=requests;t=seconds",
                ),
            ],
        };
        let legacy: &[_] = if self.legacy {
            &[
                ("X-RateLimit-Limit", "How many requests the budget has"),
                ("X-RateLimit-Remaining", "What is left of the budget"),
                ("X-RateLimit-Reset", "When there is more, in Unix seconds"),
            ]
        } else {
            &[]
        };
        standard.iter().chain(legacy).copied()
    }
}

/// Adds the headers that show where the client stands, whose request `arrived` then.
pub(crate) fn add(
    headers: &mut HeaderMap,
    style: LimitHeaders,
    shown: &Shown,
    arrived: impl FnOnce() -> Timestamp,
) {
    let (rate, remaining) = (shown.standing.rate, shown.standing.remaining);
    let (limit, window, reset) = (rate.requests, seconds(rate.window), seconds(shown.standing.reset));
    match style.standard {
        None => {}
        Some(Draft::Six) => {
            insert(headers, POLICY, format_args!("{limit};w={window}"));
            headers.insert(LIMIT, limit.into());
            headers.insert(REMAINING, remaining.into());
            headers.insert(RESET, reset.into());
        }
        Some(Draft::Seven) => {
            insert(headers, POLICY, format_args!("{limit};w={window}"));
            let left = format_args!("limit={limit}, remaining={remaining}, reset={reset}");
            insert(headers, RATE_LIMIT, left);
        }
        Some(Draft::Eight) => {
            let name = Named(rate);
            insert(headers, POLICY, format_args!("\"{name}\";q={limit};w={window}"));
            insert(
                headers,
                RATE_LIMIT,
                format_args!("\"{name}\";r={remaining};t={reset}"),
            );
        }
    }
    if style.legacy {
        let reset = arrived().plus(shown.standing.reset).micros();
        headers.insert(X_LIMIT, limit.into());
        headers.insert(X_REMAINING, remaining.into());
        headers.insert(X_RESET, (-(-reset).div_euclid(1_000_000)).into());
    }
}

/// Whole seconds that are not too few: `Retry-After` and `reset`.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// The name that the npm package `express-rate-limit` gives a budget: `10-in-5sec`.
struct Named(Rate);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.window.as_secs_f64();
        let (minutes, hours, days) = (seconds / 60.0, seconds / 3_600.0, seconds / 86_400.0);
        let plural = |number: f64| if number > 1.0 { "s" } else { "" };
        write!(f, "{}-in-", self.0.requests)?;
        if seconds < 60.0 {
            write!(f, "{seconds}sec")
        } else if minutes < 60.0 {
            write!(f, "{minutes}min")
        } else if hours < 24.0 {
            write!(f, "{hours}hr{}", plural(hours))
        } else {
            write!(f, "{days}day{}", plural(days))
        }
    }
}

/// Where a value is written before it is allocated, once and in its size.
struct Text {
    bytes: [u8; 128],
    length: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: fmt::Arguments<'_>) {
    let (bytes, length) = ([0; 128], 0);
    let mut text = Text { bytes, length };
    let written = text.write_fmt(value).ok();
    let bytes = written.and_then(|()| text.bytes.get(..text.length));
    if let Some(Ok(value)) = bytes.map(HeaderValue::from_bytes) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
