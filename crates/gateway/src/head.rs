//! The heads of what passes: what an upstream is told, and what a client is.

use crate::refusal::Refusal;
use crate::spoofable::is_spoofable;
use crate::stream::{self, Patient, Progress};
use crate::upgrade::Switch;
use axum::body::Body;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version};
use http_body::Body as _;
use std::sync::Arc;
use std::time::Duration;
use vestibule_web::{Admitted, Hop};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What is about one connection and not about the message (RFC 9110 §7.6.1), besides what `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What an upstream says about other origins. The project's own setting says it.
const CROSS_ORIGIN: [HeaderName; 5] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// A request as the upstream gets it.
pub(crate) struct Outgoing {
    pub(crate) request: Request<Body>,
    pub(crate) patience: Duration,
    /// When its body last moved, if it has one.
    pub(crate) progress: Option<Arc<Progress>>,
}

/// Makes the upstream's request of the client's.
pub(crate) fn request(
    admitted: Admitted<'_>,
    switches: bool,
    via: &HeaderValue,
) -> Result<Outgoing, Refusal> {
    let Admitted {
        rule,
        identity,
        id,
        hop,
        parts,
        body,
    } = admitted;
    let (uri, host) = target(&rule.upstream, &parts.uri)?;
    let forwarded = Forwarded::of(&parts.headers, &parts.uri, hop);
    let mut headers = parts.headers;
    remove_hop_by_hop(&mut headers);
    // What the client was asked to wait for has come: its body is being passed on.
    headers.remove(EXPECT);
    remove_spoofable(&mut headers);
    join_cookies(&mut headers);
    identity.tell(&mut headers, id);
    forwarded.tell(&mut headers);
    headers.insert(HOST, host);
    headers.append(VIA, via.clone());
    if switches {
        Switch::tell(&mut headers);
    }
    let (body, progress) = if body.is_end_stream() {
        (Body::empty(), None)
    } else {
        // The length is that of the body that comes, not one that a header claims.
        headers.remove(CONTENT_LENGTH);
        let mut body = Patient::new(body, stream::UNSENT);
        let progress = body.progress();
        (Body::new(body), Some(progress))
    };
    let mut request = Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    let patience = rule.patience();
    Ok(Outgoing {
        request,
        patience,
        progress,
    })
}

/// The upstream's URL for a path, and its name. What the client wrote as host is not in it.
fn target(upstream: &str, asked: &Uri) -> Result<(Uri, HeaderValue), Refusal> {
    let path = asked.path_and_query().map_or("/", |path| path.as_str());
    let mut url = String::with_capacity(upstream.len() + path.len());
    url.push_str(upstream);
    url.push_str(path);
    let uri = Uri::from_maybe_shared(Bytes::from(url)).map_err(|error| Refusal::Down(Box::new(error)))?;
    let host = uri
        .authority()
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    host.map(|host| (uri, host)).ok_or(Refusal::Nonsense)
}

/// Where a request came from, as upstreams are told.
struct Forwarded {
    chain: HeaderValue,
    host: Option<HeaderValue>,
    https: bool,
}

impl Forwarded {
    /// A trusted proxy is believed; anybody else is told about as we see it.
    fn of(headers: &HeaderMap, uri: &Uri, hop: Hop) -> Self {
        let believed = |name: &HeaderName| headers.get(name).filter(|_| hop.trusted);
        let mut chain = Vec::new();
        for earlier in headers.get_all(&FORWARDED_FOR).iter().filter(|_| hop.trusted) {
            chain.extend_from_slice(earlier.as_bytes());
            chain.extend_from_slice(b", ");
        }
        chain.extend_from_slice(hop.peer.to_canonical().to_string().as_bytes());
        // A target that names a host wins over `Host` (RFC 9112 §3.2.2).
        let named = || match uri.authority() {
            Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
            None => headers.get(HOST).cloned(),
        };
        let proto = believed(&FORWARDED_PROTO).map(HeaderValue::as_bytes);
        Self {
            chain: HeaderValue::from_maybe_shared(Bytes::from(chain))
                .unwrap_or(HeaderValue::from_static("unknown")),
            host: believed(&FORWARDED_HOST).cloned().or_else(named),
            https: match proto {
                Some(b"https") => true,
                Some(b"http") => false,
                _ => hop.https,
            },
        }
    }

    fn tell(self, headers: &mut HeaderMap) {
        headers.insert(FORWARDED_FOR, self.chain);
        let proto = if self.https { "https" } else { "http" };
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(proto));
        if let Some(host) = self.host {
            headers.insert(FORWARDED_HOST, host);
        }
    }
}

/// Removes what is about the connection alone, and what `Connection` says is. Of two lengths, that of the coding counted
/// (RFC 9112 §6.3); the other one must not outlive it.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn remove_spoofable(headers: &mut HeaderMap) {
    let spoofed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_spoofable(name.as_str()))
        .cloned()
        .collect();
    for name in spoofed {
        headers.remove(name);
    }
}

/// HTTP/2 clients send their cookies in parts; here they are one list (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut parts = headers.get_all(COOKIE).iter();
    let (Some(first), Some(_)) = (parts.next(), parts.next()) else {
        return;
    };
    let mut joined = first.as_bytes().to_vec();
    for part in headers.get_all(COOKIE).iter().skip(1) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(part.as_bytes());
    }
    if let Ok(joined) = HeaderValue::from_maybe_shared(Bytes::from(joined)) {
        headers.insert(COOKIE, joined);
    }
}

/// Takes out of an upstream's answer what is not for the client.
pub(crate) fn clean_answer(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    for name in &CROSS_ORIGIN {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_in_parts_become_one_list() {
        let mut headers = HeaderMap::new();
        join_cookies(&mut headers);
        assert!(headers.is_empty());
        for (part, joined) in [("a=1", "a=1"), ("b=2", "a=1; b=2"), ("c=3", "a=1; b=2; c=3")] {
            headers.append(COOKIE, HeaderValue::from_static(part));
            join_cookies(&mut headers);
            assert_eq!(headers[COOKIE], joined);
            assert_eq!(headers.len(), 1);
        }
    }

    #[test]
    fn what_belongs_to_one_connection_is_removed_with_what_it_names() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "Close, X-One ,x_two,\"bad name\""),
            ("connection", "x-three"),
            ("x-one", "1"),
            ("x_two", "2"),
            ("x-three", "3"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("keep-alive", "timeout=5"),
            ("accept", "*/*"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        let left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["accept"]);
    }
}
