//! `Authorization: Bearer` (RFC 6750 §2.1), read strictly: what could be understood in two ways authenticates nobody.

use crate::byte_table::ByteTable;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Longest token that is looked at, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// Which bytes a token is written with, looked up, because each request that carries one has some eight hundred.
static WRITTEN: ByteTable = ByteTable::alphanumerics_and(b"-._~+/=");

/// What the request says in `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearer<'a> {
    /// No such header.
    Absent,
    /// Another scheme, more than one header, or not exactly one well-formed token.
    Unreadable,
    /// The one token.
    Token(&'a str),
}

impl<'a> Bearer<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => token(value.as_bytes()).map_or(Self::Unreadable, Self::Token),
            (Some(_), Some(_)) => Self::Unreadable,
        }
    }
}

fn token(value: &[u8]) -> Option<&str> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, token) = (value.get(..space)?, value.get(space + 1..)?);
    // `b64token` of RFC 6750 and nothing else: no second space, no comma-joined second credential.
    // To look at every byte takes half as long as to stop at the first that is wrong.
    let all_written = |token: &[u8]| token.iter().fold(true, |all, byte| all & WRITTEN.has(*byte));
    let well_formed = (1..=MAX_LENGTH).contains(&token.len()) && all_written(token);
    let token = (scheme.eq_ignore_ascii_case(b"bearer") && well_formed).then_some(token)?;
    std::str::from_utf8(token).ok()
}

/// The `kid` that a JWS names, not yet believed: it says which project's keys to check the token with.
pub(crate) fn kid(token: &str) -> Option<String> {
    let (header, _) = token.split_once('.')?;
    let mut header = vestibule_model::json::object(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    match header.remove("kid") {
        Some(serde_json::Value::String(kid)) => Some(kid),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(values: &[&'static [u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_scheme_is_compared_without_case() {
        for value in [&b"Bearer a.b-c_d"[..], b"bearer a.b-c_d", b"BEARER a.b-c_d"] {
            assert_eq!(Bearer::of(&headers(&[value])), Bearer::Token("a.b-c_d"));
        }
        assert_eq!(Bearer::of(&headers(&[])), Bearer::Absent);
    }

    #[test]
    fn t27_what_can_be_read_in_two_ways_is_not_read() {
        for values in [
            &[&b"Bearer a"[..], b"Bearer a"][..],
            &[b"Bearer a", b"Basic YTpi"],
            &[b"Bearer a, Bearer b"],
            &[b"Bearer a,b"],
            &[b"Bearer  a"],
            &[b"Bearer a "],
            &[b" Bearer a"],
            &[b"Bearer\ta"],
            &[b"Bearer"],
            &[b"Bearer "],
            &[b"Basic YTpi"],
            &[b"Bearer \xff"],
            &[b""],
        ] {
            assert_eq!(Bearer::of(&headers(values)), Bearer::Unreadable, "{values:?}");
        }
        let long: &'static str = String::leak(format!("Bearer {}", "a".repeat(MAX_LENGTH + 1)));
        assert_eq!(Bearer::of(&headers(&[long.as_bytes()])), Bearer::Unreadable);
    }

    #[test]
    fn a_kid_is_read_from_a_well_formed_header_only() {
        let named = |header: &str| kid(&format!("{}.e30.sig", BASE64_URL_SAFE_NO_PAD.encode(header)));
        assert_eq!(named(r#"{"alg":"RS256","kid":"k1"}"#).as_deref(), Some("k1"));
        assert_eq!(named(r#"{"kid":"k1","kid":"k2"}"#), None);
        assert_eq!(named(r#"{"kid":1}"#), None);
        assert_eq!(kid("no dots"), None);
        assert_eq!(kid("!!!.e30.sig"), None);
    }
}
