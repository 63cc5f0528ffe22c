use super::docs_model::operations;
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "paths": {
            "/v1/auth/login": { "post": {
                "operationId": "login",
                "summary": "Log in",
                "security": [{ "api_key": [] }],
                "requestBody": {
                    "required": true,
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/LoginBody" } } }
                },
                "responses": {
                    "200": { "description": "Signed in", "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Tokens" } } } },
                    "204": { "description": "Nothing" }
                }
            } },
            "/v1/auth/me/sessions/{id}": { "delete": {
                "operationId": "revoke",
                "security": [{ "api_key": [], "bearer": [] }, { "bearer": [] }],
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                "responses": {}
            } }
        },
        "components": { "schemas": {
            "LoginBody": { "type": "object", "required": ["email"], "properties": {
                "email": { "type": "string", "description": "The address" },
                "password": { "type": "string" }
            } },
            "Tokens": { "type": "object", "properties": {
                "expires_in": { "type": "integer" },
                "name": { "type": ["string", "null"] },
                "inner": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Loop" }] }
            } },
            "Loop": { "type": "object", "properties": { "loop": { "$ref": "#/components/schemas/Loop" } } }
        } }
    })
}

#[test]
fn an_operation_shows_its_fields_answers_and_the_command_that_sends_it() {
    let shown = serde_json::to_value(operations(&document(), "http://localhost:7373")).unwrap();
    let login = &shown[0];
    assert_eq!(
        login["curl"],
        "curl -X POST http://localhost:7373/v1/auth/login \\\n  -H \"X-API-Key: $KEY\" \\\n  \
         -H 'Content-Type: application/json' \\\n  -d '{\"email\":\"ada@example.com\",\"password\":\"newSecurePassword123\"}'"
    );
    assert_eq!(
        login["body"]["fields"][0],
        json!({
            "name": "email", "kind": "string", "required": true, "description": "The address", "depth": 0
        })
    );
    assert_eq!(login["answers"][0]["body"]["fields"][1]["kind"], "string or null");
    assert_eq!(login["answers"][1]["body"], Value::Null);
    let revoke = &shown[1];
    assert_eq!(
        revoke["needs"],
        json!(["an API key and an access token", "an access token"])
    );
    assert_eq!(revoke["parameters"][0]["kind"], "string, in the path");
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let shown = serde_json::to_value(operations(&document(), "")).unwrap();
    let fields = shown[0]["answers"][0]["body"]["fields"].as_array().unwrap();
    assert_eq!(
        fields.iter().map(|field| field["depth"].as_u64().unwrap()).max(),
        Some(3)
    );
    assert_eq!(fields[2]["kind"], "object or null");
}
