//! Which `Host` this server answers to.
//!
//! A page on the web can point a name of its own at 127.0.0.1 and then read, in the visitor's browser, what a local
//! server answers (DNS rebinding): the mail inbox of `dev`, for one. Such a request names the page's host.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Uri};
use std::borrow::Cow;
use std::net::IpAddr;

/// What is ours by name.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// The names that are answered to, in lower case and without ports.
    names: Vec<String>,
    /// Scheme and authority of the public URL, as browsers write an origin (RFC 6454 §6.2): without the port that the
    /// scheme implies.
    origin: Option<(String, String)>,
}

/// What a request calls us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// Nothing, or what no project goes by: an address, `localhost`.
    Nothing,
    /// A name that is ours.
    Known,
    /// Any other; ours if it leads to a project.
    Other,
}

impl Hosts {
    /// The host of the public URL, and more names of an operator.
    pub(crate) fn new(public_url: &str, more: Vec<String>) -> Self {
        let public = public_url.parse::<Uri>().ok();
        let host = public.as_ref().and_then(Uri::host).map(str::to_owned);
        let names = host.into_iter().chain(more);
        Self {
            names: names.map(|name| name.to_ascii_lowercase()).collect(),
            origin: public.as_ref().and_then(origin),
        }
    }

    /// Whether this is the origin of the public URL.
    pub(crate) fn is_own(&self, origin: &str) -> bool {
        let own = self.origin.as_ref().zip(origin.split_once("://"));
        own.is_some_and(|((scheme, authority), (by, named))| {
            by == scheme && named.eq_ignore_ascii_case(authority)
        })
    }

    /// HTTP/2 names the host in the target; a request of HTTP/1.0 may name none. No browser sends either to a name
    /// that it was not given.
    pub(crate) fn named_by(&self, request: &Parts) -> Named {
        match written(&request.headers, &request.uri) {
            Written::Nothing => Named::Nothing,
            Written::Once(named) => self.know(named),
            Written::Unclear => Named::Other,
        }
    }

    fn know(&self, named: &str) -> Named {
        match without_port(named) {
            Some(host) if is_local(&host) => Named::Nothing,
            Some(host) if self.names.iter().any(|known| *known == host) => Named::Known,
            Some(_) | None => Named::Other,
        }
    }
}

/// What a request writes as our name, maybe with a port.
enum Written<'r> {
    Nothing,
    Once(&'r str),
    /// More than one name, or one that is no text.
    Unclear,
}

/// A target that names a host wins over `Host` (RFC 9112 §3.2.2).
fn written<'r>(headers: &'r HeaderMap, target: &'r Uri) -> Written<'r> {
    let mut named = headers.get_all(HOST).iter();
    match (target.authority(), named.next(), named.next()) {
        (_, Some(_), Some(_)) => Written::Unclear,
        (Some(authority), ..) => Written::Once(authority.as_str()),
        (None, Some(host), None) => host.to_str().map_or(Written::Unclear, Written::Once),
        (None, None, _) => Written::Nothing,
    }
}

/// The one host that a request names, in lower case and without its port.
pub(crate) fn named<'r>(headers: &'r HeaderMap, target: &'r Uri) -> Option<Cow<'r, str>> {
    without_port(named_with_port(headers, target)?)
}

/// The one host that a request names, as it is written.
pub(crate) fn named_with_port<'r>(headers: &'r HeaderMap, target: &'r Uri) -> Option<&'r str> {
    match written(headers, target) {
        Written::Once(named) => Some(named),
        Written::Nothing | Written::Unclear => None,
    }
}

fn origin(url: &Uri) -> Option<(String, String)> {
    let (scheme, authority) = (url.scheme_str()?, url.authority()?.as_str());
    let implied = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(implied).unwrap_or(authority);
    Some((scheme.to_owned(), authority.to_owned()))
}

/// Whether a host is no name that somebody on the web can point here: an address cannot be rebound.
pub(crate) fn is_local(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn without_port(named: &str) -> Option<Cow<'_, str>> {
    if let Some(host) = plain(named) {
        return Some(host.into());
    }
    let authority = named.parse::<Authority>().ok()?;
    Some(authority.host().to_ascii_lowercase().into())
}

/// The host of nearly every request, which is written as it is compared: nothing is copied.
fn plain(named: &str) -> Option<&str> {
    let is_plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let end = named.bytes().take_while(is_plain).count();
    let (host, rest) = named.split_at_checked(end)?;
    let mut port = rest.bytes();
    let plain = !host.is_empty() && port.next().is_none_or(|byte| byte == b':');
    (plain && port.all(|byte| byte.is_ascii_digit())).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w01_the_origin_of_a_url_is_its_scheme_host_and_unimplied_port() {
        let is_own = |origin, url| Hosts::new(url, Vec::new()).is_own(origin);
        let url = "https://Auth.example.com:443/";
        assert!(is_own("https://auth.example.com", url));
        assert!(is_own("http://localhost:7373", "http://localhost:7373"));
        for other in [
            "http://auth.example.com",
            "https://auth.example.com:8443",
            "https://auth.example.com.evil.example",
            "https://example.com",
            "auth.example.com",
            "null",
            "",
        ] {
            assert!(!is_own(other, url), "{other}");
        }
    }

    fn serves(hosts: &[&str]) -> bool {
        serves_at("/dev/inbox.json", hosts)
    }

    fn serves_at(target: &str, hosts: &[&str]) -> bool {
        let mut request = http::Request::builder().uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let names = Hosts::new("https://Auth.example.com", vec!["Vestibule".to_owned()]);
        names.named_by(&request.body(()).unwrap().into_parts().0) != Named::Other
    }

    #[test]
    fn w11_only_known_hosts_are_served() {
        let known = [
            "auth.example.com",
            "AUTH.example.com:443",
            "vestibule:7373",
            "localhost:7373",
            "127.0.0.1:7373",
            "[::1]:7373",
            "10.0.0.7",
        ];
        assert!(known.iter().all(|host| serves(&[host])));
        let unknown = [
            "evil.example",
            "auth.example.com.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:7373",
            "",
            "a b",
        ];
        for host in unknown {
            assert!(!serves(&[host]), "{host}");
        }
        assert!(serves(&[]));
        assert!(!serves(&["auth.example.com", "auth.example.com"]));
    }

    #[test]
    fn w11_a_target_that_names_a_host_wins_over_the_header() {
        for (target, host, served) in [
            ("http://evil.example/", "auth.example.com", false),
            ("http://auth.example.com@evil.example/", "auth.example.com", false),
            ("http://auth.example.com:80/", "evil.example", true),
            ("/", "evil.example", false),
        ] {
            assert_eq!(serves_at(target, &[host]), served, "{target}");
        }
        let target = "http://Shop.example:80/".parse().unwrap();
        let headers = HeaderMap::from_iter([(HOST, "auth.example.com".parse().unwrap())]);
        assert_eq!(named(&headers, &target).as_deref(), Some("shop.example"));
        assert_eq!(named_with_port(&headers, &target), Some("Shop.example:80"));
    }
}
