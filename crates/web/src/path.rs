//! Paths: one spelling each, seen alike by every check.

use crate::byte_table::ByteTable;

/// Which bytes a segment is written with, looked up, because every request has a path.
static PLAIN: ByteTable = ByteTable::alphanumerics_and(b"-._~@+:,=");

/// Whether a path has the one form that the router and every check understand alike: plain ASCII segments,
/// each non-empty. Percent-escapes, `;`, `\`, `//`, dot segments and a trailing slash make another spelling of
/// some path, or none, and lead nowhere.
pub(crate) fn is_plain(path: &str) -> bool {
    let Some(rest) = path.as_bytes().strip_prefix(b"/") else {
        return false;
    };
    rest.is_empty() || rest.split(|byte| *byte == b'/').all(is_plain_segment)
}

fn is_plain_segment(segment: &[u8]) -> bool {
    !matches!(segment, b"" | b"." | b"..") && segment.iter().all(|byte| PLAIN.has(*byte))
}

/// Whether a path may be passed on to an upstream: every program that follows RFC 3986 reads it as the same segments as
/// we do. Escapes may stand only for what has no other spelling and no meaning in a path, `;` and `//` nowhere, and a
/// slash may end it.
pub(crate) fn is_passable(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    !rest.is_empty() && rest.split('/').all(is_passable_segment)
}

fn is_passable_segment(segment: &str) -> bool {
    let written = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@+:,=!$&'()*".contains(&byte);
    let escaped = |byte: u8| byte >= 0x20 && byte != 0x7f && !written(byte) && !b"/\\;%".contains(&byte);
    if matches!(segment, "" | "." | "..") {
        return false;
    }
    if segment.bytes().all(written) {
        return true;
    }
    let Some(decoded) = decoded(segment, written) else {
        return false;
    };
    decoded.iter().all(|(byte, plain)| *plain || escaped(*byte))
        // An overlong form of a dot or a slash is not UTF-8.
        && String::from_utf8(decoded.into_iter().map(|(byte, _)| byte).collect()).is_ok()
}

/// The bytes of a segment, each with whether it is written plainly; nothing when one may not be.
fn decoded(segment: &str, written: impl Fn(u8) -> bool) -> Option<Vec<(u8, bool)>> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let value = digit()? * 16 + digit()?;
                (u8::try_from(value).ok()?, false)
            }
            byte if written(byte) => (byte, true),
            _ => return None,
        });
    }
    Some(decoded)
}

/// Whether `prefix` covers `path`, by whole segments.
pub(crate) fn is_under(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i14_a11_other_spellings_of_a_path_are_no_path() {
        for path in [
            "/",
            "/v1/auth/me",
            "/.well-known/jwks.json",
            "/v1/auth/me/sessions/0192-ab",
        ] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "",
            "*",
            "v1",
            "//",
            "//v1/auth/me",
            "/v1//auth/me",
            "/v1/auth/me/",
            "/v1/auth/%6de",
            "/v1/auth%2fme",
            "/v1/auth/me%00",
            "/v1/./auth/me",
            "/v1/x/../auth/me",
            "/v1/auth/me;x",
            "/v1/auth/me;.js",
            "/v1/..;/auth/me",
            "/v1\\auth",
            "/v1/auth/mé",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }

    #[test]
    fn g02_a11_what_passes_is_read_alike_by_every_program() {
        for path in [
            "/api/films",
            "/api/films/",
            "/api/films/The%20Matrix",
            "/api/films/%C3%A9t%c3%a9",
            "/api/films/a%22b",
            "/api/films/x.y@z:1,2=3!$&'()*+~",
            "/api/films/...",
        ] {
            assert!(is_passable(path), "{path}");
        }
        for path in [
            "",
            "/",
            "//",
            "*",
            "api/films",
            "//api/films",
            "/api//films",
            "/api/films//",
            "/api/./films",
            "/api/../films",
            "/api/%2e%2e/films",
            "/api/.%2E/films",
            "/api/films%2f",
            "/api/films%5c",
            "/api/f%69lms",
            "/api/films;x",
            "/api/films%3bx",
            "/api/films\\x",
            "/api/films%00",
            "/api/films%0a",
            "/api/films%7f",
            "/api/films%25",
            "/api/films%252e",
            "/api/%c0%ae%c0%ae/films",
            "/api/%c0%af",
            "/api/films%ff",
            "/api/films%e",
            "/api/films%",
            "/api/films%zz",
            "/api/films/été",
            "/api/films x",
            "/api/films?x",
        ] {
            assert!(!is_passable(path), "{path}");
        }
    }

    #[test]
    fn a_prefix_covers_whole_segments() {
        assert!(is_under("/v1", "/v1") && is_under("/v1", "/v1/x"));
        assert!(!is_under("/v1", "/v11") && !is_under("/v1/sdk", "/v1"));
    }
}
