//! Bodies that are not what the documents ask for.

use super::{refused, says};
use serde_json::{Value, json};
use vestibule_testkit::{Answer, Koolbase, PASSWORD, answered, stories};

/// Every body that this door reads, complete, with the fields that must be texts.
const BODIES: [(&str, &str, &[&str]); 6] = [
    (
        "/register",
        r#"{"email":"new@example.org","password":"correct horse battery"}"#,
        &["email", "password"],
    ),
    (
        "/login",
        r#"{"email":"ada@example.org","password":"correct horse battery"}"#,
        &["email", "password"],
    ),
    ("/refresh", r#"{"refresh_token":"rt_junk"}"#, &["refresh_token"]),
    ("/verify-email", r#"{"token":"junk"}"#, &["token"]),
    ("/forgot-password", r#"{"email":"ada@example.org"}"#, &["email"]),
    (
        "/reset-password",
        r#"{"token":"junk","password":"newSecurePassword123"}"#,
        &["token", "password"],
    ),
];

async fn names(app: &Koolbase<'_>, path: &str, body: Value, text: &str) {
    let answer: Answer = app.post(path, body.clone()).await;
    refused(&answer, 400, "invalid_request");
    assert_eq!(answer.string("error"), text, "{path} {body}");
}

stories! {
    async fn i05_every_field_that_is_missing_or_of_another_type_is_named(t: Server) {
        for (number, (path, body, fields)) in BODIES.into_iter().enumerate() {
            let app = t.koolbase().from(&format!("10.0.0.{number}"));
            for field in fields {
                let body: Value = serde_json::from_str(body).unwrap();
                let with = |value: Value| {
                    let mut body = body.clone();
                    body[*field] = value;
                    body
                };
                let mut without = body.clone();
                without.as_object_mut().unwrap().shift_remove(*field).unwrap();
                names(&app, path, without, &format!("{field} is required")).await;
                names(&app, path, with(json!("")), &format!("{field} must not be empty")).await;
                for wrong in [json!(null), json!(1), json!(true), json!(["a"]), json!({"$gt": ""})] {
                    names(&app, path, with(wrong), &format!("{field} must be a string")).await;
                }
            }
        }
    }

    async fn fields_that_nobody_asked_for_are_nothing(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let login = json!({"email": ada.email, "password": ada.password, "remember": true, "role": "admin"});
        t.koolbase().post("/login", login).await.ok(200);
        let register = json!({"email": "new@example.org", "password": PASSWORD, "id": "1", "verified": true, "disabled": false, "avatar_url": "x"});
        let registered = t.koolbase().post("/register", register).await.ok(201).json();
        assert_eq!((&registered["verified"], registered.get("avatar_url")), (&json!(false), None));
    }

    async fn at_login_a_strange_text_is_a_wrong_one_and_at_sign_up_it_is_refused(t: Server) {
        let long = format!("{}@example.org", "a".repeat(20_000));
        for email in [long.as_str(), "no address", "a@b@c", " "] {
            refused(&t.koolbase().login(email, PASSWORD).await, 400, "invalid_credentials");
            let answer = t.koolbase().register(email, PASSWORD).await;
            refused(&answer, 400, "invalid_request");
            assert!(answer.string("error").starts_with("email "), "{answer}");
        }
        refused(&t.koolbase().login("ada@example.org", &"a".repeat(20_000)).await, 400, "invalid_credentials");
        answered!(t.koolbase().register("ada@example.org", &"a".repeat(20_000)).await, 400, @r#"{"error":"The password must not be longer than 1024 bytes","code":"weak_password"}"#);
        answered!(t.koolbase().register("ada@example.org", "short").await, 400, @r#"{"error":"The password must have at least 8 characters","code":"weak_password"}"#);
        refused(&t.koolbase().verify(&"a".repeat(20_000)).await, 400, "token_invalid");
        refused(&t.koolbase().reset(&"a".repeat(20_000), PASSWORD).await, 400, "token_invalid");
        refused(&t.koolbase().refresh(&"a".repeat(20_000)).await, 401, "invalid_refresh_token");
    }

    async fn the_documents_passwords_are_good_enough(t: Server) {
        for (number, password) in ["SecureP@ss123", "securepassword", "newSecurePassword123", "StrongP@ss123", "EvenStronger@456"].into_iter().enumerate() {
            t.koolbase().register(&format!("{number}@example.org"), password).await.ok(201);
        }
    }

    async fn i02_i04_i06_i07_a_body_that_is_not_one_object_of_json_is_refused(t: Server) {
        let app = t.koolbase();
        for (path, _, _) in BODIES {
            let raw = async |body: &str| app.request("POST", path).raw_json(body.to_owned()).send().await;
            for body in ["", "null", "[]", "{", "{}x", r#"{"email":"a","email":"b"}"#, "\u{feff}{}"] {
                refused(&raw(body).await, 400, "invalid_request");
            }
            says(&raw(&" ".repeat(64 * 1024 + 1)).await, 413, r#"{"error":"The request body is too large","code":"request_too_large"}"#);
            let form = app.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body("email=a");
            says(&form.send().await, 415, r#"{"error":"The request body must be uncompressed application/json","code":"unsupported_media_type"}"#);
            t.advance(std::time::Duration::from_mins(1));
        }
    }
}
