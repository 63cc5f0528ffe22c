//! Reading fields so that all that is wrong with a body is told at once.

use serde_json::{Map, Value};
use vestibule_model::Refusal;
use vestibule_model::refusal::{FieldError, Input};

/// The fields of a body. Each reader returns a value in any case and notes what is wrong; the whole is refused
/// afterwards when anything was.
pub struct Fields {
    values: Map<String, Value>,
    wrong: Vec<FieldError>,
}

impl Fields {
    /// Reads a shape from these fields, or refuses with every error found on the way.
    pub(crate) fn read<T>(
        values: Map<String, Value>,
        shape: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, Refusal> {
        let mut fields = Self {
            values,
            wrong: Vec::new(),
        };
        let read = shape(&mut fields);
        if fields.wrong.is_empty() {
            Ok(read)
        } else {
            Err(Input::Fields(fields.wrong).into())
        }
    }

    /// A string that must be there and not be empty.
    pub fn text(&mut self, name: &str) -> String {
        match self.values.remove(name) {
            Some(value) => self.non_empty(name, value),
            None => self.wrong_as(name, "required", "is required"),
        }
    }

    /// A string that may be absent or `null`.
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.values.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => self.wrong_as(name, "type", "must be a string"),
        }
    }

    /// A string or `null`; `None` when the field is absent, so that the two can be told apart.
    pub fn text_or_null(&mut self, name: &str) -> Option<Value> {
        match self.values.remove(name) {
            Some(value @ (Value::Null | Value::String(_))) => Some(value),
            Some(_) => self.wrong_as(name, "type", "must be a string or null"),
            None => None,
        }
    }

    /// A field that cannot be changed here, and that may be sent back as it is.
    pub fn unchanged(&mut self, name: &str, present: &Value) {
        if self.values.remove(name).is_some_and(|value| value != *present) {
            self.refuse_by(name, "readOnly", "cannot be changed here");
        }
    }

    /// A string that must be there and not be empty, under the first of two names that is present.
    pub fn text_of_either(&mut self, name: &str, other: &str) -> String {
        let present = if self.values.contains_key(name) || !self.values.contains_key(other) {
            name
        } else {
            other
        };
        self.text(present)
    }

    /// An object that may be absent or `null`.
    pub fn optional_object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.values.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(object),
            Some(_) => self.wrong_as(name, "type", "must be an object"),
        }
    }

    /// A value of any type, `null` too; nothing when the field is absent.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name)
    }

    /// Whether a field is present and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// Notes that a field is wrong; the message is a predicate, such as `must be a string`.
    pub fn refuse(&mut self, name: &str, message: &str) {
        self.refuse_by(name, "invalid", message);
    }

    /// Notes that a field breaks a rule that has a name, such as `enum`.
    pub fn refuse_by(&mut self, name: &str, rule: &'static str, message: &str) {
        self.wrong.push(FieldError::new(name, rule, message));
    }

    fn non_empty(&mut self, name: &str, value: Value) -> String {
        match value {
            Value::String(text) if text.is_empty() => self.wrong_as(name, "minLength", "must not be empty"),
            Value::String(text) => text,
            _ => self.wrong_as(name, "type", "must be a string"),
        }
    }

    fn wrong_as<T: Default>(&mut self, name: &str, rule: &'static str, message: &str) -> T {
        self.refuse_by(name, rule, message);
        T::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T>(values: Value, shape: impl FnOnce(&mut Fields) -> T) -> Result<T, Vec<(String, String)>> {
        let Value::Object(values) = values else {
            unreachable!()
        };
        Fields::read(values, shape).map_err(|refusal| match refusal {
            Refusal::Input(Input::Fields(wrong)) => {
                wrong.into_iter().map(|it| (it.field, it.message)).collect()
            }
            other => unreachable!("{other:?}"),
        })
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let refused = read(
            json!({"email": [], "password": "", "meta": 1, "name": {"$gt": ""}}),
            |f| {
                (
                    f.text("email"),
                    f.text("password"),
                    f.text("code"),
                    f.optional_object("meta"),
                    f.optional_text("name"),
                )
            },
        );
        let told: Vec<_> = refused.unwrap_err();
        let told: Vec<_> = told
            .iter()
            .map(|(field, message)| (field.as_str(), message.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("email", "must be a string"),
                ("password", "must not be empty"),
                ("code", "is required"),
                ("meta", "must be an object"),
                ("name", "must be a string"),
            ]
        );
    }

    #[test]
    fn i05_no_other_type_becomes_a_string() {
        for value in [json!(null), json!(1), json!(true), json!([]), json!({"$gt": ""})] {
            assert!(
                read(json!({"email": value}), |f| f.text("email")).is_err(),
                "{value}"
            );
        }
    }

    #[test]
    fn a_field_with_two_names_is_taken_from_the_one_that_is_there() {
        let either = |values| read(values, |f| f.text_of_either("password", "new_password"));
        assert_eq!(either(json!({"new_password": "a"})).unwrap(), "a");
        assert_eq!(
            either(json!({"password": "b", "new_password": "a"})).unwrap(),
            "b"
        );
        assert_eq!(
            either(json!({})).unwrap_err(),
            [("password".to_owned(), "is required".to_owned())]
        );
        assert!(either(json!({"password": "", "new_password": "a"})).is_err());
    }

    #[test]
    fn what_is_absent_and_what_is_null_can_be_told_apart() {
        let either = |values| read(values, |f| f.text_or_null("name"));
        assert_eq!(either(json!({})).unwrap(), None);
        assert_eq!(either(json!({"name": null})).unwrap(), Some(Value::Null));
        assert_eq!(either(json!({"name": "Ada"})).unwrap(), Some("Ada".into()));
        assert!(either(json!({"name": ["Ada"]})).is_err());
    }

    #[test]
    fn r02_what_cannot_be_changed_may_only_be_sent_back_as_it_is() {
        let back = |values| read(values, |f| f.unchanged("verified", &false.into()));
        for same in [json!({}), json!({"verified": false})] {
            back(same).unwrap();
        }
        for other in [json!(true), json!(null), json!("false"), json!(0)] {
            let wrong = [("verified".to_owned(), "cannot be changed here".to_owned())];
            assert_eq!(back(json!({"verified": other})).unwrap_err(), wrong);
        }
    }

    #[test]
    fn null_is_absent_where_a_field_may_be_absent() {
        let optional = read(json!({"a": null, "b": null}), |f| {
            (f.has("a"), f.optional_text("a"), f.optional_object("b"))
        });
        assert_eq!(optional.unwrap(), (false, None, None));
        let values = read(json!({"a": null}), |f| (f.value("a"), f.value("b")));
        assert_eq!(values.unwrap(), (Some(Value::Null), None));
    }
}
