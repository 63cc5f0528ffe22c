//! Paths: one spelling each, seen alike by every check.

/// Whether a path has the one form that the router and every check understand alike: plain ASCII segments,
/// each non-empty. Percent-escapes, `;`, `\`, `//`, dot segments and a trailing slash make another spelling of
/// some path, or none, and lead nowhere.
pub(crate) fn is_plain(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    rest.is_empty() || rest.split('/').all(is_plain_segment)
}

fn is_plain_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@+:,=".contains(&byte);
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
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
    fn a_prefix_covers_whole_segments() {
        assert!(is_under("/v1", "/v1") && is_under("/v1", "/v1/x"));
        assert!(!is_under("/v1", "/v11") && !is_under("/v1/sdk", "/v1"));
    }
}
