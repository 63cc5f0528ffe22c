//! `application/x-www-form-urlencoded`: the bodies of `/oauth/*` and query strings, read strictly.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};
use vestibule_model::refusal::Input;

/// The fields of a form, in order. A name that comes twice, bytes that are not UTF-8 and U+0000 are refused.
pub(crate) fn fields(text: &[u8]) -> Result<Map<String, Value>, Input> {
    let mut fields = Map::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        if let Some(_earlier) = fields.insert(name.clone(), Value::String(value)) {
            return Err(Input::Malformed(format!(
                "the parameter {name} was sent more than once"
            )));
        }
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, Input> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded = String::from_utf8(percent_decode(&spaced).collect())
        .map_err(|_| Input::Malformed("a parameter is not UTF-8".to_owned()))?;
    if decoded.contains('\0') {
        return Err(Input::Malformed(
            "a parameter contains the character U+0000".to_owned(),
        ));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded() {
        let fields = fields(b"grant_type=refresh_token&a+b=%C3%A9%2B&empty=&bare&&").unwrap();
        let read: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        assert_eq!(
            read,
            [
                ("grant_type", "refresh_token"),
                ("a b", "é+"),
                ("empty", ""),
                ("bare", "")
            ]
        );
    }

    #[test]
    fn i15_a_name_may_come_once_however_it_is_spelled() {
        for text in ["a=1&a=2", "a=1&%61=1", "a&a"] {
            assert!(
                matches!(fields(text.as_bytes()), Err(Input::Malformed(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn i08_what_no_string_can_hold_is_refused() {
        for text in ["a=%ff", "a=%00", "%C0%80=1", "a=%ED%A0%80"] {
            assert!(
                matches!(fields(text.as_bytes()), Err(Input::Malformed(_))),
                "{text}"
            );
        }
    }
}
