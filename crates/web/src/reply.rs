//! From an answer to the response that leaves.

use crate::answer::Answer;
use crate::common_headers::{Circumstances, CommonHeaders};
use crate::cors::{self, Readers};
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::limit::Shown;
use crate::limit_headers::{self, LimitHeaders};
use crate::meter::Meter;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::security;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{Either, Full};
use serde::Serialize;
use vestibule_model::Timestamp;

/// What leaves: a ready body for answers, a streamed one for pages.
pub type Response = http::Response<Either<Full<Bytes>, Body>>;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name under which requests to no dialect are counted.
const NO_DIALECT: &str = "none";

/// An answer and what the kit adds to it.
pub(crate) struct Reply<'a> {
    content: Content<'a>,
    pub(crate) dialect: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) meter: Option<&'a Meter>,
    shown: Option<(LimitHeaders, Shown)>,
    readers: Readers,
}

/// What is answered, by how much of it is left to the kit.
enum Content<'a> {
    /// An answer of a route.
    AtRoute(Answer, &'a CommonHeaders, (LimitHeaders, Shown)),
    /// Another answer, or a page.
    Elsewhere(Response),
    /// What an upstream answered. What it says of itself stays.
    Passed(Response),
}

impl<'a> Reply<'a> {
    /// An answer of a dialect at one of its routes, where the client stands so, for these readers.
    pub(crate) fn at_route(
        answer: Answer,
        (dialect, route): (&Dialect, &'a Route),
        shown: Shown,
        readers: Readers,
    ) -> Self {
        Self {
            content: Content::AtRoute(answer, &route.headers, (dialect.limit_headers, shown)),
            dialect: dialect.door.name.as_str(),
            endpoint: route.endpoint,
            meter: Some(&route.meter),
            shown: None,
            readers,
        }
    }

    /// An answer of a dialect where it has no route.
    pub(crate) fn of(answer: Answer, endpoint: Endpoint, dialect: &Dialect) -> Self {
        Self::new(
            Content::Elsewhere(answer.into()),
            endpoint,
            dialect.door.name.as_str(),
        )
    }

    /// An answer outside all dialects.
    pub(crate) fn page(response: Response, endpoint: Endpoint) -> Self {
        Self::new(Content::Elsewhere(response), endpoint, NO_DIALECT)
    }

    /// A refusal outside all dialects (RFC 9457).
    pub(crate) fn problem(endpoint: Endpoint, status: StatusCode, id: &RequestId) -> Self {
        #[derive(Serialize)]
        struct Problem<'a> {
            r#type: &'a str,
            title: &'a str,
            status: u16,
            request_id: &'a str,
        }
        let title = status.canonical_reason().unwrap_or_default();
        let problem = Problem {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            request_id: id.as_str(),
        };
        let mut response: Response = Answer::problem(status.as_u16(), &problem).into();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, 1.into());
        }
        Self::page(response, endpoint)
    }

    const fn new(content: Content<'a>, endpoint: Endpoint, dialect: &'static str) -> Self {
        Self {
            content,
            dialect,
            endpoint,
            meter: None,
            shown: None,
            readers: Readers::OwnOrigin,
        }
    }

    /// An upstream's answer to a request that this dialect let pass.
    pub(crate) fn passed(passed: http::Response<Body>, endpoint: Endpoint, dialect: &Dialect) -> Self {
        let passed = Content::Passed(passed.map(Either::Right));
        Self::new(passed, endpoint, dialect.door.name.as_str())
    }

    /// Counted by this meter.
    pub(crate) fn counted_by(mut self, meter: Option<&'a Meter>) -> Self {
        self.meter = meter;
        self
    }

    /// Shows where the client stands.
    pub(crate) fn showing(mut self, limits: LimitHeaders, shown: Shown) -> Self {
        self.shown = Some((limits, shown));
        self
    }

    /// Lets these read it.
    pub(crate) fn read_by(mut self, readers: Readers) -> Self {
        self.readers = readers;
        self
    }

    /// Ends the connection after it.
    pub(crate) fn closing(self) -> Self {
        self.with(CONNECTION, HeaderValue::from_static("close"))
    }

    /// With one more header, where it is no answer of a route.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let Content::Elsewhere(response) = &mut self.content {
            response.headers_mut().insert(name, value);
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        match &self.content {
            Content::AtRoute(answer, ..) => answer.status,
            Content::Elsewhere(response) | Content::Passed(response) => response.status(),
        }
    }

    /// Adds what every answer carries to a request that `arrived` then. `HEAD` gets the headers of `GET` alone.
    pub(crate) fn into_response(
        self,
        method: &Method,
        id: &RequestId,
        https: bool,
        arrived: impl FnOnce() -> Timestamp,
    ) -> Response {
        let Self {
            content,
            shown,
            readers,
            ..
        } = self;
        let response = match content {
            Content::AtRoute(answer, common, (style, shown)) => {
                let circumstances = Circumstances {
                    id,
                    style,
                    standing: &shown.standing,
                    readers,
                    https,
                };
                let mut response = {
                    let headers = common.of(&answer, circumstances, arrived);
                    answer.over(headers)
                };
                say_when(response.headers_mut(), &shown);
                response
            }
            Content::Elsewhere(mut response) => {
                add_to_all(response.headers_mut(), id, shown, readers, arrived);
                security::add(response.headers_mut(), https);
                response
            }
            Content::Passed(mut response) => {
                add_to_all(response.headers_mut(), id, shown, readers, arrived);
                security::add_to_passed(response.headers_mut(), https);
                return response;
            }
        };
        if method == Method::HEAD {
            return without_body(response);
        }
        response
    }
}

