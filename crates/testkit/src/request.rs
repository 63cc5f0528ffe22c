//! Requests, from the outside.

use crate::{Answer, Server};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

/// The address that clients come from unless they say otherwise (RFC 5737).
pub const SOMEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// A request that is being put together.
#[derive(Clone)]
pub struct Request<'t> {
    server: &'t Server,
    pub(crate) from: IpAddr,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl<'t> Request<'t> {
    /// A bare request: no header, no body.
    pub(crate) fn new(server: &'t Server, method: &str, target: &str) -> Self {
        Self {
            server,
            from: SOMEWHERE,
            method: method.parse().expect("a method"),
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// From this address.
    #[must_use]
    pub const fn from(mut self, address: IpAddr) -> Self {
        self.from = address;
        self
    }

    /// With one more header; a second one of the same name stands beside the first.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.append(
            name,
            HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
        );
        self
    }

    /// Without the headers of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With these bytes as its body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// With a JSON body as written here, well-formed or not.
    #[must_use]
    pub fn raw_json(self, body: impl Into<Bytes>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// With the fields of a form. The values must need no escape but that of `+`, `/`, `=` and `&`.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let escaped = |value: &str| {
            value
                .replace('%', "%25")
                .replace('+', "%2B")
                .replace('&', "%26")
                .replace('=', "%3D")
        };
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(pairs.join("&"))
    }

    /// As it arrives, and from where. One that names no host is of HTTP/1.0, which lets it.
    pub(crate) fn put_together<B: From<Bytes>>(self) -> (http::Request<B>, IpAddr) {
        let mut sent = http::Request::new(self.body.into());
        if !self.headers.contains_key(HOST) {
            *sent.version_mut() = Version::HTTP_10;
        }
        *sent.method_mut() = self.method;
        *sent.uri_mut() = self.target.parse().expect("a target");
        *sent.headers_mut() = self.headers;
        (sent, self.from)
    }

    /// Sends it through the whole HTTP pipeline, without a socket.
    pub async fn send(self) -> Answer {
        self.server.send(self).await
    }
}

/// Runs all of them at once, and gives their outcomes in order.
pub async fn at_once<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: FuturesOrdered<F> = futures.into_iter().collect();
    let mut outcomes = Vec::with_capacity(running.len());
    while let Some(outcome) = running.next().await {
        outcomes.push(outcome);
    }
    outcomes
}
