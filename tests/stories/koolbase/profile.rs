//! The signed-in user changes and deletes itself.

use super::refused;
use serde_json::json;
use vestibule_testkit::{Act, PASSWORD, answered, stories};

stories! {
    async fn a_name_is_taken_at_sign_up_in_either_spelling(t: Server) {
        for (email, field) in [("a@example.org", "full_name"), ("b@example.org", "fullName")] {
            let body = json!({"email": email, "password": PASSWORD, field: "Ada Lovelace"});
            let answer = t.koolbase().post("/register", body).await.ok(201).json();
            assert_eq!((&answer["full_name"], &answer["user"]["full_name"]), (&json!("Ada Lovelace"), &json!("Ada Lovelace")));
        }
        let none = json!({"email": "c@example.org", "password": PASSWORD, "full_name": null});
        let answer = t.koolbase().post("/register", none).await.ok(201).json();
        assert_eq!(answer.get("full_name"), None, "what is not set is not shown");
    }

    async fn a_change_answers_the_user_and_other_doors_see_it(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase().signed_in(&ada).await;
        t.audit_rows().await;

        let changed = app.update(json!({"full_name": "Ada King", "avatar_url": "https://example.com/ada.png"})).await;

        answered!(changed, 200, @r#"{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","verified":true,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false,"full_name":"Ada King","avatar_url":"https://example.com/ada.png"}"#);
        t.audited([Act::ProfileUpdated]).await;
        assert_eq!(app.me().await.masked().body, changed.masked().body);
        assert_eq!(t.rakomi().signed_in(&ada).await.me().await.ok(200).json()["name"], "Ada King");
        let cleared = app.update(json!({"avatar_url": null})).await.ok(200).json();
        assert_eq!((cleared.get("avatar_url"), &cleared["full_name"]), (None, &json!("Ada King")));
    }

    async fn a_change_that_the_schema_refuses_names_the_field_as_this_api_does(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase().signed_in(&ada).await;
        let refusals = [
            app.update(json!({"full_name": 1})).await,
            app.update(json!({"full_name": "a".repeat(5_000)})).await,
            app.update(json!({"avatar_url": ["a"]})).await,
            t.koolbase().post("/register", json!({"email": "b@example.org", "password": PASSWORD, "full_name": "a".repeat(5_000)})).await,
        ];
        for (answer, field) in refusals.iter().zip(["full_name", "full_name", "avatar_url", "full_name"]) {
            refused(answer, 400, "invalid_request");
            assert!(answer.string("error").starts_with(&format!("{field} ")), "{answer}");
        }
    }

    async fn a13_what_is_no_field_of_this_api_changes_nothing(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase().signed_in(&ada).await;
        let before = app.me().await.ok(200).json();
        let body = json!({"id": "x", "email": "eve@example.org", "verified": false, "disabled": true, "roles": ["admin"], "username": "root", "project_id": "x"});
        assert_eq!(app.update(body).await.ok(200).json(), before);
        assert_eq!(app.me().await.ok(200).json(), before);
    }

    async fn s08_deleting_the_account_ends_every_session_and_frees_the_address(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let (app, other) = (t.koolbase().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);

        let answer = app.request("DELETE", "/me").send().await;

        assert_eq!((answer.status, answer.text()), (204, ""));
        refused(&app.me().await, 401, "unauthorized");
        refused(&app.request("DELETE", "/me").send().await, 401, "unauthorized");
        refused(&app.refresh(app.refresh_token()).await, 401, "invalid_refresh_token");
        other.me().await.refused(401, "token/revoked");
        refused(&app.login(&ada.email, &ada.password).await, 400, "invalid_credentials");
        t.koolbase().register(&ada.email, PASSWORD).await.ok(201);
    }
}
