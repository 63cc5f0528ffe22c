//! Settings of a project: setting one by its path, and what no setting may be.

use crate::core::Door;
use crate::roles::names;
use crate::user_schema::UserSchema;
use serde_json::{Map, Value};
use vestibule_model::refusal::Input;
use vestibule_model::settings::{DialectSettings, Links};
use vestibule_model::{Refusal, Settings};

/// Puts `value` at a dotted path (`tokens.refresh_overlap`) of what a project sets for itself; `null` takes the
/// project's own value away, so that the instance's holds again.
pub(crate) fn put(own: &mut Map<String, Value>, path: &str, value: Value) -> Result<(), Refusal> {
    if path.starts_with("user_schema.") {
        return Err(Refusal::field(
            path,
            "is part of user_schema, which is set as a whole",
        ));
    }
    let mut table = own;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if name.is_empty() {
            return Err(Refusal::field(path, "is not a path of names joined by dots"));
        }
        if names.peek().is_none() {
            if value.is_null() {
                table.shift_remove(name);
            } else {
                table.insert(name.to_owned(), value);
            }
            return Ok(());
        }
        let inner = table.entry(name).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(inner) = inner else {
            return Err(Refusal::field(path, "leads through a value that is not a table"));
        };
        table = inner;
    }
    Ok(())
}

/// Lays a project's own settings over the defaults and judges the result.
pub fn check(defaults: &Settings, own: &Map<String, Value>, doors: &[&Door]) -> Result<Settings, Refusal> {
    let settings =
        Settings::layered(defaults, own).map_err(|error| Refusal::field("settings", &error.to_string()))?;
    judge(&settings, doors)?;
    Ok(settings)
}

/// Says what is wrong with settings, whoever made them.
pub fn judge(settings: &Settings, doors: &[&Door]) -> Result<(), Refusal> {
    if let Some(schema) = &settings.user_schema {
        UserSchema::judge(schema).map_err(Input::Fields)?;
    }
    links(&settings.links)?;
    for origin in &settings.cors.allowed_origins {
        if !is_origin(origin) {
            return Err(Refusal::field(
                "cors.allowed_origins",
                "must hold origins such as https://app.example.com, without a path",
            ));
        }
    }
    if let Some(host) = settings.hosts.keys().find(|host| !is_host(host)) {
        return Err(Refusal::field(
            &format!("hosts.{host}"),
            "must be a host name in lower case, without a port",
        ));
    }
    if settings.tokens.refresh_overlap > 60 {
        return Err(Refusal::field(
            "tokens.refresh_overlap",
            "must be at most 60 seconds",
        ));
    }
    if !(1..=3650).contains(&settings.tokens.key_rotation_days) {
        return Err(Refusal::field(
            "tokens.key_rotation_days",
            "must be from 1 to 3650 days",
        ));
    }
    if settings.jwks.max_age > 86_400 {
        return Err(Refusal::field("jwks.max_age", "must be at most 86400 seconds"));
    }
    names::configured(&settings.roles)?;
    for (name, dialect) in &settings.dialects {
        let Some(door) = doors.iter().find(|door| door.name.as_str() == name) else {
            let known: Vec<_> = doors.iter().map(|door| door.name.as_str()).collect();
            let known = format!("is not an API that this release serves: {}", known.join(", "));
            return Err(Refusal::field(&format!("dialects.{name}"), &known));
        };
        lifetimes(name, dialect)?;
        door.own
            .read(&dialect.own)
            .map_err(|error| Refusal::field(&format!("dialects.{name}"), &error.to_string()))?;
    }
    Ok(())
}

fn links(links: &Links) -> Result<(), Refusal> {
    for (field, template) in [
        ("links.verify_email", &links.verify_email),
        ("links.reset_password", &links.reset_password),
    ] {
        let Some(template) = template else { continue };
        let web = template.starts_with("https://") || template.starts_with("http://");
        if !web
            || template.matches("{token}").count() != 1
            || template.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(Refusal::field(
                field,
                "must be an http or https URL with {token} in it once",
            ));
        }
    }
    Ok(())
}

