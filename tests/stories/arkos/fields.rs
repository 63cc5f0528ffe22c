//! What bodies may hold: forbidden, missing, mistyped, too long, unknown.

use serde_json::{Value, json};
use vestibule_testkit::{Server, Sql, answered, stories};

/// Every field that belongs to the server, in several spellings.
const FORBIDDEN: [&str; 21] = [
    "id",
    "role",
    "roles",
    "isSuperUser",
    "isStaff",
    "isActive",
    "is_admin",
    "emailVerified",
    "email_verified",
    "verified",
    "createdAt",
    "updatedAt",
    "created_at",
    "project_id",
    "permissions",
    "password_hash",
    "user_metadata",
    "number",
    "deletedAt",
    "__proto__",
    "status",
];

/// A registration with one more field, from an address of its own.
async fn with(t: &Server, number: usize, field: &str, value: Value) -> vestibule_testkit::Answer {
    let mut body = json!({"email": format!("user{number}@example.com"), "password": "StrongP@ss123"});
    body[field] = value;
    t.arkos()
        .from(&format!("10.0.{}.{}", number / 200, number % 200))
        .signup(body)
        .await
}

stories! {
    async fn r01_what_belongs_to_the_server_is_refused_at_sign_up(t: Server) {
        for (number, field) in FORBIDDEN.into_iter().enumerate() {
            for value in [json!("admin"), json!(true), json!(["admin"]), json!({"set": "admin"})] {
                let answer = with(&t, number, field, value).await;
                assert!(answer.invalid_data().iter().all(|it| it.starts_with(field)), "{answer}");
            }
        }
        assert_eq!(t.number(Sql::same("SELECT COUNT(*) FROM users"), &[]).await, 0);
    }

    async fn r02_what_belongs_to_the_server_is_refused_in_changes(t: Server) {
        let ada = t.user("ada@example.org").profile("name", "Ada").await;
        let app = t.arkos().signed_in(&ada).await;
        for field in FORBIDDEN.into_iter().chain(["email"]) {
            for value in [json!("admin"), json!(true), json!(null), json!({"set": "admin"})] {
                let answer = app.update_me(json!({"name": "Eve", field: value})).await;
                assert!(answer.invalid_data().iter().all(|it| it.starts_with(field)), "{answer}");
            }
        }
        for value in [json!("EvenStronger@456"), json!(null), json!("")] {
            let answer = app.update_me(json!({"name": "Eve", "password": value})).await;
            answer.refused_by_arkos(400, "In order to update password use the update-password endpoint.");
        }
        assert_eq!(app.me().await.ok(200).json()["data"]["name"], json!("Ada"));
    }

    async fn a_violation_of_the_schema_names_every_field_and_rule(t: Server) {
        let body = json!({"email": "no-at", "password": "StrongP@ss123", "name": 1, "bio": "b".repeat(2_049), "role": "admin", "picture": "javascript:alert(1)"});
        answered!(t.arkos().signup(body).await, 400, @r#"{"status":"error","message":"Invalid Data","code":400,"errors":[{"property":"email","constraints":{"format":"email must be an address of the form name@example.com"}},{"property":"name","constraints":{"type":"name must be a string"}},{"property":"bio","constraints":{"maxLength":"bio must be at most 2048 characters long"}},{"property":"role","constraints":{"forbidden":"role cannot be set"}},{"property":"picture","constraints":{"pattern":"picture must be an http or https URL"}}]}"#);
        answered!(t.arkos().signup(json!({"email": "", "password": 7})).await, 400, @r#"{"status":"error","message":"Invalid Data","code":400,"errors":[{"property":"email","constraints":{"minLength":"email must not be empty"}},{"property":"password","constraints":{"type":"password must be a string"}}]}"#);
        answered!(t.arkos().signup(json!({})).await, 400, @r#"{"status":"error","message":"Invalid Data","code":400,"errors":[{"property":"email","constraints":{"required":"email is required"}},{"property":"password","constraints":{"required":"password is required"}}]}"#);
    }

    async fn i05_no_field_of_a_sign_up_is_taken_in_another_type(t: Server) {
        let wrong = [json!(null), json!(1), json!(true), json!([]), json!(["a@example.com"]), json!({"$gt": ""}), json!("")];
        for (number, value) in wrong.into_iter().enumerate() {
            assert_eq!(with(&t, number, "email", value.clone()).await.invalid_data().len(), 1, "{value}");
            assert_eq!(with(&t, number, "password", value.clone()).await.invalid_data().len(), 1, "{value}");
        }
        for field in ["name", "bio", "username", "given_name", "family_name", "phone_number", "picture"] {
            for (number, value) in [json!(1), json!(true), json!([]), json!({"$gt": ""})].into_iter().enumerate() {
                assert_eq!(with(&t, 20 + number, field, value).await.invalid_data(), [format!("{field} type")]);
            }
            let long = with(&t, 30, field, json!("x".repeat(3_000))).await.invalid_data();
            assert!(long.iter().all(|it| it.starts_with(field)), "{long:?}");
            t.advance(std::time::Duration::from_secs(5));
        }
        assert_eq!(t.number(Sql::same("SELECT COUNT(*) FROM users"), &[]).await, 0);
    }

    async fn i04_i07_i08_what_is_no_plain_json_is_refused_in_the_envelope(t: Server) {
        let bodies: [(&[u8], &str); 8] = [
            (b"", "the text is not one JSON value"),
            (b"{", "the text is not one JSON value"),
            (b"{}x", "the text is not one JSON value"),
            (b"[]", "the outermost value is not a JSON object"),
            (br#"{"username":"a","username":"b"}"#, "an object names a key twice"),
            (br#"{"username":"\u0000"}"#, "a string contains the character U+0000"),
            (b"{\"username\":\"\xff\"}", "the text is not UTF-8"),
            (br#"{"a":1e400}"#, "the text is not one JSON value"),
        ];
        for (number, (body, why)) in bodies.into_iter().enumerate() {
            for path in ["/api/auth/login", "/api/auth/signup"] {
                let app = t.arkos().from(&format!("10.2.0.{number}"));
                let answer = app.request("POST", path).raw_json(body.to_vec()).send().await;
                answer.refused_by_arkos(400, &format!("The request cannot be read: {why}"));
            }
        }
        let app = t.arkos();
        let long = json!({"username": "x".repeat(64 * 1_024), "password": "p"});
        app.login_by("", long).await.refused_by_arkos(413, "The request body is too large");
        app.request("POST", "/api/auth/login").send().await.refused_by_arkos(415, "The request body must be uncompressed application/json");
    }

    async fn i05_at_login_presence_and_type_are_checked_and_nothing_else(t: Server) {
        t.user("ada@example.org").await;
        let wrong = [json!({}), json!({"username": "ada@example.org"}), json!({"password": "x"}), json!({"username": "", "password": "x"}), json!({"username": null, "password": "x"}), json!({"username": "a", "password": 1})];
        for (number, body) in wrong.into_iter().enumerate() {
            let app = t.arkos().from(&format!("10.3.0.{number}"));
            app.login_by("", body).await.refused_by_arkos(400, "Please provide email and password");
        }
        for (number, value) in [json!(1), json!(true), json!([]), json!({"$gt": ""})].into_iter().enumerate() {
            let app = t.arkos().from(&format!("10.4.0.{number}"));
            app.login_by("", json!({"username": value, "password": "x"})).await.refused_by_arkos(400, "Invalid username provided");
        }
        for (number, value) in ["no-at", " ", "a@b@c", "' OR '1'='1", "\u{202e}", &"x".repeat(10_000)].into_iter().enumerate() {
            let app = t.arkos().from(&format!("10.5.0.{number}"));
            app.login(value, "x").await.refused_by_arkos(401, "Incorrect email or password");
        }
        t.arkos().login_by("", json!({"username": "ada@example.org", "password": "correct horse battery", "remember": true})).await.ok(200);
    }
}
