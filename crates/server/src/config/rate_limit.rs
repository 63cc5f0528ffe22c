//! What an instance sets of the budgets that a dialect has for itself.

use super::check::{Finding, error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;
use vestibule_web::{Dialect, Draft, LimitHeaders, Rate};

/// Fewer would lock everybody out, more would limit nobody.
const LIMITS: RangeInclusive<u32> = 1..=1_000_000;

/// From a second, the unit of the headers, to a day.
const WINDOWS: RangeInclusive<u64> = 1_000..=86_400_000;

/// `[arkos.rate_limit]`: a dialect's first budget and how it shows all of them. Unset values are the dialect's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// How many requests within the window; up to 12 are counted exactly, more by tenths of the window.
    pub limit: Option<u32>,
    /// The window in milliseconds, from a second to a day.
    pub window_ms: Option<u64>,
    /// The draft of the IETF whose headers show the budgets.
    pub standard_headers: Option<StandardHeaders>,
    /// Whether `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` show them.
    pub legacy_headers: Option<bool>,
}

/// A draft of draft-ietf-httpapi-ratelimit-headers, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StandardHeaders {
    #[serde(rename = "draft-6")]
    Draft6,
    #[serde(rename = "draft-7")]
    Draft7,
    #[serde(rename = "draft-8")]
    Draft8,
    #[serde(rename = "none")]
    None,
}

impl RateLimit {
    /// What a dialect with budgets of its own has unless something is set.
    pub fn of(dialect: &Dialect) -> Option<Self> {
        let rate = dialect.own_budgets.first()?.rate;
        Some(Self {
            limit: Some(rate.requests),
            window_ms: u64::try_from(rate.window.as_millis()).ok(),
            standard_headers: Some(dialect.limit_headers.standard.into()),
            legacy_headers: Some(dialect.limit_headers.legacy),
        })
    }

    /// The dialect as it is limited and shown with what is set here.
    pub fn applied(&self, mut dialect: Dialect) -> Dialect {
        if let Some(first) = dialect.own_budgets.first_mut() {
            first.rate = Rate {
                requests: self.limit.unwrap_or(first.rate.requests),
                window: self.window_ms.map_or(first.rate.window, Duration::from_millis),
            };
            dialect.limit_headers = LimitHeaders {
                standard: self
                    .standard_headers
                    .map_or(dialect.limit_headers.standard, Into::into),
                legacy: self.legacy_headers.unwrap_or(dialect.limit_headers.legacy),
            };
        }
        dialect
    }

    /// What cannot be meant.
    pub fn findings(&self, dialect: Dialect) -> Vec<Finding> {
        let table = format!("{}.rate_limit", dialect.door.name);
        let headers = self.applied(dialect).limit_headers;
        let wrong = [
            (
                self.limit.is_some_and(|limit| !LIMITS.contains(&limit)),
                "limit",
                "must be from 1 to 1000000: it cannot be switched off",
            ),
            (
                self.window_ms.is_some_and(|window| !WINDOWS.contains(&window)),
                "window_ms",
                "must be from 1000 to 86400000: a second to a day",
            ),
            (
                headers.standard.is_none() && !headers.legacy,
                "standard_headers",
                "is \"none\" while legacy_headers is false: clients could not see their budget",
            ),
        ];
        let found = wrong.into_iter().filter(|(wrong, ..)| *wrong);
        found
            .map(|(_, field, message)| error(&format!("{table}.{field}"), message))
            .collect()
    }
}

impl From<Option<Draft>> for StandardHeaders {
    fn from(draft: Option<Draft>) -> Self {
        match draft {
            Some(Draft::Six) => Self::Draft6,
            Some(Draft::Seven) => Self::Draft7,
            Some(Draft::Eight) => Self::Draft8,
            None => Self::None,
        }
    }
}

impl From<StandardHeaders> for Option<Draft> {
    fn from(headers: StandardHeaders) -> Self {
        match headers {
            StandardHeaders::Draft6 => Some(Draft::Six),
            StandardHeaders::Draft7 => Some(Draft::Seven),
            StandardHeaders::Draft8 => Some(Draft::Eight),
            StandardHeaders::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_web::OwnBudget;

    /// The Rakomi API, had it budgets of its own.
    fn limited() -> Dialect {
        let ten = Rate {
            requests: 10,
            window: Duration::from_secs(5),
        };
        let own_budgets = vec![
            OwnBudget::new(&["/v1/auth"], ten),
            OwnBudget::new(&[], Rate::per_minute(300)),
        ];
        Dialect {
            own_budgets,
            ..vestibule_rakomi::dialect()
        }
    }

    fn wrong(set: RateLimit) -> Vec<String> {
        let found = set.findings(limited());
        found.into_iter().map(|finding| finding.subject).collect()
    }

    #[test]
    fn what_is_unset_is_the_dialects_own() {
        let own = RateLimit::of(&limited()).unwrap();
        assert_eq!(
            (own.limit, own.window_ms, own.standard_headers, own.legacy_headers),
            (Some(10), Some(5_000), Some(StandardHeaders::Draft7), Some(false))
        );
        for set in [RateLimit::default(), own] {
            assert_eq!(wrong(set), [""; 0]);
            assert_eq!(RateLimit::of(&set.applied(limited())), Some(own));
        }
        assert_eq!(RateLimit::of(&vestibule_rakomi::dialect()), None);
    }

    #[test]
    fn what_is_set_changes_the_first_budget_and_the_headers_of_all() {
        let set = RateLimit {
            limit: Some(20),
            window_ms: Some(1_500),
            standard_headers: Some(StandardHeaders::Draft8),
            legacy_headers: Some(true),
        };
        let dialect = set.applied(limited());
        assert_eq!(RateLimit::of(&dialect), Some(set));
        assert_eq!(dialect.own_budgets[1].rate, Rate::per_minute(300));
    }

    #[test]
    fn nonsense_is_named() {
        let none = RateLimit::default;
        for limit in [0, 1_000_001] {
            let limit = Some(limit);
            assert_eq!(wrong(RateLimit { limit, ..none() }), ["rakomi.rate_limit.limit"]);
        }
        for window in [0, 999, 86_400_001, u64::MAX] {
            let window_ms = Some(window);
            assert_eq!(
                wrong(RateLimit { window_ms, ..none() }),
                ["rakomi.rate_limit.window_ms"]
            );
        }
        let mut hidden = none();
        hidden.standard_headers = Some(StandardHeaders::None);
        assert_eq!(wrong(hidden), ["rakomi.rate_limit.standard_headers"]);
        hidden.legacy_headers = Some(true);
        assert_eq!(wrong(hidden), [""; 0]);
    }
}
