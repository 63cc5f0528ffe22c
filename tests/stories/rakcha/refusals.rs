//! Who is refused, and in which words.

use super::UNAUTHORIZED;
use serde_json::json;
use std::fmt::Write as _;
use vestibule_testkit::{Act, PASSWORD, insta, routes_of, stories};

stories! {
    async fn e04_every_401_is_the_documents_one_sentence(t: Server) {
        let ada = t.user("ada@example.org").await;
        let disabled = t.user("disabled@example.org").disabled().await;
        let unverified = t.user("unverified@example.org").await;
        let passwordless = t.user("passwordless@example.org").passwordless().await;
        let app = t.rakcha();
        let wrong = app.login(&ada.email, "wrong").await;
        assert_eq!((wrong.status, wrong.text()), (401, UNAUTHORIZED));
        assert_eq!(wrong.header("www-authenticate"), None, "nobody asked for a token");

        let mut answers = vec![
            app.login("nobody@example.org", PASSWORD).await,
            app.login("no address", PASSWORD).await,
            app.login(&disabled.email, "wrong").await,
            app.login(&disabled.email, &disabled.password).await,
            app.login(&passwordless.email, "wrong").await,
        ];
        t.set("dialects.rakcha.verified_email", true).await;
        answers.push(app.login(&unverified.email, "wrong").await);
        answers.push(app.login(&unverified.email, &unverified.password).await);
        for answer in answers {
            assert_eq!(answer.masked(), wrong.clone().masked());
        }
    }

    async fn x05_a_bad_key_is_never_ignored(t: Server) {
        let ada = t.user("ada@example.org").await;
        for key in ["", "junk", "akm_live_unknown", "pk_test_", &t.keys.live.secret] {
            let answer = t.rakcha().with_key(key).login(&ada.email, &ada.password).await;
            assert_eq!((answer.status, answer.text()), (401, UNAUTHORIZED), "{key}");
            let unread = t.request("POST", "/api/users/auth").header("x-api-key", key).body("junk").send().await;
            assert_eq!((unread.status, unread.text()), (401, UNAUTHORIZED), "before the body is read");
        }
        for key in [&t.keys.live.api, &t.keys.live.publishable] {
            t.rakcha().with_key(key).login(&ada.email, &ada.password).await.ok(200);
        }
    }

    async fn e11_a_locked_account_answers_alike_whether_or_not_it_exists(t: Server) {
        let ada = t.user("ada@example.org").locked().await;
        t.audit_rows().await;
        let locked = t.rakcha().login(&ada.email, &ada.password).await;
        assert_eq!((locked.status, locked.text()), (429, r#"{"message":"Too many requests."}"#));
        assert_eq!(locked.header("retry-after"), Some("60"));
        t.audited([Act::LoginRefused]).await;
        for _ in 0..10 {
            t.rakcha().login("nobody@example.org", "wrong").await.ok(401);
        }
        let unknown = t.rakcha().login("nobody@example.org", "wrong").await;
        assert_eq!(unknown.masked(), locked.masked());
    }

    async fn l16_a_spent_budget_says_so_in_the_same_words(t: Server) {
        for _ in 0..60 {
            t.request("POST", "/api/users/auth").send().await.ok(415);
        }
        let refused = t.request("POST", "/api/users/auth").send().await;
        assert_eq!((refused.status, refused.text()), (429, r#"{"message":"Too many requests."}"#));
        assert_eq!(refused.header("ratelimit"), Some("limit=60, remaining=0, reset=60"));
    }

    async fn what_is_not_there_is_said_in_this_doors_envelope(t: Server) {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let answer = t.request(method, "/api/users/auth").send().await;
            assert_eq!((answer.status, answer.text(), answer.header("allow")), (405, r#"{"message":"This route does not take that method."}"#, Some("POST")), "{method}");
        }
        for path in ["/api/users/auth/", "/api/users/auth/login"] {
            let answer = t.request("POST", path).send().await;
            assert_eq!((answer.status, answer.text()), (404, r#"{"message":"There is no such route."}"#), "{path}");
        }
        t.set("dialects.rakcha.enabled", false).await;
        let off = t.rakcha().login("ada@example.org", PASSWORD).await;
        assert_eq!((off.status, off.text()), (404, r#"{"message":"There is no such route."}"#));
    }

    async fn without_its_database_the_door_is_shut(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.rakcha().login(&ada.email, &ada.password).await.ok(200);
        t.lose_the_database().await;
        let answer = t.rakcha().login(&ada.email, &ada.password).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
        assert_eq!(answer.text(), r#"{"message":"The server cannot do this now. Nothing was done; try again."}"#);
    }

    async fn a01_a02_every_route_answers_every_caller_as_written_here(t: Server) {
        let ada = t.user("ada@example.org").await;
        let other = t.another_project("other").await;
        let app = t.rakcha();
        let callers = [
            ("nobody", app.clone()),
            ("publishable key", app.clone().with_key(&t.keys.live.publishable)),
            ("API key", app.clone().with_key(&t.keys.live.api)),
            ("secret key", app.clone().with_key(&t.keys.live.secret)),
            ("test key", app.clone().with_key(&t.keys.test.api)),
            ("other project's key", app.clone().with_key(&other.keys.live.api)),
            ("a bad token", app.clone().bearing("a.b.c")),
        ];
        let mut table = String::new();
        for route in routes_of("rakcha") {
            writeln!(table, "{} {}", route.method, route.path).unwrap();
            for (name, caller) in &callers {
                let body = json!({"email": ada.email, "password": ada.password});
                let answer = caller.request(route.method.as_str(), route.path).json(&body).send().await;
                writeln!(table, "  {}: {name}", answer.status).unwrap();
            }
        }
        insta::assert_snapshot!(table, @r#"
        POST /api/users/auth
          200: nobody
          200: publishable key
          200: API key
          401: secret key
          401: test key
          401: other project's key
          200: a bad token
        "#);
    }
}
