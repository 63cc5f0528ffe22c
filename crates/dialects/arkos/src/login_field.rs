//! By which field a login names its user (`contracts/arkos.md`, "Login identifiers").

use crate::settings::ArkosSettings;
use serde_json::{Map, Value};
use vestibule_ops::{Error, IdentifierField, identifier_field};
use vestibule_web::Call;

/// The fields that may name the user where nothing else is said.
const EITHER: [&str; 2] = ["username", "email"];

/// The field in force for one login.
pub(crate) struct LoginField {
    /// What operations look at.
    pub(crate) by: IdentifierField,
    /// The path that names it, where one does.
    path: Option<String>,
}

/// What somebody typed to log in.
pub(crate) struct Typed {
    pub(crate) identifier: String,
    pub(crate) password: String,
}

impl LoginField {
    /// That of `?usernameField=`, else the first of the project's, else an address or a username.
    pub(crate) fn of(call: &Call, settings: &ArkosSettings) -> Result<Self, Error> {
        let allowed = &settings.allowed_usernames;
        let path = call.query("usernameField")?.or_else(|| allowed.first().cloned());
        let by = match &path {
            Some(path) => identifier_field(&call.cx, path, allowed)?,
            None => IdentifierField::EmailOrUsername,
        };
        Ok(Self { by, path })
    }

    /// What stands for the field in messages: the last segment of its path.
    pub(crate) fn label(&self) -> &str {
        self.path.as_deref().map_or("email", last_segment)
    }

    /// Reads identifier and password, or says in the vendor's words what is missing.
    pub(crate) fn read(&self, mut body: Map<String, Value>) -> Result<Typed, String> {
        let missing = || format!("Please provide {} and password", self.label());
        let name = match &self.path {
            Some(path) => last_segment(path),
            None => EITHER
                .into_iter()
                .find(|name| body.contains_key(*name))
                .unwrap_or_default(),
        };
        let identifier = body.remove(name).filter(is_given).ok_or_else(missing)?;
        let Some(Value::String(password)) = body.remove("password").filter(is_given) else {
            return Err(missing());
        };
        let Value::String(identifier) = identifier else {
            let path = self.path.as_deref().unwrap_or(name);
            return Err(format!("Invalid {path} provided"));
        };
        Ok(Typed { identifier, password })
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn is_given(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(path: Option<&str>, body: Value) -> Result<(String, String), String> {
        let field = LoginField {
            by: IdentifierField::EmailOrUsername,
            path: path.map(str::to_owned),
        };
        let Value::Object(body) = body else { unreachable!() };
        let typed = field.read(body)?;
        Ok((typed.identifier, typed.password))
    }

    fn typed(identifier: &str) -> (String, String) {
        (identifier.to_owned(), "p".to_owned())
    }

    #[test]
    fn the_field_is_the_last_segment_of_its_path() {
        let body = json!({"number": "+258891234567", "password": "p", "email": "other"});
        assert_eq!(read(Some("phones.some.number"), body), Ok(typed("+258891234567")));
        assert_eq!(
            read(Some("email"), json!({"email": "a", "password": "p"})),
            Ok(typed("a"))
        );
    }

    #[test]
    fn without_a_path_either_name_is_read_and_username_first() {
        assert_eq!(
            read(None, json!({"username": "a", "password": "p"})),
            Ok(typed("a"))
        );
        assert_eq!(read(None, json!({"email": "b", "password": "p"})), Ok(typed("b")));
        assert_eq!(
            read(None, json!({"email": "b", "username": "a", "password": "p"})),
            Ok(typed("a"))
        );
    }

    #[test]
    fn i05_what_is_missing_is_said_by_the_last_segment_and_a_wrong_type_by_the_path() {
        for body in [
            json!({}),
            json!({"email": "a"}),
            json!({"password": "p"}),
            json!({"email": "", "password": "p"}),
            json!({"email": null, "password": "p"}),
            json!({"email": "a", "password": ""}),
            json!({"email": "a", "password": null}),
            json!({"email": "a", "password": 1}),
            json!({"email": "a", "password": {"$gt": ""}}),
        ] {
            let missing = Err("Please provide email and password".to_owned());
            assert_eq!(read(None, body.clone()), missing, "{body}");
            assert_eq!(read(Some("email"), body.clone()), missing, "{body}");
        }
        let path = Some("phones.some.number");
        assert_eq!(
            read(path, json!({"email": "a", "password": "p"})),
            Err("Please provide number and password".to_owned())
        );
        for wrong in [json!(1), json!(true), json!(["a"]), json!({"$gt": ""})] {
            assert_eq!(
                read(path, json!({"number": wrong, "password": "p"})),
                Err("Invalid phones.some.number provided".to_owned())
            );
            assert_eq!(
                read(None, json!({"username": wrong, "password": "p"})),
                Err("Invalid username provided".to_owned())
            );
        }
    }
}
