//! Signing up where a project says what its users are.

use serde_json::{Value, json};
use vestibule_ops::admin::projects;
use vestibule_testkit::{PASSWORD, Server, operator, stories};

/// Declares the default project's user schema.
async fn declare(t: &Server, schema: Value) {
    let set = projects::set(t.core(), &operator(), t.project.id, "user_schema", schema).await;
    set.expect("a schema that is taken").expect("the default project");
}

stories! {
    async fn what_a_schema_demands_is_told_by_field(t: Server) {
        declare(&t, json!({
            "properties": {"name": {"type": "string", "minLength": 2, "pattern": "^[A-Z]"}, "badge": {"type": "string"}},
            "required": ["name", "badge"],
        })).await;
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "a"});

        let answer = t.rakomi().post("/v1/auth/register", body).await;

        answer.refused(400, "request/invalid_body");
        assert_eq!(answer.json()["errors"], json!([
            {"field": "name", "message": "must be at least 2 characters long"},
            {"field": "name", "message": "must match the pattern ^[A-Z]"},
            {"field": "badge", "message": "is required"},
        ]));
    }

    async fn a_schema_without_a_field_refuses_it_and_taken_away_lets_it_in_again(t: Server) {
        declare(&t, json!({"properties": {"nickname": {"type": "string"}}, "additionalProperties": false})).await;
        let body = |email: &str| json!({"email": email, "password": PASSWORD, "name": "Ada"});
        let answer = t.rakomi().post("/v1/auth/register", body("ada@example.org")).await;
        answer.refused(400, "request/invalid_body");
        assert_eq!(answer.json()["errors"][0], json!({"field": "name", "message": "is not a field of this project's users"}));

        declare(&t, Value::Null).await;

        t.rakomi().post("/v1/auth/register", body("ada@example.org")).await.ok(201);
    }

    async fn one_projects_schema_is_not_anothers(t: Server) {
        declare(&t, json!({"properties": {"name": {"type": "string", "maxLength": 3}}})).await;
        let other = t.another_project("other").await;
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Augusta Ada"});
        t.rakomi().post("/v1/auth/register", body.clone()).await.refused(400, "request/invalid_body");
        let app = t.rakomi().with_key(&other.keys.live.api);
        app.post("/v1/auth/register", body).await.ok(201);
    }
}