/// Adds what differs between answers.
fn add_to_all(
    headers: &mut HeaderMap,
    id: &RequestId,
    shown: Option<(LimitHeaders, Shown)>,
    readers: Readers,
    arrived: impl FnOnce() -> Timestamp,
) {
    headers.insert(REQUEST_ID, id.header());
    if let Some((style, shown)) = &shown {
        limit_headers::add(headers, *style, shown, arrived);
        say_when(headers, shown);
    }
    cors::allow(headers, readers);
}

/// Says when to come again to a client that is over its budget.
fn say_when(headers: &mut HeaderMap, shown: &Shown) {
    if shown.refused {
        headers.insert(RETRY_AFTER, limit_headers::seconds(shown.standing.reset).into());
    }
}

fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = http_body::Body::size_hint(&body).exact()
        && parts.headers.contains_key(CONTENT_TYPE)
    {
        parts.headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    http::Response::from_parts(parts, Either::Left(Full::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::{Budget, Limits, Rates};
    use crate::request_id::RequestIds;
    use crate::sample::{self, Zero};
    use http_body_util::BodyExt;
    use std::time::Duration;
    use vestibule_model::refusal::Throttled;

    /// The response to a request that came at the epoch.
    fn sent(reply: Reply<'_>, method: &Method) -> Response {
        let id = RequestIds::new(&Zero).next();
        reply.into_response(method, &id, false, || Timestamp::from_micros(0))
    }

    #[tokio::test]
    async fn head_has_the_headers_of_get_alone() {
        let answer = || Reply::of(Answer::json(200, &"hello"), Endpoint::Health, &sample::dialect());
        let (get, head) = (sent(answer(), &Method::GET), sent(answer(), &Method::HEAD));
        assert_eq!(get.headers()[CONTENT_TYPE], head.headers()[CONTENT_TYPE]);
        assert_eq!(head.headers()[CONTENT_LENGTH], "7");
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty());
        assert_eq!(get.into_body().collect().await.unwrap().to_bytes(), r#""hello""#);
    }

    #[test]
    fn l16_a_budget_is_shown_and_a_refusal_says_when_to_come_again() {
        let limits = Limits::new(Rates::default(), &Zero);
        let client = sample::client("192.0.2.1");
        let ask = || {
            let shown = limits.take(Budget::SignIn, client, Duration::from_secs(7));
            let reply = Reply::of(Answer::empty(200), Endpoint::Login, &sample::dialect());
            sent(reply.showing(LimitHeaders::DRAFT_7, shown), &Method::POST)
        };
        let first = ask();
        assert_eq!(first.headers()["ratelimit-policy"], "60;w=60");
        assert_eq!(first.headers()["ratelimit"], "limit=60, remaining=59, reset=60");
        assert_eq!(first.headers().get(RETRY_AFTER), None);
        (1..60).for_each(|_| drop(ask()));
        let refused = ask();
        assert_eq!(refused.headers()["ratelimit"], "limit=60, remaining=0, reset=60");
        assert_eq!(refused.headers()[RETRY_AFTER], "60");
    }

    #[test]
    fn l16_the_lock_of_an_account_says_when_it_ends_and_shows_the_clients_budget_as_any_refusal_does() {
        let limits = Limits::new(Rates::default(), &Zero);
        for style in [LimitHeaders::DRAFT_7, LimitHeaders::LEGACY] {
            let shown = limits.take(Budget::SignIn, sample::client("192.0.2.1"), Duration::ZERO);
            let retry_after = Duration::from_mins(5);
            let answer =
                crate::refuse::with_advice(Answer::empty(429), &Throttled::Account { retry_after }.into());
            let reply = Reply::of(answer, Endpoint::Login, &sample::dialect());
            let locked = sent(reply.showing(style, shown), &Method::POST);
            assert_eq!(locked.headers()[RETRY_AFTER], "300");
            for (name, _) in style.described() {
                assert!(locked.headers().contains_key(name), "{name}");
            }
        }
    }
}
