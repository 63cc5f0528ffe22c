//! Who was let in, as an upstream is told.

use crate::request_id::RequestId;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

const USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What cannot stand for itself in a header; letters outside ASCII are escaped too.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');
/// A comma parts two roles.
const ESCAPED_ROLE: &AsciiSet = &ESCAPED.add(b',').add(b' ');

/// A signed-in user as one dialect shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id in the dialect's own form.
    pub user_id: String,
    /// The canonical address.
    pub email: String,
    /// The roles that the dialect shows, earliest assigned first.
    pub roles: Vec<String>,
}

impl Identity {
    /// Sets the headers by which an upstream knows the user, and that of the request. All of them are always set, so
    /// that what a client sent never stays. What could be read as more than one value is escaped (RFC 3986 §2.1).
    pub fn tell(&self, headers: &mut HeaderMap, request: &RequestId) {
        headers.insert(USER_ID, value(&self.user_id, ESCAPED));
        headers.insert(EMAIL, value(&self.email, ESCAPED));
        headers.insert(ROLES, self.roles());
        headers.insert(REQUEST_ID, request.header());
    }

    fn roles(&self) -> HeaderValue {
        let mut joined = String::new();
        for role in &self.roles {
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.extend(utf8_percent_encode(role, ESCAPED_ROLE));
        }
        value(&joined, CONTROLS)
    }
}

fn value(text: &str, escaped: &'static AsciiSet) -> HeaderValue {
    let text = std::borrow::Cow::from(utf8_percent_encode(text, escaped));
    // What is left is visible ASCII and spaces, so this cannot fail.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(email: &str, roles: &[&str]) -> (String, String) {
        let identity = Identity {
            user_id: "42".to_owned(),
            email: email.to_owned(),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
        };
        let mut headers = HeaderMap::new();
        headers.append("x-auth-email", HeaderValue::from_static("sent@by.client"));
        identity.tell(&mut headers, &RequestId::example());
        assert_eq!(headers.len(), 4);
        assert_eq!(headers["x-auth-user-id"], "42");
        let text = |name| headers[name].to_str().unwrap().to_owned();
        (text("x-auth-email"), text("x-auth-roles"))
    }

    #[test]
    fn g03_no_value_can_be_read_as_two() {
        assert_eq!(
            told("ada@example.org", &["client", "admin"]),
            ("ada@example.org".into(), "client,admin".into())
        );
        assert_eq!(
            told("a\r\nX-Auth-Roles: admin", &[]),
            ("a%0D%0AX-Auth-Roles: admin".into(), String::new())
        );
        assert_eq!(
            told("é%@x", &["a,admin", "b c", "é", "%2C"]).1,
            "a%2Cadmin,b%20c,%C3%A9,%252C"
        );
        assert_eq!(told("é%@x", &[]).0, "%C3%A9%25@x");
    }
}
