//! An answer, before the kit adds what every answer carries.

use crate::header_text::HeaderText;
use crate::reply::Response;
use crate::security::NO_STORE;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{Either, Full};
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use vestibule_model::refusal::Token;
use vestibule_model::{Refusal, Timestamp};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const BEARER: HeaderValue = HeaderValue::from_static(r#"Bearer realm="vestibule""#);
const BEARER_INVALID: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="vestibule", error="invalid_token""#);
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Status, headers and body that a handler or a dialect's `answer` chooses.
///
/// The kit adds the request id, the limits, CORS, the security headers and, unless [`Answer::cached`] says
/// otherwise, `Cache-Control: no-store`.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: Kind,
    /// What else it sets; most answers set nothing.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What nearly all answers of a route say alike of their bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kind {
    media: Option<Media>,
    /// How long anybody may keep it.
    max_age: Option<Duration>,
}

/// What an answer's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    Json,
    Problem,
}

impl Kind {
    /// Says it in these headers.
    pub(crate) fn say(self, headers: &mut HeaderMap) {
        match self.media {
            Some(Media::Json) => headers.insert(CONTENT_TYPE, JSON),
            Some(Media::Problem) => headers.insert(CONTENT_TYPE, PROBLEM),
            None => headers.remove(CONTENT_TYPE),
        };
        let kept = self.max_age.and_then(|max_age| {
            let mut kept = HeaderText::new();
            kept.text("public, max-age=").number(max_age.as_secs()).value()
        });
        headers.insert(CACHE_CONTROL, kept.unwrap_or(NO_STORE));
    }
}

impl Answer {
    /// `application/json`, written in the order of the type's fields. A value that cannot be written (a map
    /// with keys that are not strings) is a defect and answers 500 without a body.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self::json_as(status, Media::Json, body)
    }

    /// `application/problem+json` (RFC 9457).
    pub fn problem(status: u16, body: &impl Serialize) -> Self {
        Self::json_as(status, Media::Problem, body)
    }

    fn json_as(status: u16, media: Media, body: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(512);
        match serde_json::to_writer(&mut bytes, body) {
            Ok(()) => Self::new(status, media, bytes.into()),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                Self::empty(500)
            }
        }
    }

    /// `application/json` that is written already.
    pub fn written_json(status: u16, body: Bytes) -> Self {
        Self::new(status, Media::Json, body)
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self {
            status: code(status),
            kind: Kind::default(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    fn new(status: u16, media: Media, body: Bytes) -> Self {
        Self {
            kind: Kind {
                media: Some(media),
                max_age: None,
            },
            body,
            ..Self::empty(status)
        }
    }

    /// Sets a header. The name is lower-case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Sets a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: &Cookie<'_>) -> Self {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            self.headers.append(SET_COOKIE, value);
        }
        self
    }

    /// Says, in a 401 on a route that takes a bearer token, that one is wanted, or that the one sent is not good
    /// (RFC 6750 §3). Other answers stay as they are.
    #[must_use]
    pub fn challenging(mut self, refusal: &Refusal) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            let presented = matches!(refusal, Refusal::Token(token) if *token != Token::Missing);
            let challenge = if presented { BEARER_INVALID } else { BEARER };
            self.headers.insert(WWW_AUTHENTICATE, challenge);
        }
        self
    }

    /// Lets anybody keep the answer for this long.
    #[must_use]
    pub const fn cached(mut self, max_age: Duration) -> Self {
        self.kind.max_age = Some(max_age);
        self
    }

    /// The response, with these headers where the answer sets no others.
    pub(crate) fn over(self, mut headers: HeaderMap) -> Response {
        if !self.headers.is_empty() {
            headers.extend(self.headers);
        }
        let mut response = http::Response::new(Either::Left(Full::new(self.body)));
        (*response.status_mut(), *response.headers_mut()) = (self.status, headers);
        response
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let mut headers = HeaderMap::with_capacity(16);
        answer.kind.say(&mut headers);
        answer.over(headers)
    }
}

/// A cookie that scripts cannot read and that pages of other sites do not send along (RFC 6265bis).
#[derive(Clone, Copy, Debug)]
pub struct Cookie<'a> {
    /// Its name.
    pub name: &'static str,
    /// Its value: a token, or nothing.
    pub value: &'a str,
    /// When browsers forget it; the beginning of 1970 makes them forget it now.
    pub expires: Timestamp,
    /// Whether it is sent over TLS alone.
    pub secure: bool,
}

impl fmt::Display for Cookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, value, expires) = (self.name, self.value, self.expires.http_date());
        write!(
            f,
            "{name}={value}; Path=/; Expires={expires}; HttpOnly; SameSite=Lax"
        )?;
        f.write_str(if self.secure { "; Secure" } else { "" })
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_order_of_the_fields() {
        #[derive(Serialize)]
        struct Body {
            b: u8,
            a: Option<u8>,
        }
        let answer = Answer::json(201, &Body { b: 1, a: None });
        assert_eq!(answer.status, 201);
        assert_eq!(answer.body, r#"{"b":1,"a":null}"#);
        assert_eq!(Response::from(answer).headers()[CONTENT_TYPE], "application/json");
    }

    #[test]
    fn s02_a_cookie_has_every_attribute_that_protects_it() {
        let cookie = Cookie {
            name: "sample",
            value: "a.b.c",
            expires: Timestamp::from_seconds(784_111_777),
            secure: true,
        };
        let answer = Answer::empty(204).cookie(&cookie);
        assert_eq!(
            answer.headers[SET_COOKIE],
            "sample=a.b.c; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; SameSite=Lax; Secure"
        );
        let plain = Cookie {
            secure: false,
            ..cookie
        };
        assert!(plain.to_string().ends_with("SameSite=Lax"));
    }

    #[test]
    fn a_refused_token_is_challenged_and_no_other_refusal_is() {
        let challenge = |status, token: Token| {
            let answer = Answer::empty(status).challenging(&token.into());
            answer.headers.get(WWW_AUTHENTICATE).cloned()
        };
        assert_eq!(challenge(401, Token::Missing), Some(BEARER));
        assert_eq!(challenge(401, Token::Expired), Some(BEARER_INVALID));
        assert_eq!(challenge(403, Token::Expired), None);
    }

    #[test]
    fn an_answer_may_be_kept_only_where_it_says_so() {
        let answer = Answer::json(200, &()).cached(Duration::from_mins(5));
        assert_eq!(
            Response::from(answer).headers()[CACHE_CONTROL],
            "public, max-age=300"
        );
    }
}
