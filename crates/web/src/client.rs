//! The client's address.

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose `X-Forwarded-For` is believed. No other header is ever read for it.
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// A client's address and how sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// A trusted proxy did not say whom it speaks for; the address is the proxy's own.
    pub(crate) unnamed: bool,
}

impl TrustedProxies {
    pub(crate) const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The rightmost hop that no trusted proxy vouches for away, beginning with the peer. A hop that cannot be
    /// read ends the walk at the proxy that wrote it, so that garbage never chooses an address.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: IpAddr) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client {
                address: peer,
                unnamed: false,
            };
        }
        let mut nearest = peer;
        for value in headers.get_all(FORWARDED_FOR).iter().rev() {
            for hop in value.as_bytes().rsplit(|byte| *byte == b',') {
                let Some(address) = read(hop) else {
                    return Client {
                        address: nearest,
                        unnamed: true,
                    };
                };
                if !self.trusts(address) {
                    return Client {
                        address,
                        unnamed: false,
                    };
                }
                nearest = address;
            }
        }
        Client {
            address: nearest,
            unnamed: nearest == peer,
        }
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse()
        .ok()
        .or_else(bracketed)
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&'static str]) -> Client {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, http::HeaderValue::from_static(value));
        }
        for other in [
            "forwarded",
            "x-real-ip",
            "true-client-ip",
            "x_forwarded_for",
            "cf-connecting-ip",
        ] {
            headers.append(other, http::HeaderValue::from_static("198.51.100.99"));
        }
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        TrustedProxies::new(trusted).client(&headers, peer.parse().unwrap())
    }

    fn named(address: &str) -> Client {
        Client {
            address: address.parse().unwrap(),
            unnamed: false,
        }
    }

    fn unnamed(address: &str) -> Client {
        Client {
            address: address.parse().unwrap(),
            unnamed: true,
        }
    }

    #[test]
    fn l04_l05_a_stranger_cannot_name_an_address() {
        assert_eq!(client(&[], "192.0.2.1", &["203.0.113.7"]), named("192.0.2.1"));
        assert_eq!(
            client(&["10.0.0.0/8"], "192.0.2.1", &["203.0.113.7"]),
            named("192.0.2.1")
        );
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        let trusted = ["10.0.0.0/8", "127.0.0.1/32"];
        assert_eq!(
            client(&trusted, "127.0.0.1", &["6.6.6.6, 203.0.113.7"]),
            named("203.0.113.7")
        );
        assert_eq!(
            client(&trusted, "127.0.0.1", &["6.6.6.6, 203.0.113.7, 10.1.2.3"]),
            named("203.0.113.7")
        );
        assert_eq!(
            client(&trusted, "127.0.0.1", &["6.6.6.6", "203.0.113.7", "10.1.2.3"]),
            named("203.0.113.7")
        );
        assert_eq!(
            client(&trusted, "::ffff:127.0.0.1", &["203.0.113.7"]),
            named("203.0.113.7")
        );
        assert_eq!(
            client(&trusted, "127.0.0.1", &["10.9.9.9,10.1.2.3"]),
            named("10.9.9.9")
        );
    }

    #[test]
    fn l06_ports_and_brackets_are_read() {
        for (written, address) in [
            ("203.0.113.7:54321", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7 ", "203.0.113.7"),
        ] {
            assert_eq!(
                client(&["127.0.0.1/32"], "127.0.0.1", &[written]),
                named(address),
                "{written}"
            );
        }
    }

    #[test]
    fn l07_a_hop_that_cannot_be_read_stops_at_the_proxy_that_wrote_it() {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8"];
        for garbage in [
            "a",
            "",
            "unknown",
            "203.0.113.7, _hidden",
            "203.0.113.7,",
            "203.0.113.7:x",
            "[::1",
        ] {
            assert_eq!(
                client(&trusted, "127.0.0.1", &[garbage]),
                unnamed("127.0.0.1"),
                "{garbage}"
            );
        }
        assert_eq!(
            client(&trusted, "127.0.0.1", &["203.0.113.7, junk, 10.0.0.1"]),
            unnamed("10.0.0.1")
        );
        assert_eq!(client(&trusted, "127.0.0.1", &[]), unnamed("127.0.0.1"));
    }
}
