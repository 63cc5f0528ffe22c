//! Base URLs and hosts, as configuration names them.

use axum::http::Uri;
use std::net::IpAddr;

/// A URL of scheme, host and port alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// Whether it is https.
    pub secure: bool,
    /// Whether its host is this machine.
    pub loopback: bool,
}

/// Judges `text`, which must be `http(s)://host[:port]`; one trailing slash is forgiven.
pub fn base_url(text: &str) -> Option<BaseUrl> {
    let uri: Uri = text.parse().ok()?;
    let secure = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let authority = uri.authority()?;
    let plain = uri.path() == "/" && !text.contains(['?', '#']) && !authority.as_str().contains('@');
    plain.then(|| BaseUrl {
        secure,
        loopback: is_loopback(authority.host()),
    })
}

/// The host of a URL, in lower case.
pub fn host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    uri.host().map(str::to_ascii_lowercase)
}

/// Whether a host is this machine, by name or address.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let named = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
