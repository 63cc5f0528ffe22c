//! By what users log in.

use serde_json::{Value, json};
use vestibule_testkit::{Answer, PASSWORD, Server, stories};

const NOT_ALLOWED: &str = "Invalid usernameField parameter, it is not allowed!";

/// The schema that the document's example supposes.
fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string"},
            "phones": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {
                "number": {"type": "string", "x-identifier": true},
                "label": {"type": "string"},
            }}},
            "profile": {"type": "object", "additionalProperties": false, "properties": {"nickname": {"type": "string", "x-identifier": true}}},
        },
    })
}

/// Signs the document's user up in a project with that schema.
async fn signed_up(t: &Server) {
    t.set("user_schema", schema()).await;
    let body = json!({
        "email": "user@example.com", "password": "StrongP@ss123",
        "phones": [{"number": "+258840000000"}, {"number": "+258891234567", "label": "home"}], "profile": {"nickname": "Johnny"},
    });
    t.arkos().signup(body).await.ok(201);
}

async fn login(t: &Server, number: usize, query: &str, body: Value) -> Answer {
    let app = t.arkos().from(&format!("10.0.{}.{}", number / 200, number % 200));
    app.login_by(query, body).await
}

stories! {
    async fn without_a_setting_an_address_or_a_username_logs_in_under_either_name(t: Server) {
        let ada = t.user("ada@example.org").profile("username", "ada.l").await;
        for (number, (field, value)) in [("username", "ada@example.org"), ("username", "ADA@Example.org"), ("username", "ada.l"), ("email", "ada@example.org"), ("email", "ada.l")].into_iter().enumerate() {
            login(&t, number, "", json!({field: value, "password": ada.password})).await.ok(200);
        }
        login(&t, 8, "?usernameField=username", json!({"username": "ada.l", "password": PASSWORD})).await.ok(200);
        login(&t, 9, "?usernameField=email", json!({"email": "ada.l", "password": PASSWORD})).await.refused_by_arkos(401, "Incorrect email or password");
        login(&t, 10, "?usernameField=username", json!({"username": "ada@example.org", "password": PASSWORD})).await.refused_by_arkos(401, "Incorrect username or password");
        login(&t, 11, "?usernameField=username", json!({"email": "ada.l", "password": PASSWORD})).await.refused_by_arkos(400, "Please provide username and password");
    }

    async fn the_documents_login_by_a_phone_number_in_a_list(t: Server) {
        signed_up(&t).await;
        let body = json!({"number": "+258891234567", "password": "StrongP@ss123"});
        login(&t, 0, "?usernameField=phones.some.number", body.clone()).await.ok(200);
        t.set("dialects.arkos.allowed_usernames", json!(["email", "phones.some.number", "profile.nickname"])).await;
        login(&t, 1, "?usernameField=phones.some.number", body).await.ok(200);
        login(&t, 2, "?usernameField=profile.nickname", json!({"nickname": "Johnny", "password": "StrongP@ss123"})).await.ok(200);
        login(&t, 3, "?usernameField=profile.nickname", json!({"nickname": "johnny", "password": "StrongP@ss123"})).await.refused_by_arkos(401, "Incorrect nickname or password");
        login(&t, 4, "", json!({"email": "user@example.com", "password": "StrongP@ss123"})).await.ok(200);
        login(&t, 5, "", json!({"username": "user@example.com", "password": "StrongP@ss123"})).await.refused_by_arkos(400, "Please provide email and password");
    }

    async fn the_first_allowed_field_is_the_default_and_messages_name_its_last_segment(t: Server) {
        signed_up(&t).await;
        t.set("dialects.arkos.allowed_usernames", json!(["phones.some.number"])).await;
        login(&t, 0, "", json!({"number": "+258891234567", "password": "StrongP@ss123"})).await.ok(200);
        login(&t, 1, "", json!({"number": "+258891234567", "password": "StrongP@ss124"})).await.refused_by_arkos(401, "Incorrect number or password");
        login(&t, 2, "", json!({"email": "user@example.com", "password": "StrongP@ss123"})).await.refused_by_arkos(400, "Please provide number and password");
        login(&t, 3, "", json!({"number": 258_891_234_567_u64, "password": "StrongP@ss123"})).await.refused_by_arkos(400, "Invalid phones.some.number provided");
        login(&t, 4, "?usernameField=email", json!({"email": "user@example.com", "password": "StrongP@ss123"})).await.refused_by_arkos(400, NOT_ALLOWED);
    }

    async fn x17_username_field_reaches_identifiers_and_nothing_else(t: Server) {
        signed_up(&t).await;
        let deep = vec!["a"; 100].join(".");
        let paths = [
            "password", "__proto__", "constructor.name", "roles.0.name", "id", "name", "number", "phones", "phones.number", "phones.0.number", "phones.every.number", "phones.some.label",
            "Email", "email_typed", "users.email", "email%20", "", "email.some", "*", "phones.some.number'--", deep.as_str(),
        ];
        for (number, path) in paths.into_iter().enumerate() {
            for (more, body) in [json!({"number": "+258891234567", "name": "x", "password": "StrongP@ss123"}).to_string(), "{".to_owned()].into_iter().enumerate() {
                let app = t.arkos().from(&format!("10.1.{more}.{number}"));
                let answer = app.request("POST", &format!("/api/auth/login?usernameField={path}")).raw_json(body).send().await;
                answer.refused_by_arkos(400, NOT_ALLOWED);
            }
        }
        let twice = login(&t, 50, "?usernameField=email&usernameField=phones.some.number", json!({"email": "user@example.com", "password": "StrongP@ss123"})).await;
        twice.refused_by_arkos(400, "The request cannot be read: the parameter usernameField was sent more than once");
    }

    async fn a_taken_number_is_a_duplicate_value(t: Server) {
        signed_up(&t).await;
        let body = json!({"email": "other@example.com", "password": "StrongP@ss123", "phones": [{"number": "+258840000000"}], "profile": {"nickname": "Johnny"}});
        t.arkos().signup(body).await.refused_by_arkos(409, "Duplicate value detected for the unique field(s): phones.some.number, profile.nickname. Please use a different value.");
    }

    async fn e01_e02_by_any_field_an_unknown_user_and_a_wrong_password_are_answered_alike_after_the_same_work(t: Server) {
        signed_up(&t).await;
        for (number, (query, field, known, unknown)) in [
            ("", "username", "user@example.com", "nobody@example.com"),
            ("?usernameField=email", "email", "user@example.com", "no address"),
            ("?usernameField=phones.some.number", "number", "+258891234567", "+258891234568"),
            ("?usernameField=profile.nickname", "nickname", "Johnny", "johnny"),
        ].into_iter().enumerate() {
            let (wrong, work) = t.cost_of(login(&t, number, query, json!({field: known, "password": "wrong"}))).await;
            let (nobody, as_much) = t.cost_of(login(&t, number + 10, query, json!({field: unknown, "password": "wrong"}))).await;
            assert_eq!((wrong.status, work.hashes), (401, 1), "{query}");
            assert_eq!(wrong.masked(), nobody.masked(), "{query}");
            assert_eq!(as_much.hashes, work.hashes, "{query}");
            assert_eq!(as_much.rows["audit"], work.rows["audit"], "{query}");
        }
    }
}