fn is_origin(origin: &str) -> bool {
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '*' | '[' | ']'))
    })
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

fn lifetimes(name: &str, dialect: &DialectSettings) -> Result<(), Refusal> {
    let table = |field| format!("dialects.{name}.{field}");
    let day = 86_400;
    if dialect
        .access_token_lifetime
        .is_some_and(|seconds| !(30..=366 * day).contains(&seconds))
    {
        return Err(Refusal::field(
            &table("access_token_lifetime"),
            "must be from 30 seconds to 366 days",
        ));
    }
    if dialect
        .session_lifetime
        .is_some_and(|seconds| !(60..=3_660 * day).contains(&seconds))
    {
        return Err(Refusal::field(
            &table("session_lifetime"),
            "must be from 60 seconds to 10 years",
        ));
    }
    if dialect
        .password_minimum
        .is_some_and(|minimum| !(8..=64).contains(&minimum))
    {
        return Err(Refusal::field(
            &table("password_minimum"),
            "must be from 8 to 64 characters",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn own(value: Value) -> Map<String, Value> {
        let Value::Object(own) = value else { unreachable!() };
        own
    }

    #[test]
    fn a_setting_is_put_by_its_path_and_taken_away_by_null() {
        let mut settings = own(json!({"jwks": {"max_age": 60}}));
        put(&mut settings, "dialects.plain.issuer", json!("https://x.example")).unwrap();
        put(&mut settings, "jwks.max_age", Value::Null).unwrap();
        assert_eq!(
            Value::Object(settings.clone()),
            json!({"jwks": {}, "dialects": {"plain": {"issuer": "https://x.example"}}})
        );
        assert!(put(&mut settings, "dialects.plain.issuer.deeper", json!(1)).is_err());
        assert!(put(&mut settings, "jwks..max_age", json!(1)).is_err());
        assert!(
            put(
                &mut settings,
                "user_schema.properties.role",
                json!({"type": "string"})
            )
            .is_err()
        );
    }

    #[test]
    fn unsafe_and_unknown_settings_are_refused() {
        for wrong in [
            json!({"links": {"verify_email": "https://x.example/verify"}}),
            json!({"links": {"reset_password": "javascript:alert('{token}')"}}),
            json!({"cors": {"allowed_origins": ["https://x.example/"]}}),
            json!({"cors": {"allowed_origins": ["*"]}}),
            json!({"tokens": {"refresh_overlap": 61}}),
            json!({"tokens": {"refresh_overlapp": 1}}),
            json!({"tokens": {"key_rotation_days": 0}}),
            json!({"roles": {"mode": "fixed"}}),
            json!({"roles": {"static": {"editor": {"permissions": ["post"]}}}}),
            json!({"dialects": {"rakomy": {}}}),
            json!({"dialects": {"plain": {"isuer": "x"}}}),
            json!({"hosts": {"Auth.example.com": "live"}}),
            json!({"hosts": {"auth.example.com:80": "live"}}),
            json!({"hosts": {"auth.example.com": "prod"}}),
            json!({"dialects": {"plain": {"password_minimum": 4}}}),
            json!({"dialects": {"plain": {"access_token_lifetime": 0}}}),
            json!({"user_schema": {"properties": {"role": {"type": "string"}}}}),
        ] {
            assert!(
                check(&Settings::default(), &own(wrong.clone()), &[crate::tests::door()]).is_err(),
                "{wrong}"
            );
        }
        let good = json!({"links": {"verify_email": "https://x.example/v?t={token}"}, "cors": {"allowed_origins": ["http://localhost:*"]}});
        assert!(check(&Settings::default(), &own(good), &[crate::tests::door()]).is_ok());
    }
}
