//! Fields of a query or of a form's body (`application/x-www-form-urlencoded`).

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;

/// The fields, in order. A text that is not UTF-8 is not guessed at: a password must arrive as it was typed.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the fields; `None` when they are not well-formed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let decode = |part: &str| {
            let spaced = part.replace('+', " ");
            percent_decode_str(&spaced)
                .decode_utf8()
                .ok()
                .map(std::borrow::Cow::into_owned)
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let fields = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        fields.collect::<Option<_>>().map(Self)
    }

    /// Reads what a browser sent; `None` when it is no form.
    pub(super) fn of_body(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let sent = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = sent.split(';').next().unwrap_or_default().trim();
        let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        is_form.then(|| Self::parse(std::str::from_utf8(body).ok()?))?
    }

    /// A field that stands there once and is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self
            .0
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.as_str());
        let first = values.next().filter(|value| !value.is_empty());
        if values.next().is_some() { None } else { first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_a_doubled_or_empty_one_is_none() {
        let form = Form::parse("token=a%2Bb&name=A+B%20C&twice=1&twice=2&empty=&flag").unwrap();
        assert_eq!(
            (form.get("token"), form.get("name")),
            (Some("a+b"), Some("A B C"))
        );
        for absent in ["twice", "empty", "flag", "other"] {
            assert_eq!(form.get(absent), None, "{absent}");
        }
        assert!(Form::parse("password=%ff").is_none());
    }

    #[test]
    fn only_a_form_is_a_form() {
        let body = Bytes::from_static(b"token=a");
        for (content_type, is_form) in [
            ("application/x-www-form-urlencoded", true),
            ("application/x-www-form-urlencoded; charset=utf-8", true),
            ("text/plain", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(
                Form::of_body(&headers, &body).is_some(),
                is_form,
                "{content_type}"
            );
        }
        assert!(Form::of_body(&HeaderMap::new(), &body).is_none());
    }
}
