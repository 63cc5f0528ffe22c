//! What cannot be read, field by field.

use serde_json::{Value, json};
use vestibule_testkit::{PASSWORD, Server, answered, stories};

/// A path, and a body that passes its reading.
type Sample = (&'static str, Value);

/// The routes without a bearer whose fields are all required texts.
fn texts() -> [Sample; 6] {
    [
        (
            "/auth/login",
            json!({"email": "nobody@example.org", "password": PASSWORD}),
        ),
        ("/api/v1/auth/refresh", json!({"refresh_token": "rt_nonsense"})),
        ("/api/v1/auth/verify-email", json!({"token": "nonsense"})),
        (
            "/api/v1/auth/resend-verification",
            json!({"email": "nobody@example.org"}),
        ),
        (
            "/api/v1/auth/forgot-password",
            json!({"email": "nobody@example.org"}),
        ),
        (
            "/api/v1/auth/reset-password",
            json!({"token": "nonsense", "password": "a new and better one"}),
        ),
    ]
}

/// The details of the refusal of a body; every client has an address of its own.
async fn details(t: &Server, number: usize, path: &str, body: Value) -> String {
    let app = t
        .darukaa()
        .from(&format!("198.51.{}.{}", number / 250, number % 250));
    app.post(path, body)
        .await
        .refused_by_darukaa(400, "VALIDATION_ERROR")
}

stories! {
    async fn i05_every_required_text_is_missing_null_empty_or_of_another_type(t: Server) {
        let signup = ("/api/v1/auth/signup", json!({"email": "ada@example.org", "password": PASSWORD}));
        let mut number = 0;
        for (path, good) in texts().into_iter().chain([signup]) {
            for field in good.as_object().unwrap().keys() {
                for (value, wrong) in [
                    (None, "is required"), (Some(json!(null)), "must be a string"), (Some(json!("")), "must not be empty"),
                    (Some(json!(7)), "must be a string"), (Some(json!(true)), "must be a string"),
                    (Some(json!([])), "must be a string"), (Some(json!({"$gt": ""})), "must be a string"),
                ] {
                    let mut body = good.clone();
                    match &value {
                        Some(value) => body[field] = value.clone(),
                        None => drop(body.as_object_mut().unwrap().remove(field)),
                    }
                    number += 1;
                    assert_eq!(details(&t, number, path, body).await, format!("{field} {wrong}"), "{path} {value:?}");
                }
            }
        }
        assert!(t.mails_to("ada@example.org").await.is_empty());
    }

    async fn all_wrong_fields_are_told_at_once(t: Server) {
        let body = json!({"email": [], "first_name": 1, "last_name": {}});
        answered!(t.darukaa().post("/api/v1/auth/signup", body).await, 400, @r#"{"error":{"code":"VALIDATION_ERROR","message":"Some fields are missing or not valid","details":"email must be a string; password is required; first_name must be a string; last_name must be a string","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        let body = json!({"email": "no address", "password": PASSWORD, "first_name": "A".repeat(257), "last_name": "K\n"});
        let told = t.darukaa().post("/api/v1/auth/signup", body).await.refused_by_darukaa(400, "VALIDATION_ERROR");
        assert!(told.starts_with("email ") && told.ends_with("; first_name must be at most 256 characters long; last_name must not contain control characters"), "{told}");
        let body = json!({"email": "no address", "password": PASSWORD, "first_name": 5, "last_name": ["King"]});
        let told = t.darukaa().post("/api/v1/auth/signup", body).await.refused_by_darukaa(400, "VALIDATION_ERROR");
        assert!(told.starts_with("email ") && told.ends_with("; first_name must be a string; last_name must be a string"), "{told}");
    }

    async fn what_is_too_long_is_refused_where_it_would_be_kept_and_wrong_where_it_is_compared(t: Server) {
        let app = t.darukaa();
        let long = "a".repeat(1_025);
        assert!(app.signup(&format!("{}@example.org", "a".repeat(65)), PASSWORD).await.refused_by_darukaa(400, "VALIDATION_ERROR").starts_with("email "));
        let told = app.signup("ada@example.org", &long).await.refused_by_darukaa(400, "WEAK_PASSWORD");
        assert_eq!(told, "The password must not be longer than 1024 bytes");
        app.login(&format!("{long}@example.org"), PASSWORD).await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        app.login("ada@example.org", &long).await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        app.refresh(&format!("rt_{long}")).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        app.verify(&long).await.refused_by_darukaa(400, "INVALID_TOKEN");
        app.reset(&long, "a new and better one").await.refused_by_darukaa(400, "INVALID_TOKEN");
        app.forgot(&long).await.ok(200);
        app.resend(&long).await.ok(200);
    }

    async fn r01_unknown_fields_are_ignored_and_never_kept(t: Server) {
        let ada = t.user("eve@example.org").await;
        let body = json!({
            "email": "ada@example.org", "password": PASSWORD, "first_name": null, "role": "admin", "roles": ["admin"], "status": "disabled",
            "is_email_verified": true, "id": ada.id.to_string(), "username": "root", "name": "Ada", "given_name": "Ada", "bio": "x",
        });
        let app = t.darukaa();
        app.post("/api/v1/auth/signup", body).await.ok(201);
        let login = app.post("/auth/login", json!({"email": "ada@example.org", "password": PASSWORD, "otp": 1})).await.ok(200);
        let user = app.with_tokens(&login).user().await.ok(200).json();
        assert_ne!(user["id"], ada.id.to_string());
        assert_eq!((&user["first_name"], &user["status"], &user["is_email_verified"]), (&json!(""), &json!("active"), &json!(false)));
        assert_eq!(t.rakomi().with_tokens(&t.rakomi().login("ada@example.org", PASSWORD).await).me().await.json()["name"], Value::Null);
    }

    async fn i02_i03_i04_i06_i07_i08_what_is_no_json_object_is_refused_in_this_envelope(t: Server) {
        let app = t.darukaa();
        let deep = "[".repeat(10_000);
        for body in [
            "", "{", "[]", "null", "\"text\"", "{} {}", "\u{feff}{}", "{\"email\":NaN}", r#"{"email":"a@x.org","email":"b@x.org","password":"x"}"#,
            r#"{"email":"\ud800","password":"x"}"#, r#"{"email":"a\u0000@x.org","password":"x"}"#, deep.as_str(),
        ] {
            let answer = app.request("POST", "/auth/login").raw_json(body.to_owned()).send().await;
            assert!(!answer.refused_by_darukaa(400, "VALIDATION_ERROR").is_empty(), "{body}");
        }
        answered!(app.request("POST", "/auth/login").body("{}").header("content-type", "text/plain").send().await, 415, @r#"{"error":{"code":"UNSUPPORTED_MEDIA_TYPE","message":"The request body must be uncompressed JSON","details":"Please send it with Content-Type: application/json","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        answered!(app.refresh(&"r".repeat(1 << 16)).await, 413, @r#"{"error":{"code":"PAYLOAD_TOO_LARGE","message":"The request body is too large","details":"Please send at most 64 KiB","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
    }
}
