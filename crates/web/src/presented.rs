//! The access token of a request: from `Authorization`, or from the cookie of a dialect that has one.

use crate::bearer::Bearer;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method};
use vestibule_model::refusal::Permission;
use vestibule_model::settings::Cors;

/// What a cookie that carries no token holds.
const NOTHING: &str = "no-token";

/// Longest cookie value that is looked at, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// Where a token came from, with the token as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Presented<'a> {
    pub(crate) token: Bearer<'a>,
    pub(crate) by_cookie: bool,
}

impl<'a> Presented<'a> {
    /// The header wins, whatever the cookie holds.
    pub(crate) fn of(cookie_name: Option<&str>, headers: &'a HeaderMap) -> Self {
        match (Bearer::of(headers), cookie_name) {
            (Bearer::Absent, Some(name)) => Self {
                token: cookie(headers, name),
                by_cookie: true,
            },
            (token, _) => Self {
                token,
                by_cookie: false,
            },
        }
    }
}

/// The value of the one cookie of this name. Two of them can be read in two ways, so neither is. What the cookies beside
/// it hold is their own affair.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Bearer<'a> {
    let mut found = Bearer::Absent;
    for pair in headers.get_all(COOKIE).iter().flat_map(pairs) {
        let Some(value) = value_of(pair, name) else {
            continue;
        };
        if value.is_empty() || value == NOTHING.as_bytes() {
            continue;
        }
        let readable = value.len() <= MAX_LENGTH && value.iter().all(u8::is_ascii_graphic);
        match std::str::from_utf8(value) {
            Ok(value) if readable && found == Bearer::Absent => found = Bearer::Token(value),
            _ => return Bearer::Unreadable,
        }
    }
    found
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.trim_ascii()
        .strip_prefix(name.as_bytes())?
        .strip_prefix(b"=")
}

/// Whether a browser sends a cookie of this name, whatever it holds.
pub(crate) fn is_sent(headers: &HeaderMap, name: &str) -> bool {
    let mut values = headers.get_all(COOKIE).iter();
    values.any(|value| pairs(value).any(|pair| named(pair, name)))
}

/// Takes the cookies of these names out, wherever they stand. What is beside them stays as it was written.
pub(crate) fn take_out(headers: &mut HeaderMap, names: &[&str]) {
    let unwanted = |pair: &[u8]| names.iter().any(|name| named(pair, name));
    let sent: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
    if !sent.iter().any(|value| pairs(value).any(unwanted)) {
        return;
    }
    headers.remove(COOKIE);
    for value in sent {
        let kept: Vec<&[u8]> = pairs(&value).filter(|pair| !unwanted(pair)).collect();
        // What was a header value is one without some of its parts, too.
        match HeaderValue::from_bytes(kept.join(&b';').trim_ascii()) {
            Ok(rest) if !rest.is_empty() => {
                headers.append(COOKIE, rest);
            }
            _ => {}
        }
    }
}

fn pairs(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b';')
}

fn named(pair: &[u8], name: &str) -> bool {
    pair.split(|byte| *byte == b'=').next().map(<[u8]>::trim_ascii) == Some(name.as_bytes())
}

