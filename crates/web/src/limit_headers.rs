//! Budgets as a client sees them.

use crate::header_text::HeaderText;
use crate::limit::{Rate, Shown};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use vestibule_model::Timestamp;
use vestibule_model::budget::Standing;

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
    add_policy(headers, style, shown.standing.rate);
    tell_standing(style, &shown.standing, arrived, |name, value| {
        headers.insert(name, value);
    });
}

/// Adds the header that names the budget.
pub(crate) fn add_policy(headers: &mut HeaderMap, style: LimitHeaders, rate: Rate) {
    let (limit, window) = (rate.requests, seconds(rate.window));
    let mut policy = HeaderText::new();
    match style.standard {
        None => return,
        Some(Draft::Six | Draft::Seven) => {}
        Some(Draft::Eight) => {
            policy.text(&named(rate)).text(";q=");
        }
    }
    headers.insert(POLICY, value(policy.number(limit).text(";w=").number(window)));
}

/// Tells what is left of the budget: in one style always the same headers in the same order.
pub(crate) fn tell_standing(
    style: LimitHeaders,
    standing: &Standing,
    arrived: impl FnOnce() -> Timestamp,
    mut tell: impl FnMut(HeaderName, HeaderValue),
) {
    let (limit, remaining, reset) = (
        standing.rate.requests,
        standing.remaining,
        seconds(standing.reset),
    );
    match style.standard {
        None => {}
        Some(Draft::Six) => {
            tell(LIMIT, limit.into());
            tell(REMAINING, remaining.into());
            tell(RESET, reset.into());
        }
        Some(Draft::Seven) => {
            let mut left = HeaderText::new();
            left.text("limit=").number(limit);
            left.text(", remaining=").number(remaining);
            tell(RATE_LIMIT, value(left.text(", reset=").number(reset)));
        }
        Some(Draft::Eight) => {
            let mut left = HeaderText::new();
            left.text(&named(standing.rate));
            left.text(";r=").number(remaining);
            tell(RATE_LIMIT, value(left.text(";t=").number(reset)));
        }
    }
    if style.legacy {
        let reset = arrived().plus(standing.reset).micros();
        tell(X_LIMIT, limit.into());
        tell(X_REMAINING, remaining.into());
        tell(X_RESET, (-(-reset).div_euclid(1_000_000)).into());
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

/// What is written here is short and printable, so there is always a value.
fn value(text: &HeaderText) -> HeaderValue {
    text.value().unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;
