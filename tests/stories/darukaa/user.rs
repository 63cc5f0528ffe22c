//! `PUT /api/v1/auth/user`: names change, everything else may only come back as it is.

use serde_json::{Value, json};
use vestibule_testkit::{Act, answered, stories};

stories! {
    async fn what_is_absent_stays_and_null_clears(t: Server) {
        let ada = t.user("ada@example.org").profile("given_name", "Ada").profile("family_name", "King").verified().await;
        let app = t.darukaa().signed_in(&ada).await;
        t.audit_rows().await;

        let answer = app.put_user(json!({"first_name": "Augusta"})).await;
        let whole = format!(r#"{{"email":"ada@example.org","first_name":"Augusta","last_name":"King","status":"active","is_email_verified":true,"id":"{}"}}"#, ada.id);
        assert_eq!((answer.status, answer.text()), (200, whole.as_str()));
        t.audited([Act::ProfileUpdated]).await;

        let cleared = app.put_user(json!({"last_name": null})).await.ok(200);
        assert_eq!((cleared.string("first_name").as_str(), cleared.string("last_name").as_str()), ("Augusta", ""));
        let emptied = app.put_user(json!({"first_name": ""})).await.ok(200);
        assert_eq!(emptied.string("first_name"), "");
        assert_eq!(app.user().await.text(), emptied.text());
        assert!(t.stored(&ada).await.unwrap().profile.is_empty(), "an empty name is none");
        t.audited([Act::ProfileUpdated, Act::ProfileUpdated]).await;
    }

    async fn what_was_read_can_be_edited_and_written_back(t: Server) {
        let ada = t.user("ada@example.org").profile("family_name", "King").profile("bio", "counts").await;
        let app = t.darukaa().signed_in(&ada).await;
        let read = app.user().await.ok(200).json();
        t.audit_rows().await;

        app.put_user(read.clone()).await.ok(200);
        t.audited([]).await;
        let mut edited = read;
        edited["first_name"] = json!("Ada");
        assert_eq!(app.put_user(edited.clone()).await.ok(200).json(), edited);
        assert_eq!(app.user().await.json(), edited);
        assert_eq!(t.stored(&ada).await.unwrap().profile["bio"], "counts", "the other fields stay");
    }

    async fn r02_what_cannot_be_changed_is_refused_and_told_by_name(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let app = t.darukaa().signed_in(&ada).await;
        let before = app.user().await.ok(200).json();
        for (field, other) in [
            ("id", json!(eve.id.to_string())), ("id", json!(1)), ("id", json!(null)),
            ("email", json!("eve@example.org")), ("email", json!("ADA@example.org")), ("email", json!(null)),
            ("status", json!("disabled")), ("status", json!(true)),
            ("is_email_verified", json!(true)), ("is_email_verified", json!("false")), ("is_email_verified", json!(0)),
        ] {
            let details = app.put_user(json!({"first_name": "Eve", field: other})).await.refused_by_darukaa(400, "VALIDATION_ERROR");
            assert_eq!(details, format!("{field} cannot be changed here"), "{other}");
        }
        answered!(app.put_user(json!({"email": "eve@example.org", "first_name": 7})).await, 400, @r#"{"error":{"code":"VALIDATION_ERROR","message":"Some fields are missing or not valid","details":"email cannot be changed here; first_name must be a string or null","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        let others = json!({"role": "admin", "roles": ["admin"], "username": "root", "name": "Eve", "given_name": "Eve", "password": "a new and better one", "public_metadata": {"a": 1}});
        app.put_user(others).await.ok(200);
        assert_eq!(app.user().await.ok(200).json(), before);
        assert!(t.stored(&ada).await.unwrap().profile.is_empty());
        t.darukaa().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn a_name_must_be_a_line_of_text_of_bounded_length(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        let all: [(Value, &str); 6] = [
            (json!(1), "must be a string or null"),
            (json!(true), "must be a string or null"),
            (json!(["Ada"]), "must be a string or null"),
            (json!({"$set": "Ada"}), "must be a string or null"),
            (json!("A".repeat(257)), "must be at most 256 characters long"),
            (json!("Ada\r\nBcc: eve@example.org"), "must not contain control characters"),
        ];
        for field in ["first_name", "last_name"] {
            for (value, wrong) in &all {
                let details = app.put_user(json!({field: value})).await.refused_by_darukaa(400, "VALIDATION_ERROR");
                assert_eq!(details, format!("{field} {wrong}"));
            }
            app.put_user(json!({field: "\u{c4}".repeat(256)})).await.ok(200);
        }
        app.request("PUT", "/api/v1/auth/user").send().await.refused_by_darukaa(415, "UNSUPPORTED_MEDIA_TYPE");
    }

    async fn a_name_set_here_is_seen_through_the_other_doors(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (app, rakomi) = (t.darukaa().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        rakomi.me().await.ok(200);

        app.put_user(json!({"first_name": "Ada", "last_name": "King"})).await.ok(200);

        let me = rakomi.me().await.ok(200).json();
        assert_eq!((&me["name"], &me["given_name"], &me["family_name"]), (&json!("Ada King"), &json!("Ada"), &json!("King")));
    }

    async fn only_the_bearer_changes_itself(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        answered!(t.darukaa().put_user(json!({"first_name": "Eve"})).await, 401, @r#"{"error":{"code":"UNAUTHORIZED","message":"Invalid or missing access token","details":"Please provide a valid Bearer token in the Authorization header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        app.logout(app.refresh_token()).await.ok(200);
        app.put_user(json!({"first_name": "Eve"})).await.refused_by_darukaa(401, "UNAUTHORIZED");
    }
}
