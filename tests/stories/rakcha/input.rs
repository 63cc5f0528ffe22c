//! Bodies that are not what the document asks for.

use serde_json::{Value, json};
use vestibule_testkit::{Answer, PASSWORD, Server, stories};

async fn sent(t: &Server, body: Value) -> Answer {
    t.request("POST", "/api/users/auth").json(&body).send().await
}

#[track_caller]
fn says(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text()), (status, body), "{answer}");
}

async fn raw(t: &Server, body: impl Into<Vec<u8>>) -> Answer {
    t.request("POST", "/api/users/auth")
        .raw_json(body.into())
        .send()
        .await
}

stories! {
    async fn e16_i05_a_field_that_is_missing_or_no_text_is_named_for_known_and_unknown_alike(t: Server) {
        let ada = t.user("ada@example.org").await;
        for email in [ada.email.as_str(), "nobody@example.org"] {
            says(&sent(&t, json!({"email": email})).await, 400, r#"{"message":"password is required"}"#);
            says(&sent(&t, json!({"email": email, "password": ""})).await, 400, r#"{"message":"password must not be empty"}"#);
            for password in [json!(null), json!(1), json!(true), json!([PASSWORD]), json!({"$gt": ""})] {
                says(&sent(&t, json!({"email": email, "password": password})).await, 400, r#"{"message":"password must be a string"}"#);
            }
        }
        says(&sent(&t, json!({"password": PASSWORD})).await, 400, r#"{"message":"email is required"}"#);
        says(&sent(&t, json!({"email": "", "password": PASSWORD})).await, 400, r#"{"message":"email must not be empty"}"#);
        for email in [json!(null), json!(1), json!([ada.email]), json!({"$ne": ""})] {
            says(&sent(&t, json!({"email": email, "password": PASSWORD})).await, 400, r#"{"message":"email must be a string"}"#);
        }
        says(&sent(&t, json!({})).await, 400, r#"{"message":"email is required"}"#);
    }

    async fn long_and_strange_texts_are_wrong_credentials_and_unknown_fields_are_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        for email in ["a".repeat(30_000), "a@b@c".to_owned(), " ".to_owned(), "ada@example.org\u{202e}".to_owned()] {
            let answer = sent(&t, json!({"email": email, "password": PASSWORD})).await;
            assert_eq!((answer.status, answer.text()), (401, super::UNAUTHORIZED));
        }
        let long = sent(&t, json!({"email": ada.email, "password": "a".repeat(30_000)})).await;
        assert_eq!((long.status, long.text()), (401, super::UNAUTHORIZED));
        sent(&t, json!({"email": ada.email, "password": ada.password, "role": "admin", "id": 1})).await.ok(200);
    }

    async fn i02_i03_i04_i07_i08_a_body_that_is_not_one_object_of_json_is_refused(t: Server) {
        for body in ["", "null", "[]", "\"text\"", "{", "{}x", r#"{"email":"a","email":"b","password":"c"}"#, "\u{feff}{}", r#"{"email":"a\u0000","password":"c"}"#, r#"{"email":"\ud800","password":"c"}"#] {
            let answer = raw(&t, body).await;
            assert_eq!(answer.status, 400, "{body}: {answer}");
            assert_eq!(answer.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["message"], "{body}");
        }
        raw(&t, vec![b'{', 0xff, b'}']).await.ok(400);
        raw(&t, "[".repeat(50_000)).await.ok(400);
        let large = raw(&t, " ".repeat(64 * 1024 + 1)).await;
        says(&large, 413, r#"{"message":"The request body is too large."}"#);
    }

    async fn i06_i09_another_kind_of_body_is_refused(t: Server) {
        let body = json!({"email": "a@example.org", "password": "b"}).to_string();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"] {
            let answer = t.request("POST", "/api/users/auth").header("content-type", kind).body(body.clone()).send().await;
            says(&answer, 415, r#"{"message":"The request body must be uncompressed application/json."}"#);
        }
        let coded = t.request("POST", "/api/users/auth").json(&json!({})).header("content-encoding", "gzip");
        coded.send().await.ok(415);
    }
}
