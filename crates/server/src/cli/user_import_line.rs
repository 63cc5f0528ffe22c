//! One line of a file of users, and what is wrong with it in our own words.

use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule_ops::admin::users::{NewPassword, NewUser};

/// What some editors write before the first character of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Deserialize)]
struct Line {
    email: String,
    password: Option<String>,
    password_hash: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    public_metadata: Map<String, Value>,
    #[serde(flatten)]
    profile: Map<String, Value>,
}

/// Reads line `number` of a file: a user, or nothing where nothing stands.
pub fn read(number: u64, bytes: &[u8]) -> Result<Option<NewUser>, String> {
    let marked = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1);
    let text = std::str::from_utf8(marked.unwrap_or(bytes)).map_err(|error| {
        let byte = error.valid_up_to() + 1;
        format!("byte {byte} is not UTF-8: write the file anew in that encoding")
    })?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let line: Line = serde_json::from_str(text).map_err(|_| wrong(text))?;
    Ok(Some(line.into()))
}

/// What is wrong with a line that could not be read.
fn wrong(text: &str) -> String {
    let fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => return format!("not a JSON object: {}", named(&other)),
        Err(error) if error.is_eof() => return "not a JSON object: it ends too early".into(),
        Err(error) => {
            return format!(
                "not a JSON object: what stands at column {} does not belong there",
                error.column()
            );
        }
    };
    let is_set = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let mut texts = ["email", "password", "password_hash"].into_iter();
    if is_set("email").is_none() {
        "email is missing".into()
    } else if let Some(name) = texts.find(|name| is_set(name).is_some_and(|value| !value.is_string())) {
        format!("{name} must be text in quotes")
    } else if fields
        .get("email_verified")
        .is_some_and(|value| !value.is_boolean())
    {
        "email_verified must be true or false".into()
    } else if fields
        .get("public_metadata")
        .is_some_and(|value| !value.is_object())
    {
        "public_metadata must be an object".into()
    } else {
        "a field stands in it twice".into()
    }
}

const fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "it is null",
        Value::Bool(_) => "it is true or false",
        Value::Number(_) => "it is a number",
        Value::String(_) => "it is a text",
        Value::Array(_) => "it is a list",
        Value::Object(_) => "it is an object",
    }
}

impl From<Line> for NewUser {
    fn from(line: Line) -> Self {
        let plain = line.password.map(NewPassword::Plain);
        Self {
            email: line.email,
            email_verified: line.email_verified,
            password: line.password_hash.map(NewPassword::Hash).or(plain),
            profile: line.profile,
            public_metadata: line.public_metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[u8]) -> String {
        read(2, line).err().unwrap()
    }

    #[test]
    fn a_line_is_a_user_and_an_empty_one_is_nothing() {
        let user = read(
            1,
            b"{\"email\": \"ada@example.org\", \"password\": null, \"name\": \"Ada\"}\r\n",
        );
        let user = user.unwrap().unwrap();
        assert_eq!(
            (user.email.as_str(), user.password.is_none()),
            ("ada@example.org", true)
        );
        assert_eq!(user.profile["name"], "Ada");
        assert!(read(1, b" \n").unwrap().is_none());
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_at_the_beginning_of_the_file_alone() {
        let line = b"\xef\xbb\xbf{\"email\": \"ada@example.org\"}";
        assert!(read(1, line).unwrap().is_some());
        assert!(read(2, line).is_err());
        assert!(read(1, b"\xef\xbb\xbf\n").unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_in_our_own_words() {
        let lines: [(&[u8], &str); 12] = [
            (
                b"{\"email\": \"a\xff\"}",
                "byte 13 is not UTF-8: write the file anew in that encoding",
            ),
            (
                b"nonsense",
                "not a JSON object: what stands at column 2 does not belong there",
            ),
            (b"{\"email\": ", "not a JSON object: it ends too early"),
            (b"[]", "not a JSON object: it is a list"),
            (b"7", "not a JSON object: it is a number"),
            (b"{}", "email is missing"),
            (b"{\"email\": null}", "email is missing"),
            (b"{\"email\": 7}", "email must be text in quotes"),
            (
                b"{\"email\": \"a\", \"password\": 7}",
                "password must be text in quotes",
            ),
            (
                b"{\"email\": \"a\", \"email_verified\": \"yes\"}",
                "email_verified must be true or false",
            ),
            (
                b"{\"email\": \"a\", \"public_metadata\": []}",
                "public_metadata must be an object",
            ),
            (
                b"{\"email\": \"a\", \"email\": \"b\"}",
                "a field stands in it twice",
            ),
        ];
        for (line, told) in lines {
            assert_eq!(refused(line), told);
        }
    }
}
