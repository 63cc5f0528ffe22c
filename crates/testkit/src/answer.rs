//! What came back.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use std::fmt;

/// A whole answer: status, headers, body.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Answer {
    /// The only value of a header; `None` when there is none. Two values are a failure.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().expect("header values are ASCII");
        assert!(values.next().is_none(), "{name} is there twice");
        Some(value)
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("bodies are UTF-8")
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }

    /// A string of the body.
    #[track_caller]
    pub fn string(&self, field: &str) -> String {
        let found = self.json().get(field).and_then(Value::as_str).map(str::to_owned);
        found.unwrap_or_else(|| panic!("no {field}: {self}"))
    }

    /// The body, with the request id as `req_…` where it is the one of the header.
    #[track_caller]
    pub fn body_as_documented(&self) -> String {
        let id = self
            .header("x-request-id")
            .expect("every answer has an X-Request-Id");
        assert!(id.len() == 36 && id.starts_with("req_"), "{id}");
        self.text().replace(id, "req_…")
    }

    /// The answer without what differs between two equal ones: request id, limits, date.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.body = Bytes::from(self.body_as_documented());
        for name in ["x-request-id", "date"] {
            self.headers.remove(name);
        }
        let limits: Vec<_> = self.headers.keys().cloned().collect();
        for name in limits.iter().filter(|name| name.as_str().contains("ratelimit")) {
            self.headers.remove(name);
        }
        self
    }

    /// A success with this status; a failure shows the whole answer.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often only asked, as an assertion"
    )]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// A refusal in the Rakomi envelope: every field of it agrees with the status, the code and the header's id.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, self.string("code").as_str()),
            (status, code),
            "{self}"
        );
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self}"
        );
        let body = self.json();
        let said = |field: &str| body[field].to_string();
        let errors = body
            .get("errors")
            .map(|errors| format!(r#""errors":{errors},"#))
            .unwrap_or_default();
        let (title, detail) = (title(status), said("detail"));
        let whole = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"{code}","detail":{detail},"#
        ) + &format!(
            r#""request_id":"req_…",{errors}"error":{{"code":"{code}","message":{detail},"request_id":"req_…"}}}}"#
        );
        assert_eq!(self.body_as_documented(), whole);
        self
    }

    /// The names of the fields that a refusal of the body complains of.
    #[track_caller]
    pub fn wrong_fields(&self) -> Vec<String> {
        self.refused(400, "request/invalid_body");
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .filter_map(|error| error["field"].as_str().map(str::to_owned))
            .collect()
    }
}

/// The reason phrases of RFC 9110 §15, of which the library knows an older one.
fn title(status: u16) -> &'static str {
    if status == 413 {
        return "Content Too Large";
    }
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
