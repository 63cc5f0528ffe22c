//! The profile of the signed-in user.

use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{Sql, answered, stories};

stories! {
    async fn the_profile_stands_in_the_order_of_the_schema_whatever_that_of_the_request(t: Server) {
        let body = json!({
            "picture": "https://example.com/a.png", "username": "ada.l", "bio": "Countess", "name": "Ada", "password": "StrongP@ss123",
            "phone_number": "+44", "given_name": null, "email": " Ada@Example.org ",
        });
        answered!(t.arkos().signup(body).await, 201, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","name":"Ada","bio":"Countess","username":"ada.l","phone_number":"+44","picture":"https://example.com/a.png","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);
    }

    async fn a_name_that_is_not_set_is_shown_as_the_two_joined(t: Server) {
        let ada = t.user("ada@example.org").profile("given_name", "Ada").profile("family_name", "Lovelace").await;
        answered!(t.arkos().signed_in(&ada).await.me().await, 200, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);
    }

    async fn a_change_is_seen_at_once_at_every_door_and_null_clears_a_field(t: Server) {
        let ada = t.user("ada@example.org").profile("name", "Ada").await;
        let (app, rakomi) = (t.arkos().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        t.advance(Duration::from_millis(61_250));
        let changed = app.update_me(json!({"name": "Countess", "bio": "Engines"})).await;
        answered!(changed, 200, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","name":"Countess","bio":"Engines","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:01:01.250Z"}}"#);
        assert_eq!(app.me().await.text(), changed.text());
        assert_eq!(rakomi.me().await.ok(200).string("name"), "Countess");
        let cleared = app.update_me(json!({"bio": null})).await.ok(200);
        assert_eq!(cleared.json()["data"].get("bio"), None);
        answered!(app.update_me(json!({})).await, 200, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","name":"Countess","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:01:01.250Z"}}"#);
    }

    async fn a_username_belongs_to_one_user(t: Server) {
        t.user("eve@example.org").profile("username", "countess").await;
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().signed_in(&ada).await;
        app.update_me(json!({"username": "countess"})).await.refused_by_arkos(409, "Duplicate value detected for the unique field(s): username. Please use a different value.");
        app.update_me(json!({"username": "ada.l"})).await.ok(200);
        t.arkos().login("ada.l", &ada.password).await.ok(200);
    }

    async fn what_a_schema_keeps_from_users_they_neither_see_nor_change(t: Server) {
        t.set("user_schema", json!({"type": "object", "additionalProperties": false, "properties": {
            "plan": {"type": "string", "x-self-editable": false}, "score": {"type": "string", "x-admin-only": true}, "name": {"type": "string"},
        }})).await;
        let signup = json!({"email": "ada@example.org", "password": "StrongP@ss123", "plan": "free"});
        let mut scored = signup.clone();
        scored["score"] = json!("9");
        assert_eq!(t.arkos().signup(scored).await.invalid_data().len(), 1);
        t.arkos().signup(signup).await.ok(201);
        t.tamper(Sql::same("UPDATE users SET profile = $1"), vec![r#"{"plan":"free","score":"7"}"#.into()]).await;
        let login = t.arkos().login("ada@example.org", "StrongP@ss123").await.ok(200);
        let app = t.arkos().bearing(&login.string("accessToken"));
        let me = app.me().await.ok(200).json();
        assert_eq!((&me["data"]["plan"], me["data"].get("score")), (&json!("free"), None::<&Value>));
        for changes in [json!({"plan": "paid"}), json!({"score": "8"}), json!({"name": "Ada", "plan": null})] {
            assert_eq!(app.update_me(changes).await.invalid_data().len(), 1);
        }
        assert_eq!(app.me().await.ok(200).json(), me);
    }
}
