//! The document's own journey: obtain a token, use it, obtain a new one.

use super::{cinema, films, is_refused, token};
use serde_json::json;
use std::time::Duration;
use vestibule_ops::admin::roles;
use vestibule_ops::roles::NewRole;
use vestibule_testkit::{Act, Environment, answered, operator, stories};

stories! {
    async fn signing_in_answers_a_token_and_the_user_with_its_number_and_role(t: Server) {
        t.user("user@example.com").password("your-password").await;
        let body = r#"{
    "email": "user@example.com",
    "password": "your-password"
  }"#;

        let answer = t.request("POST", "/api/users/auth").header("content-type", "application/json").body(body).send().await;

        answered!(answer, 200, @r#"{"token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOjEsImVtYWlsIjoidXNlckBleGFtcGxlLmNvbSIsInJvbGUiOiJjbGllbnQiLCJpYXQiOjE3NzI1MzkyMDAsImV4cCI6MTc3MjU0MjgwMCwianRpIjoiMDE5Y2IzOTEtYzIwMC03YzdmLTlkNDQtMWVhZjgwYWJiYTYxLjEiLCJzaWQiOiIwMTljYjM5MS1jMjAwLTdjN2YtOWQ0NC0xZWFmODBhYmJhNjEifQ.PqAHZmd9uuEpXB-EFFPXxUVYlVyDlZ3f8bmBsN00kSA","user":{"id":1,"email":"user@example.com","role":"client"}}"#);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        t.audited([Act::LoginSucceeded]).await;
    }

    async fn a_token_says_who_and_until_when(t: Server) {
        t.user("eve@example.org").await;
        let ada = t.user("Ada@Example.org").await;

        let read = t.rakcha().signed_in(&ada).await.claims();

        assert_eq!(read.header, r#"{"alg":"HS256","typ":"JWT"}"#);
        let session = read.claim("sid");
        let documented = r#"{"sub":2,"email":"ada@example.org","role":"client","iat":1772539200,"#;
        assert_eq!(read.claims, format!(r#"{documented}"exp":1772542800,"jti":"{session}.1","sid":"{session}"}}"#));
    }

    async fn a_token_opens_what_is_protected_for_an_hour(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakcha().signed_in(&ada).await;
        answered!(films(&t, &token(&app)).await, 200, @"[]");

        t.advance(Duration::from_secs(3_599));
        films(&t, &token(&app)).await.ok(200);
        t.advance(Duration::from_secs(61));
        is_refused(&t, "expired", &token(&app)).await;

        let again = t.rakcha().signed_in(&ada).await;
        films(&t, &token(&again)).await.ok(200);
    }

    async fn the_users_of_each_environment_are_numbered_apart(t: Server) {
        let ada = t.user("ada@example.org").in_test().await;
        t.user("eve@example.org").await;
        let app = t.rakcha().with_key(&t.keys.test.publishable);

        let of_test = app.login(&ada.email, &ada.password).await.ok(200).json();

        assert_eq!(of_test["user"]["id"], json!(1));
        let without_key = t.rakcha().login(&ada.email, &ada.password).await;
        assert_eq!(without_key.status, 401, "without a key it is the live environment");
    }

    async fn who_has_no_role_is_shown_with_the_default_one(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.set("dialects.rakcha.default_role", "cinema_manager").await;

        let answer = t.rakcha().login(&ada.email, &ada.password).await.ok(200);

        assert_eq!(answer.json()["user"]["role"], "cinema_manager");
        assert_eq!(t.rakcha().bearing(&answer.string("token")).claims().claim("role"), "cinema_manager");
        let elsewhere = t.rakomi().signed_in(&ada).await.me().await.ok(200).json();
        assert_eq!(elsewhere["roles"], json!([]), "no other door knows of it");
    }

    async fn the_role_that_was_assigned_first_is_shown(t: Server) {
        let ada = t.user("ada@example.org").await;
        for role in ["cinema_manager", "admin"] {
            let (half, by) = ((&*t.project, Environment::Live), operator());
            let new = NewRole { name: role.to_owned(), superuser: false };
            let made = roles::create(t.core(), &by, half, new).await.unwrap();
            roles::assign(t.core(), &by, half, made.id, ada.id).await.unwrap();
            t.advance(Duration::from_secs(1));
        }
        let answer = t.rakcha().login(&ada.email, &ada.password).await.ok(200);
        assert_eq!(answer.json()["user"]["role"], "cinema_manager");
        assert_eq!(t.rakcha().bearing(&answer.string("token")).claims().claim("role"), "cinema_manager");
    }

    async fn a_longer_life_of_tokens_is_a_setting(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.set("dialects.rakcha.access_token_lifetime", 7_200).await;
        let app = t.rakcha().signed_in(&ada).await;
        t.advance(Duration::from_secs(7_199));
        films(&t, &token(&app)).await.ok(200);
        t.advance(Duration::from_secs(61));
        is_refused(&t, "expired", &token(&app)).await;
    }

    async fn s05_what_ends_a_session_or_an_account_ends_its_tokens(t: Server) {
        let ada = t.user("ada@example.org").await;
        let by_rakomi = t.rakomi().signed_in(&ada).await;
        let ended = t.rakcha().signed_in(&ada).await;
        let kept = t.rakcha().signed_in(&ada).await;

        by_rakomi.end_session(&ended.claims().claim("sid")).await.ok(204);
        is_refused(&t, "its session was ended", &token(&ended)).await;
        films(&t, &token(&kept)).await.ok(200);

        by_rakomi.change_password(&ada.password, "a new and better one").await.ok(200);
        is_refused(&t, "its password was changed", &token(&kept)).await;

        let again = t.rakcha().login(&ada.email, "a new and better one").await.ok(200).string("token");
        films(&t, &again).await.ok(200);
        t.disable(&ada).await;
        is_refused(&t, "its account was disabled", &again).await;
    }

    async fn a_protected_path_wants_a_bearer_token(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakcha().signed_in(&ada).await;
        let front = cinema(&t);
        let bare = front.send(t.request("GET", "/api/films")).await;
        assert_eq!((bare.status, bare.text(), bare.header("www-authenticate")), (401, super::UNAUTHORIZED, Some(r#"Bearer realm="vestibule""#)));
        for authorization in [token(&app), format!("Token {}", token(&app)), format!("Bearer  {}", token(&app)), "Bearer".to_owned()] {
            let answer = front.send(t.request("GET", "/api/films").header("authorization", &authorization)).await;
            assert_eq!((answer.status, answer.text()), (401, super::UNAUTHORIZED), "{authorization}");
        }
    }
}
