//! A request as it arrives.

use crate::app::App;
use crate::client::Client;
use crate::gate::Hop;
use crate::hosts::Named;
use crate::request_id::RequestId;
use axum::body::Body;
use http::HeaderMap;
use http::request::Parts;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A request without its body, and what is known of it from the start. It is boxed once, because it is handed on many times.
pub(crate) struct Arrived {
    pub(crate) parts: Parts,
    pub(crate) id: RequestId,
    pub(crate) client: Client,
    pub(crate) hop: Hop,
    /// What it calls us.
    pub(crate) named: Named,
    /// Monotonic time.
    pub(crate) at: Duration,
}

impl App {
    /// Takes in a request that came from this peer.
    pub(crate) fn arrive(&self, request: http::Request<Body>, peer: IpAddr) -> (Box<Arrived>, Body) {
        let (parts, body) = request.into_parts();
        let arrived = Box::new(Arrived {
            at: self.core.clock.monotonic(),
            id: self.ids.next(),
            client: self.client(&parts.headers, peer),
            hop: Hop {
                peer,
                trusted: self.proxies.trusts(peer.to_canonical()),
                https: self.https,
            },
            named: self.hosts.named_by(&parts),
            parts,
        });
        (arrived, body)
    }

    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> Client {
        let client = self.proxies.client(headers, peer);
        if client.unnamed {
            metrics::counter!("vestibule_http_unnamed_clients_total").increment(1);
            if !self.warned_of_proxy.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    proxy = %client.address,
                    "a trusted proxy sent no usable X-Forwarded-For: its users share one budget; \
                     make it send their addresses, or remove it from network.trusted_proxies (said once)"
                );
            }
        }
        client
    }
}