/// Refuses a page of another site that acts with the visitor's cookie (`contracts/arkos.md`, "Cookie"). A browser says
/// where a request comes from; who says nothing is no browser.
pub(crate) fn same_site(
    method: &Method,
    headers: &HeaderMap,
    own: impl FnOnce(&str) -> bool,
    cors: &Cors,
) -> Result<(), Permission> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let origin = text("origin");
    let listed = origin.is_some_and(|origin| crate::cors::lists(cors, origin));
    let own = match (text("sec-fetch-site"), origin) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => own(origin),
        (None, None) => true,
    };
    if own || listed {
        Ok(())
    } else {
        Err(Permission::CrossSite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::AUTHORIZATION;

    fn presented(headers: &[(&'static str, &'static str)]) -> (String, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let presented = Presented::of(Some("sample_token"), &map);
        (format!("{:?}", presented.token), presented.by_cookie)
    }

    #[test]
    fn t27_the_header_wins_over_the_cookie_whatever_each_holds() {
        let cookie = ("cookie", "a=b; sample_token=c.o.okie");
        assert_eq!(presented(&[cookie]), (r#"Token("c.o.okie")"#.to_owned(), true));
        let header = (AUTHORIZATION.as_str(), "Bearer h.e.ader");
        assert_eq!(
            presented(&[cookie, header]),
            (r#"Token("h.e.ader")"#.to_owned(), false)
        );
        let broken = (AUTHORIZATION.as_str(), "Bearer  broken");
        assert_eq!(presented(&[cookie, broken]), ("Unreadable".to_owned(), false));
    }

    #[test]
    fn s15_a_cookie_that_can_be_read_in_two_ways_is_not_read() {
        for (cookies, read) in [
            ("sample_token=a; sample_token=b", "Unreadable"),
            ("sample_token=a; sample_token=a", "Unreadable"),
            ("sample_token=no-token", "Absent"),
            ("sample_token=no-token; sample_token=a", r#"Token("a")"#),
            ("sample_token=", "Absent"),
            ("sample_token", "Absent"),
            ("Sample_token=a", "Absent"),
            ("xsample_token=a", "Absent"),
            (";;;=;sample_token=a", r#"Token("a")"#),
        ] {
            assert_eq!(presented(&[("cookie", cookies)]).0, read, "{cookies}");
        }
    }

    #[test]
    fn only_the_cookie_of_the_token_has_to_be_readable() {
        for (cookies, read) in [
            ("sample_token=a; lang=fran\u{e7}ais", r#"Token("a")"#),
            ("lang=fran\u{e7}ais; sample_token=a", r#"Token("a")"#),
            ("fran\u{e7}ais=1", "Absent"),
            ("sample_token=\u{e7}", "Unreadable"),
            ("sample_token=a b", "Unreadable"),
            ("sample_token=a; sample_token=\u{e7}", "Unreadable"),
        ] {
            let mut map = HeaderMap::new();
            map.append(COOKIE, HeaderValue::from_bytes(cookies.as_bytes()).unwrap());
            let presented = Presented::of(Some("sample_token"), &map);
            assert_eq!(format!("{:?}", presented.token), read, "{cookies}");
        }
    }

    #[test]
    fn a_cookie_that_is_taken_out_leaves_the_others_as_they_were() {
        for (sent, left) in [
            (&["a=1; sample_token=x; b=2"][..], &["a=1; b=2"][..]),
            (&["sample_token=x;b=2"], &["b=2"]),
            (&["a=1; sample_token = x"], &["a=1"]),
            (&["sample_token=x; sample_token=y", "a=1"], &["a=1"]),
            (&["sample_token"], &[]),
            (&["sample_token=x=y\u{e9}"], &[]),
            (
                &["Sample_token=x; sample_token2=y; a=sample_token=z"],
                &["Sample_token=x; sample_token2=y; a=sample_token=z"],
            ),
            (&["a=\u{e9};  b"], &["a=\u{e9};  b"]),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(COOKIE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            assert_eq!(is_sent(&headers, "sample_token"), sent != left, "{sent:?}");
            take_out(&mut headers, &["other", "sample_token"]);
            let rest: Vec<_> = headers
                .get_all(COOKIE)
                .iter()
                .map(HeaderValue::as_bytes)
                .collect();
            assert_eq!(
                rest,
                left.iter().map(|value| value.as_bytes()).collect::<Vec<_>>(),
                "{sent:?}"
            );
        }
    }

    #[test]
    fn w01_a_cookie_acts_only_for_pages_of_its_own_site_or_of_a_listed_origin() {
        let cors = Cors {
            allowed_origins: vec!["https://app.example.com".to_owned()],
        };
        let allowed = |method: Method, headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            let own = |origin: &str| origin == "https://auth.example.com";
            same_site(&method, &headers.collect(), own, &cors).is_ok()
        };
        let evil = ("origin", "https://evil.example");
        assert!(allowed(Method::POST, &[]));
        assert!(allowed(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(allowed(Method::POST, &[("sec-fetch-site", "none")]));
        assert!(allowed(Method::POST, &[("origin", "https://auth.example.com")]));
        assert!(allowed(
            Method::POST,
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://app.example.com")
            ]
        ));
        assert!(allowed(Method::GET, &[("sec-fetch-site", "cross-site"), evil]));
        for refused in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), evil],
            &[evil],
            &[("origin", "null")],
            &[("origin", "https://auth.example.com.evil.example")],
            &[("origin", "http://auth.example.com")],
        ] {
            assert!(!allowed(Method::DELETE, refused), "{refused:?}");
            assert!(!allowed(Method::PATCH, refused), "{refused:?}");
        }
    }
}
