//! Reading a request's body: bounded in size and time, and of the right media type.

use crate::call::BodyRule;
use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use std::time::Duration;
use vestibule_model::refusal::Input;

/// Largest body, in bytes.
pub(crate) const MAX_LENGTH: usize = 64 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the body as the route's rule says. Whether one that may be absent is there shows, without a length, only when
/// it has come.
pub(crate) async fn read(rule: BodyRule, headers: &HeaderMap, body: Body) -> Result<Bytes, Input> {
    if rule == BodyRule::Ignored {
        return Ok(Bytes::new());
    }
    let hint = body.size_hint();
    if usize::try_from(hint.lower()).is_ok_and(|length| length > MAX_LENGTH) {
        return Err(Input::TooLarge);
    }
    if is_of(rule, headers) {
        return collect(body).await;
    }
    let may_be_absent = rule == BodyRule::OptionalJson && hint.lower() == 0;
    if may_be_absent && collect(body).await?.is_empty() {
        Ok(Bytes::new())
    } else {
        Err(Input::UnsupportedMediaType)
    }
}

/// Reads a body of any type.
pub(crate) async fn collect(body: Body) -> Result<Bytes, Input> {
    match tokio::time::timeout(PATIENCE, Limited::new(body, MAX_LENGTH).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Input::TooLarge),
        Ok(Err(_)) => Err(Input::Malformed("the body broke off".to_owned())),
        Err(_) => Err(Input::Malformed("the body did not arrive in time".to_owned())),
    }
}

/// Whether the headers name the rule's media type: once, uncompressed, with no charset but UTF-8.
fn is_of(rule: BodyRule, headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else { return false };
    let wanted = match rule {
        BodyRule::Form => "application/x-www-form-urlencoded",
        BodyRule::Json | BodyRule::OptionalJson | BodyRule::Ignored => "application/json",
    };
    let mut parts = value.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|named| named.eq_ignore_ascii_case(wanted))
        && parts.all(|parameter| {
            let unquoted = parameter.replace('"', "");
            unquoted.eq_ignore_ascii_case("charset=utf-8") || unquoted.eq_ignore_ascii_case("charset=utf8")
        })
        && !headers.contains_key(CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};

    fn json(extra: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in extra {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_of(BodyRule::Json, &headers)
    }

    #[test]
    fn json_is_json_in_utf_8_however_it_is_spelled() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json; charset=\"utf-8\"",
        ] {
            assert!(json(&[("content-type", good)]), "{good}");
        }
    }

    #[test]
    fn i06_i09_no_other_type_charset_or_coding_is_read() {
        for bad in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/json; boundary=x",
            "application/jsonp",
            "json",
            "application/json, text/plain",
        ] {
            assert!(!json(&[("content-type", bad)]), "{bad}");
        }
        assert!(!json(&[]));
        assert!(!json(&[
            ("content-type", "application/json"),
            ("content-type", "application/json")
        ]));
        for coding in ["gzip", "br", "zstd", "identity"] {
            assert!(
                !json(&[("content-type", "application/json"), ("content-encoding", coding)]),
                "{coding}"
            );
        }
    }

    async fn read_json(rule: BodyRule, typed: bool, body: Body) -> Result<usize, Input> {
        let mut headers = HeaderMap::new();
        if typed {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        read(rule, &headers, body).await.map(|bytes| bytes.len())
    }

    /// A body without end that counts the bytes it was asked for.
    struct Endless(Arc<AtomicUsize>);

    impl http_body::Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.fetch_add(1024, Ordering::Relaxed);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1024])))))
        }
    }

    #[tokio::test]
    async fn i02_a_body_is_cut_at_the_limit() {
        assert_eq!(
            read_json(BodyRule::Json, true, vec![b' '; MAX_LENGTH].into()).await,
            Ok(MAX_LENGTH)
        );
        let over = vec![b' '; MAX_LENGTH + 1];
        assert_eq!(
            read_json(BodyRule::Json, true, over.into()).await,
            Err(Input::TooLarge)
        );
        let asked = Arc::default();
        let endless = Body::new(Endless(Arc::clone(&asked)));
        assert_eq!(
            read_json(BodyRule::Json, true, endless).await,
            Err(Input::TooLarge)
        );
        assert!(asked.load(Ordering::Relaxed) <= MAX_LENGTH + 1024);
    }

    #[tokio::test]
    async fn an_empty_body_needs_no_type_where_the_body_is_optional() {
        assert_eq!(
            read_json(BodyRule::OptionalJson, false, Body::empty()).await,
            Ok(0)
        );
        assert_eq!(
            read_json(BodyRule::OptionalJson, false, "{}".into()).await,
            Err(Input::UnsupportedMediaType)
        );
        assert_eq!(
            read_json(BodyRule::Json, false, Body::empty()).await,
            Err(Input::UnsupportedMediaType)
        );
        assert_eq!(read_json(BodyRule::Ignored, false, "junk".into()).await, Ok(0));
    }

    /// A body that does not say how long it is.
    struct Chunked(Option<Bytes>);

    impl http_body::Body for Chunked {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.take().map(|chunk| Ok(Frame::data(chunk))))
        }
    }

    #[tokio::test]
    async fn a_chunked_body_is_there_where_bytes_of_it_come() {
        let chunked = |chunk: Option<&'static str>| Body::new(Chunked(chunk.map(Bytes::from)));
        let (optional, demanded) = (BodyRule::OptionalJson, BodyRule::Json);
        let untyped = Err(Input::UnsupportedMediaType);
        assert_eq!(read_json(optional, false, chunked(None)).await, Ok(0));
        assert_eq!(read_json(optional, false, chunked(Some("{}"))).await, untyped);
        assert_eq!(read_json(optional, true, chunked(Some("{}"))).await, Ok(2));
        assert_eq!(read_json(demanded, false, chunked(None)).await, untyped);
    }
}
