//! The head of a request, before anything is looked up.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{StatusCode, Version};

/// Longest path and query, in bytes.
const MAX_TARGET: usize = 8 * 1024;

/// Most bytes in names and values of header fields.
const MAX_HEADERS: usize = 16 * 1024;

/// What is refused before anything is looked up. A body framed in a way that another program may read differently
/// is never read (RFC 9112 §6.3), and HTTP/1.1 names its host once (RFC 9112 §3.2).
pub(crate) fn unacceptable(parts: &Parts) -> Option<StatusCode> {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let (mut bytes, mut hosts, mut lengths, mut codings, mut chunked) = (0, 0, 0, 0, false);
    for (name, value) in &parts.headers {
        bytes += name.as_str().len() + value.len();
        hosts += usize::from(name == HOST);
        lengths += usize::from(name == CONTENT_LENGTH);
        if name == TRANSFER_ENCODING {
            codings += 1;
            chunked = value.as_bytes().eq_ignore_ascii_case(b"chunked");
        }
    }
    let plainly_framed = match codings {
        0 => lengths <= 1,
        codings => codings == 1 && chunked,
    };
    let plainly_named = parts.version != Version::HTTP_11 || hosts == 1;
    if target > MAX_TARGET {
        Some(StatusCode::URI_TOO_LONG)
    } else if bytes > MAX_HEADERS {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else if !plainly_framed || !plainly_named {
        Some(StatusCode::BAD_REQUEST)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(target: &str, headers: &[(&'static str, &str)]) -> Option<u16> {
        refused_of(Version::HTTP_2, target, headers)
    }

    fn refused_of(version: Version, target: &str, headers: &[(&'static str, &str)]) -> Option<u16> {
        let mut request = http::Request::builder().version(version).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        unacceptable(&parts).map(|status| status.as_u16())
    }

    #[test]
    fn i13_targets_and_headers_are_bounded() {
        let target = |length: usize| {
            format!(
                "/{}?{}",
                "a".repeat(length / 2),
                "b".repeat(length - length / 2 - 2)
            )
        };
        assert_eq!(refused(&target(MAX_TARGET), &[]), None);
        assert_eq!(refused(&target(MAX_TARGET + 1), &[]), Some(414));
        let value = |length: usize| "a".repeat(length - 3);
        assert_eq!(refused("/", &[("x-a", &value(MAX_HEADERS))]), None);
        assert_eq!(refused("/", &[("x-a", &value(MAX_HEADERS + 1))]), Some(431));
    }

    #[test]
    fn i10_a_body_that_can_be_framed_in_two_ways_is_not_read() {
        assert_eq!(refused("/", &[("content-length", "2")]), None);
        assert_eq!(refused("/", &[("transfer-encoding", "Chunked")]), None);
        for headers in [
            &[("content-length", "2"), ("content-length", "2")][..],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "chunked, chunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "identity")],
        ] {
            assert_eq!(refused("/", headers), Some(400), "{headers:?}");
        }
    }

    #[test]
    fn w11_a_request_of_http_1_1_names_its_host_once() {
        let (one, two) = (&[("host", "a")][..], &[("host", "a"), ("host", "a")][..]);
        let of = |version, headers| refused_of(version, "http://a/", headers);
        assert_eq!(of(Version::HTTP_11, one), None);
        assert_eq!(of(Version::HTTP_11, &[]), Some(400));
        assert_eq!(of(Version::HTTP_11, two), Some(400));
        for version in [Version::HTTP_10, Version::HTTP_2] {
            assert_eq!(of(version, &[]), None, "{version:?}");
        }
    }
}
