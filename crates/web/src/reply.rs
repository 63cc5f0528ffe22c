//! From an answer to the response that leaves.

use crate::answer::Answer;
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
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{Either, Full};
use serde::Serialize;
use vestibule_model::refusal::NotFound;
use vestibule_model::{Refusal, Timestamp};

/// What leaves: a ready body for answers, a streamed one for pages.
pub type Response = http::Response<Either<Full<Bytes>, Body>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name under which requests to no dialect are counted.
const NO_DIALECT: &str = "none";

/// An answer and what the kit adds to it.
pub(crate) struct Reply<'a> {
    response: Response,
    pub(crate) dialect: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) meter: Option<&'a Meter>,
    shown: Option<(LimitHeaders, Shown)>,
    readers: Readers,
    passed: bool,
}

impl<'a> Reply<'a> {
    /// An answer of a dialect.
    pub(crate) fn of(answer: Answer, endpoint: Endpoint, dialect: &Dialect) -> Self {
        Self::new(answer.into(), endpoint, dialect.door.name.as_str())
    }

    /// An answer outside all dialects.
    pub(crate) fn page(response: Response, endpoint: Endpoint) -> Self {
        Self::new(response, endpoint, NO_DIALECT)
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

    fn new(response: Response, endpoint: Endpoint, dialect: &'static str) -> Self {
        Self {
            response,
            dialect,
            endpoint,
            meter: None,
            shown: None,
            readers: Readers::OwnOrigin,
            passed: false,
        }
    }

    /// An upstream's answer to a request that this dialect let pass. What it says of itself stays.
    pub(crate) fn passed(passed: http::Response<Body>, endpoint: Endpoint, dialect: &Dialect) -> Self {
        let reply = Self::new(passed.map(Either::Right), endpoint, dialect.door.name.as_str());
        Self {
            passed: true,
            ..reply
        }
    }

    /// Counted by this meter.
    pub(crate) fn counted_by(mut self, meter: Option<&'a Meter>) -> Self {
        self.meter = meter;
        self
    }

    /// Of this route, where the client stands so.
    pub(crate) fn at(mut self, route: &'a Route, limits: LimitHeaders, shown: Shown) -> Self {
        self.meter = Some(&route.meter);
        self.showing(limits, shown)
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
    pub(crate) fn closing(mut self) -> Self {
        self.response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Adds what every answer carries to a request that `arrived` then. `HEAD` gets the headers of `GET` alone.
    pub(crate) fn into_response(
        mut self,
        method: &Method,
        id: &RequestId,
        https: bool,
        arrived: impl FnOnce() -> Timestamp,
    ) -> Response {
        let headers = self.response.headers_mut();
        headers.insert(REQUEST_ID, id.header());
        if let Some((style, shown)) = &self.shown {
            limit_headers::add(headers, *style, shown, arrived);
            if shown.refused {
                headers.insert(RETRY_AFTER, limit_headers::seconds(shown.standing.reset).into());
            }
        }
        cors::allow(headers, self.readers);
        if self.passed {
            security::add_to_passed(headers, https);
            return self.response;
        }
        security::add(headers, https);
        if method == Method::HEAD {
            return without_body(self.response);
        }
        self.response
    }
}

/// Adds what a refusal says to clients of any dialect: when to come again, and which methods there are. A dialect that
/// says 404 to another method does not admit that there are any.
pub(crate) fn with_advice(mut answer: Answer, refusal: &Refusal) -> Answer {
    if let Some(wait) = refusal.retry_after() {
        answer
            .headers
            .insert(RETRY_AFTER, limit_headers::seconds(wait).max(1).into());
    }
    if let Refusal::NotFound(NotFound::Method { allow }) = refusal
        && answer.status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(allow) = HeaderValue::from_str(allow)
    {
        answer.headers.insert(ALLOW, allow);
    }
    answer
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

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let mut response = http::Response::new(Either::Left(Full::new(answer.body)));
        (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::{Budget, Limits, Rates};
    use crate::request_id::RequestIds;
    use crate::sample::{self, Zero};
    use http_body_util::BodyExt;
    use std::time::Duration;
    use vestibule_model::refusal::{Failed, Throttled};

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
            let answer = with_advice(Answer::empty(429), &Throttled::Account { retry_after }.into());
            let reply = Reply::of(answer, Endpoint::Login, &sample::dialect());
            let locked = sent(reply.showing(style, shown), &Method::POST);
            assert_eq!(locked.headers()[RETRY_AFTER], "300");
            for (name, _) in style.described() {
                assert!(locked.headers().contains_key(name), "{name}");
            }
        }
    }

    #[test]
    fn advice_goes_with_every_dialects_refusal() {
        let advised_at = |status, refusal: Refusal| with_advice(Answer::empty(status), &refusal).headers;
        let advised = |refusal| advised_at(400, refusal);
        let half_a_second = Duration::from_millis(500);
        assert_eq!(
            advised(
                Throttled::Account {
                    retry_after: half_a_second
                }
                .into()
            )[RETRY_AFTER],
            "1"
        );
        assert_eq!(
            advised(
                Failed::Overloaded {
                    retry_after: Duration::ZERO
                }
                .into()
            )[RETRY_AFTER],
            "1"
        );
        let other_method = |status| {
            let allow = "GET, HEAD".into();
            advised_at(status, NotFound::Method { allow }.into())
        };
        assert_eq!(other_method(405)[ALLOW], "GET, HEAD");
        assert!(other_method(404).is_empty());
        assert!(advised(NotFound::Route.into()).is_empty());
    }
}
