//! Each style to the letter.

use super::*;
use crate::limit::{Budget, Limits, OwnBudget, Rates};
use crate::sample::{self, Zero};

/// The headers after one of these requests, at ten and three quarters past the epoch.
fn headers(style: LimitHeaders, rate: Rate) -> Vec<(String, String)> {
    let limits = Limits::new(Rates::default(), &Zero);
    let own = OwnBudget::new(&[], rate);
    let client = sample::client("192.0.2.1");
    let shown = limits.charge(Some(&own), Budget::Default, client, Duration::ZERO);
    let mut headers = HeaderMap::new();
    add(&mut headers, style, &shown, || Timestamp::from_micros(10_750_000));
    let mut pairs: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    pairs.sort();
    pairs
}

const TEN: Rate = Rate {
    requests: 10,
    window: Duration::from_secs(5),
};

fn told(standard: Option<Draft>, legacy: bool) -> Vec<(String, String)> {
    headers(LimitHeaders { standard, legacy }, TEN)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn l16_each_style_shows_the_budget_in_its_own_words() {
    assert_eq!(
        told(Some(Draft::Six), false),
        pairs(&[
            ("ratelimit-limit", "10"),
            ("ratelimit-policy", "10;w=5"),
            ("ratelimit-remaining", "9"),
            ("ratelimit-reset", "5"),
        ])
    );
    assert_eq!(
        told(Some(Draft::Seven), false),
        pairs(&[
            ("ratelimit", "limit=10, remaining=9, reset=5"),
            ("ratelimit-policy", "10;w=5"),
        ])
    );
    assert_eq!(
        told(Some(Draft::Eight), false),
        pairs(&[
            ("ratelimit", r#""10-in-5sec";r=9;t=5"#),
            ("ratelimit-policy", r#""10-in-5sec";q=10;w=5"#),
        ])
    );
    assert_eq!(told(None, false), []);
}

#[test]
fn legacy_headers_stand_beside_the_others_or_alone_and_name_a_moment_that_is_not_too_early() {
    let legacy = [
        ("x-ratelimit-limit", "10"),
        ("x-ratelimit-remaining", "9"),
        ("x-ratelimit-reset", "16"),
    ];
    assert_eq!(told(None, true), pairs(&legacy));
    let mut both = pairs(&[
        ("ratelimit", "limit=10, remaining=9, reset=5"),
        ("ratelimit-policy", "10;w=5"),
    ]);
    both.extend(pairs(&legacy));
    assert_eq!(told(Some(Draft::Seven), true), both);
}

#[test]
fn every_header_that_is_shown_is_described() {
    for standard in [None, Some(Draft::Six), Some(Draft::Seven), Some(Draft::Eight)] {
        for legacy in [false, true] {
            let style = LimitHeaders { standard, legacy };
            let mut described: Vec<_> = style
                .described()
                .map(|(name, _)| name.to_ascii_lowercase())
                .collect();
            described.sort();
            let shown: Vec<_> = headers(style, TEN).into_iter().map(|(name, _)| name).collect();
            assert_eq!(described, shown, "{style:?}");
        }
    }
}

#[test]
fn windows_are_named_and_rounded_up() {
    let style = LimitHeaders {
        standard: Some(Draft::Eight),
        legacy: false,
    };
    for (millis, name, width) in [
        (1_500, "10-in-1.5sec", 2),
        (60_000, "10-in-1min", 60),
        (90_000, "10-in-1.5min", 90),
        (3_600_000, "10-in-1hr", 3_600),
        (7_200_000, "10-in-2hrs", 7_200),
        (86_400_000, "10-in-1day", 86_400),
    ] {
        let window = Duration::from_millis(millis);
        let (_, policy) = headers(style, Rate { window, ..TEN }).swap_remove(1);
        assert_eq!(policy, format!("\"{name}\";q=10;w={width}"));
    }
}
