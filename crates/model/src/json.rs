//! The one JSON reader for text that strangers send: request bodies, JOSE headers and claims.
//!
//! RFC 8259 leaves open what a duplicate key means, and two readers that answer differently are a way to
//! show one thing to the check and another to the act. So whatever is open is refused here.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// How many arrays and objects may be open at once, the outermost included.
pub const MAX_DEPTH: usize = 32;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Not JSON: a syntax error, a byte order mark, a number out of range, or something after the end.
    #[error("the text is not one JSON value")]
    Syntax,
    /// JSON, but the outermost value is not an object.
    #[error("the outermost value is not a JSON object")]
    NotAnObject,
    /// An object, at any level, names a key twice.
    #[error("an object names a key twice")]
    DuplicateKey,
    /// More than [`MAX_DEPTH`] arrays and objects are open at once.
    #[error("the value is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A string or a key contains U+0000, which `PostgreSQL` cannot store.
    #[error("a string contains the character U+0000")]
    Nul,
}

/// Reads a JSON object: UTF-8 without byte order mark, no key twice at any level, at most [`MAX_DEPTH`] levels,
/// no U+0000 in a string or key, every number finite, nothing but white space after the end.
pub fn object(text: &[u8]) -> Result<Map<String, Value>, Problem> {
    let text = std::str::from_utf8(text).map_err(|_| Problem::NotUtf8)?;
    let problem = Cell::new(Problem::Syntax);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict {
        left: MAX_DEPTH,
        problem: &problem,
    }
    .deserialize(&mut reader)
    .map_err(|_| problem.get())?;
    reader.end().map_err(|_| Problem::Syntax)?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(Problem::NotAnObject),
    }
}

/// Builds a value while counting levels. The reason goes into `problem`, because serde's errors carry only text.
#[derive(Clone, Copy)]
struct Strict<'a> {
    left: usize,
    problem: &'a Cell<Problem>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, problem: Problem) -> E {
        self.problem.set(problem);
        E::custom(problem)
    }

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(self.refuse(Problem::TooDeep)),
        }
    }

    fn text<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        if text.contains('\0') {
            Err(self.refuse(Problem::Nul))
        } else {
            Ok(text)
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, it: f64) -> Result<Value, E> {
        Number::from_f64(it)
            .map(Value::Number)
            .ok_or_else(|| E::custom(Problem::Syntax))
    }

    fn visit_str<E: serde::de::Error>(self, it: &str) -> Result<Value, E> {
        self.visit_string(it.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, it: String) -> Result<Value, E> {
        self.text(it).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (inner, mut array) = (self.inner()?, Vec::new());
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (inner, mut map) = (self.inner()?, Map::new());
        while let Some(key) = entries.next_key::<String>()? {
            let key = self.text(key)?;
            if map.contains_key(&key) {
                return Err(self.refuse(Problem::DuplicateKey));
            }
            map.insert(key, entries.next_value_seed(inner)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: impl AsRef<[u8]>) -> Problem {
        object(text.as_ref()).unwrap_err()
    }

    #[test]
    fn an_object_is_read_whole_and_in_order() {
        let map = object(br#" {"b":[1,-2,3.5,true,null],"a":{"x":"\ud83d\ude00"}} "#).unwrap();
        assert_eq!(
            serde_json::to_string(&map).unwrap(),
            "{\"b\":[1,-2,3.5,true,null],\"a\":{\"x\":\"😀\"}}"
        );
    }

    #[test]
    fn a_key_may_stand_once_at_every_level_however_it_is_escaped() {
        for text in [
            r#"{"email":1,"email":1}"#,
            r#"{"a":[{"b":{"c":1,"c":2}}]}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(problem(text), Problem::DuplicateKey, "{text}");
        }
        assert!(object(br#"{"a":{"a":{"a":1}},"A":2}"#).is_ok());
    }

    #[test]
    fn depth_is_bounded_to_the_level() {
        let nested =
            |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(object(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(problem(nested(MAX_DEPTH + 1)), Problem::TooDeep);
        assert_eq!(problem(nested(100_000)), Problem::TooDeep);
        assert_eq!(problem("{\"a\":".repeat(100_000)), Problem::TooDeep);
    }

    #[test]
    fn what_is_not_exactly_one_json_value_is_refused() {
        for text in [
            "",
            "{",
            "{}x",
            "{} {}",
            "{\"a\":NaN}",
            "{\"a\":1e400}",
            "{\"a\":-1e400}",
            "{\"a\":01}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":1}//",
            "/**/{}",
            "\u{feff}{}",
            "{\"a\":Infinity}",
            "{\"a\":\"\n\"}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00\ud800"}"#,
            r#"{"\ud800":1}"#,
        ] {
            assert_eq!(problem(text), Problem::Syntax, "{text}");
        }
        for text in ["[]", "null", "\"{}\"", "1"] {
            assert_eq!(problem(text), Problem::NotAnObject, "{text}");
        }
    }

    #[test]
    fn text_is_utf8_and_never_holds_nul() {
        assert_eq!(problem(b"{\"a\":\"\xc0\x80\"}"), Problem::NotUtf8);
        assert_eq!(problem(b"{\"a\":\"\xed\xa0\x80\"}"), Problem::NotUtf8);
        assert_eq!(problem(b"{\0\"\0a\0\"\0:\x001\0}\0"), Problem::Syntax);
        for text in [
            r#"{"a":"x\u0000y"}"#,
            r#"{"\u0000":1}"#,
            r#"{"a":[{"b":"\u0000"}]}"#,
        ] {
            assert_eq!(problem(text), Problem::Nul, "{text}");
        }
    }
}
