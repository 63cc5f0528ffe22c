//! The documented limit: ten requests in five seconds on everything below `/api/auth`.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{Answer, PASSWORD, stories};

const TOO_MANY: &str = "Too many requests, please try again later";

/// What the limits show of themselves in an answer.
fn shown(answer: &Answer) -> [Option<&str>; 3] {
    ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| answer.header(name))
}

stories! {
    async fn l16_the_eleventh_request_in_five_seconds_is_refused_with_the_documented_headers(t: Server) {
        let app = t.arkos();
        let requests = [
            app.request("POST", "/api/auth/login").json(&json!({"username": "nobody@example.org", "password": "wrong"})),
            app.request("POST", "/api/auth/login").raw_json("{"),
            app.request("POST", "/api/auth/login"),
            app.request("POST", "/api/auth/signup").json(&json!({})),
            app.request("DELETE", "/api/auth/logout"),
            app.request("POST", "/api/auth/update-password").json(&json!({})),
            app.request("GET", "/api/auth/login"),
            app.request("GET", "/api/auth/nowhere"),
            app.request("POST", "/api/auth/login?usernameField=password"),
            app.request("POST", "/api/auth/login").header("x-api-key", "junk"),
        ];
        for (number, request) in requests.into_iter().enumerate() {
            let answer = request.send().await;
            let left = format!("limit=10, remaining={}, reset=5", 9 - number);
            assert_ne!(answer.status, 429, "{answer}");
            assert_eq!(shown(&answer), [Some("10;w=5"), Some(left.as_str()), None], "{answer}");
        }
        t.advance(Duration::from_millis(3_200));
        let refused = app.login("nobody@example.org", "wrong").await;
        refused.refused_by_arkos(429, TOO_MANY);
        assert_eq!(shown(&refused), [Some("10;w=5"), Some("limit=10, remaining=0, reset=2"), Some("2")]);
        t.advance(Duration::from_millis(1_799));
        app.logout().await.refused_by_arkos(429, TOO_MANY);
        t.advance(Duration::from_millis(1));
        let again = app.logout().await;
        assert_eq!((again.status, shown(&again)), (401, [Some("10;w=5"), Some("limit=10, remaining=9, reset=5"), None]));
    }

    async fn l16_the_profile_stands_under_the_global_limit(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().signed_in(&ada).await;
        for left in [299, 298, 297] {
            let answer = app.me().await.ok(200);
            let left = format!("limit=300, remaining={left}, reset=60");
            assert_eq!(shown(&answer), [Some("300;w=60"), Some(left.as_str()), None]);
        }
        assert_eq!(shown(&app.get("/api/nowhere").await)[1], Some("limit=300, remaining=296, reset=60"));
        assert_eq!(app.from("192.0.2.1").me().await.header("ratelimit"), Some("limit=300, remaining=299, reset=60"));
    }

    async fn l01_l16_a_locked_account_is_told_in_the_words_of_the_limit(t: Server) {
        let ada = t.user("ada@example.org").await;
        for number in 0..10 {
            let app = t.arkos().from(&format!("198.51.100.{number}"));
            app.login(&ada.email, "wrong").await.refused_by_arkos(401, "Incorrect email or password");
        }
        let locked = t.arkos().login(&ada.email, PASSWORD).await;
        locked.refused_by_arkos(429, TOO_MANY);
        assert_eq!(shown(&locked), [Some("10;w=5"), Some("limit=10, remaining=9, reset=5"), Some("60")]);
        t.rakomi().login(&ada.email, PASSWORD).await.refused(429, "auth/account_locked");
    }

    async fn e08_taken_addresses_are_told_five_times_an_hour(t: Server) {
        t.user("ada@example.org").await;
        let body = json!({"email": "ada@example.org", "password": "StrongP@ss123"});
        for _ in 0..5 {
            t.arkos().signup(body.clone()).await.refused_by_arkos(409, "Duplicate value detected for the unique field(s): email. Please use a different value.");
        }
        t.arkos().signup(body).await.refused_by_arkos(429, TOO_MANY);
    }
}
