//! Cross-origin calls from browsers (Fetch standard, "CORS protocol"; `contracts/README.md`, "CORS").

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};
use vestibule_model::settings::Cors;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
const REQUEST_HEADERS: &str = "authorization, content-type, x-api-key";
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, ratelimit, ratelimit-policy, ratelimit-limit, ratelimit-remaining, ratelimit-reset, \
     x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id",
);

/// The page's origin, if the browser names one.
pub(crate) fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN)?.to_str().ok()
}

/// Whether the request only asks what it may do.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether the settings list the origin: exactly, or, where a listed port is `*`, with any port.
pub(crate) fn lists(cors: &Cors, origin: &str) -> bool {
    cors.allowed_origins
        .iter()
        .any(|listed| match listed.strip_suffix(":*") {
            Some(host) => origin
                .strip_prefix(host)
                .and_then(|port| port.strip_prefix(':'))
                .is_some_and(is_port),
            None => listed == origin && origin != "*",
        })
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Who may read an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Pages of our own origin.
    OwnOrigin,
    /// Pages of any origin: what is public. Whoever else asks may be a cache that passes the answer on to one, so it
    /// says so too; only the headers that pages may see besides are left out then.
    Anybody {
        /// Whether a page asks.
        asking: bool,
    },
    /// Pages of this origin, which is listed.
    Origin(HeaderValue),
    /// Pages of this origin, which is listed, with the cookies of this site.
    OriginWithCookies(HeaderValue),
}

/// Lets them read an answer.
pub(crate) fn allow(headers: &mut HeaderMap, readers: Readers) {
    say_whose(headers, &readers);
    name_origin(headers, readers);
}

/// Says what is so whoever asks: that an answer depends on the origin, or that it is everybody's.
pub(crate) fn say_whose(headers: &mut HeaderMap, readers: &Readers) {
    match readers {
        Readers::Anybody { .. } => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        Readers::OwnOrigin | Readers::Origin(_) | Readers::OriginWithCookies(_) => {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
    }
}

/// Says the rest to the page that asks, if it may read the answer.
pub(crate) fn name_origin(headers: &mut HeaderMap, readers: Readers) {
    match readers {
        Readers::OwnOrigin | Readers::Anybody { asking: false } => return,
        Readers::Anybody { asking: true } => {}
        Readers::OriginWithCookies(origin) => {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        Readers::Origin(origin) => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
    }
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// Lets those who may read the answer make the request that the preflight asks about.
pub(crate) fn allow_request(headers: &mut HeaderMap, asked: &HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    // A header name cannot be allowed by a pattern, so those asked for are checked against it one by one.
    let asked = asked
        .get(ACCESS_CONTROL_REQUEST_HEADERS)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let ours = asked.split(',').map(str::trim).filter(|name| is_koolbase(name));
    let allowed = ours.fold(REQUEST_HEADERS.to_owned(), |list, name| list + ", " + name);
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
}

fn is_koolbase(name: &str) -> bool {
    let named = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    named && name.len() <= 64 && name.to_ascii_lowercase().starts_with("x-koolbase-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(origins: &[&str], origin: &str) -> bool {
        lists(
            &Cors {
                allowed_origins: origins.iter().map(|&it| it.to_owned()).collect(),
            },
            origin,
        )
    }

    #[test]
    fn w04_only_the_listed_origin_itself_is_allowed() {
        let app = ["https://app.example.com"];
        assert!(listed(&app, "https://app.example.com"));
        for other in [
            "",
            "null",
            "*",
            "https://evil.tld",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.tld",
            "https://user@app.example.com",
            "https://APP.example.com",
            "https://app.example.com/",
            "https://xapp.example.com",
            "https://app.example.comx",
        ] {
            assert!(!listed(&app, other), "{other}");
        }
        assert!(!listed(&["*"], "https://evil.tld") && !listed(&["*"], "*"));
        assert!(!listed(&[], "https://app.example.com"));
    }

    #[test]
    fn a_listed_port_may_be_any() {
        let local = ["http://localhost:*", "http://127.0.0.1:*"];
        for origin in ["http://localhost:3000", "http://127.0.0.1:65535"] {
            assert!(listed(&local, origin), "{origin}");
        }
        for origin in [
            "http://localhost",
            "http://localhost:",
            "http://localhost:x",
            "http://localhost:99999",
            "http://localhost:+80",
            "http://localhost.evil.tld:80",
            "http://localhost:80.evil.tld",
            "https://localhost:80",
            "http://localhost:80/",
        ] {
            assert!(!listed(&local, origin), "{origin}");
        }
    }

    #[test]
    fn a_preflight_allows_the_documented_headers_and_koolbases_own() {
        let (mut answer, mut asked) = (HeaderMap::new(), HeaderMap::new());
        let names = HeaderValue::from_static("x-koolbase-device, x-evil, X-Koolbase-App, x-koolbase-\"");
        asked.insert(ACCESS_CONTROL_REQUEST_HEADERS, names);
        allow_request(&mut answer, &asked);
        allow(
            &mut answer,
            Readers::Origin(HeaderValue::from_static("https://app.example.com")),
        );
        let allowed = &answer[ACCESS_CONTROL_ALLOW_HEADERS];
        assert_eq!(
            allowed,
            "authorization, content-type, x-api-key, x-koolbase-device, X-Koolbase-App"
        );
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.com");
        assert_eq!(answer[VARY], "Origin");
    }
}
