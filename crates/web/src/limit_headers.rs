//! Budgets as a client sees them.

use crate::header_text::HeaderText;
use crate::limit::{Rate, Shown};
use http::{HeaderMap, HeaderName};
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
            insert(headers, POLICY, &policy(limit, window));
            headers.insert(LIMIT, limit.into());
            headers.insert(REMAINING, remaining.into());
            headers.insert(RESET, reset.into());
        }
        Some(Draft::Seven) => {
            insert(headers, POLICY, &policy(limit, window));
            let left = HeaderText::new().text("limit=").number(limit);
            let left = left.text(", remaining=").number(remaining);
            insert(headers, RATE_LIMIT, &left.text(", reset=").number(reset));
        }
        Some(Draft::Eight) => {
            let named = named(rate);
            let policy = HeaderText::new().text(&named).text(";q=").number(limit);
            insert(headers, POLICY, &policy.text(";w=").number(window));
            let left = HeaderText::new().text(&named).text(";r=").number(remaining);
            insert(headers, RATE_LIMIT, &left.text(";t=").number(reset));
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

/// The name that the npm package `express-rate-limit` gives a budget, quoted: `"10-in-5sec"`.
fn named(rate: Rate) -> String {
    let seconds = rate.window.as_secs_f64();
    let (minutes, hours, days) = (seconds / 60.0, seconds / 3_600.0, seconds / 86_400.0);
    let plural = |number: f64| if number > 1.0 { "s" } else { "" };
    let window = if seconds < 60.0 {
        format!("{seconds}sec")
    } else if minutes < 60.0 {
        format!("{minutes}min")
    } else if hours < 24.0 {
        format!("{hours}hr{}", plural(hours))
    } else {
        format!("{days}day{}", plural(days))
    };
    format!("\"{}-in-{window}\"", rate.requests)
}

/// The budget as drafts six and seven write it.
fn policy(limit: u32, window: u64) -> HeaderText {
    HeaderText::new().number(limit).text(";w=").number(window)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &HeaderText) {
    if let Some(value) = text.value() {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
