//! What a page answers with.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// For every page: styles, scripts and pictures of our own, forms to ourselves, and no frame around it.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                                 connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// For the page that frames a mail.
pub(super) const POLICY_OF_INBOX: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                                          connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; \
                                          frame-ancestors 'none'";
/// For a mail in that frame: it can do nothing but be read, and its links open in tabs of their own.
pub(super) const POLICY_OF_MAIL: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                                         style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'";

/// An HTML document.
pub(super) fn html(status: StatusCode, policy: &'static str, document: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, document).into_response()
}

/// A JSON document.
pub(super) fn json(value: &serde_json::Value) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::OK, headers, value.to_string()).into_response()
}
