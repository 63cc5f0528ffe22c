//! Examples: values as they could be, and the command that sends them.

use super::docs_model::Operation;
use serde_json::Value;

/// A text that a field of this name could hold.
pub(super) fn text_for(name: &str, format: Option<&str>) -> &'static str {
    const ID: &str = "0199a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b";
    match (name, format) {
        ("email", _) => "ada@example.com",
        ("password" | "new_password", _) => "newSecurePassword123",
        ("current_password", _) => "SecureP@ss123",
        ("code", _) => "123456",
        ("name", _) => "Ada Lovelace",
        ("given_name", _) => "Ada",
        ("family_name", _) => "Lovelace",
        ("username", _) => "ada",
        ("refresh_token", _) => "rt_…",
        ("access_token", _) => "eyJhbGciOiJSUzI1NiIs…",
        ("token", _) => "…",
        ("token_type", _) => "Bearer",
        ("request_id", _) => "req_0199a1b2c3d47e5f",
        (_, Some("date-time")) => "2026-03-03T12:00:00.000Z",
        (_, Some("uuid")) => ID,
        (name, _) if name.ends_with("_at") => "2026-03-03T12:00:00.000Z",
        (name, _) if name == "id" || name.ends_with("_id") => ID,
        _ => "…",
    }
}

/// A number that a field of this name could hold.
pub(super) fn number_for(name: &str) -> Value {
    match name {
        "expires_in" => 900.into(),
        "status" => 400.into(),
        _ => 1.into(),
    }
}

/// The command that makes the request, with `$KEY` and `$TOKEN` for what the reader has.
pub(super) fn command(base: &str, operation: &Operation, schemes: &[&str]) -> String {
    let mut lines = vec![match operation.method.as_str() {
        "GET" => format!("curl {base}{}", operation.path),
        method => format!("curl -X {method} {base}{}", operation.path),
    }];
    for scheme in schemes {
        match *scheme {
            "api_key" => lines.push("-H \"X-API-Key: $KEY\"".into()),
            "bearer" => lines.push("-H \"Authorization: Bearer $TOKEN\"".into()),
            _ => {}
        }
    }
    if let Some(body) = &operation.body {
        if body.content_type == "application/json" {
            lines.push("-H 'Content-Type: application/json'".into());
            lines.push(format!("-d '{}'", body.value.to_string().replace('\'', "'\\''")));
        } else {
            let fields = body.value.as_object().into_iter().flatten();
            lines.extend(fields.map(|(name, value)| format!("-d {name}={}", value.as_str().unwrap_or("…"))));
        }
    }
    lines.join(" \\\n  ")
}
