//! Headers that every answer carries.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NOTHING_LOADED: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const A_YEAR_OF_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Adds what an answer does not set itself: nothing sniffs, frames, keeps or refers to it. `https`: whether
/// clients reach us by TLS, which they are then told to do for a year.
pub(crate) fn add(headers: &mut HeaderMap, https: bool) {
    let mut unless_set = |name: HeaderName, value: HeaderValue| {
        if !headers.contains_key(&name) {
            headers.append(name, value);
        }
    };
    unless_set(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    unless_set(REFERRER_POLICY, NO_REFERRER);
    unless_set(OPENER_POLICY, SAME_ORIGIN);
    unless_set(RESOURCE_POLICY, SAME_ORIGIN);
    unless_set(CONTENT_SECURITY_POLICY, NOTHING_LOADED);
    unless_set(CACHE_CONTROL, NO_STORE);
    if https {
        unless_set(STRICT_TRANSPORT_SECURITY, A_YEAR_OF_TLS);
    }
}

/// Adds what an upstream's answer does not set itself. What its pages may load is the upstream's to say.
pub(crate) fn add_to_passed(headers: &mut HeaderMap, https: bool) {
    let policy = headers.remove(CONTENT_SECURITY_POLICY);
    add(headers, https);
    match policy {
        Some(policy) => headers.insert(CONTENT_SECURITY_POLICY, policy),
        None => headers.remove(CONTENT_SECURITY_POLICY),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w09_s14_what_an_answer_sets_itself_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        add(&mut headers, true);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=300");
        assert_eq!(
            headers[STRICT_TRANSPORT_SECURITY],
            "max-age=31536000; includeSubDomains"
        );
        let mut plain = HeaderMap::new();
        add(&mut plain, false);
        assert_eq!(plain[CACHE_CONTROL], "no-store");
        assert_eq!(plain.get(STRICT_TRANSPORT_SECURITY), None);
    }
}
