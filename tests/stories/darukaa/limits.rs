//! The thousand requests an hour, how they are shown, and what lies underneath.

use std::time::Duration;
use vestibule_testkit::{Answer, BEGINNING, answered, stories};

/// Limit, remaining and reset of `X-RateLimit-*`, and `Retry-After`.
fn shown(answer: &Answer) -> [Option<i64>; 4] {
    let names = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
    ];
    names.map(|name| answer.header(name).map(|value| value.parse().unwrap()))
}

stories! {
    async fn l16_a_thousand_requests_an_hour_pass_and_the_next_is_told_when_to_come_again(t: Server) {
        let ada = t.user("ada@example.org").await;
        let begun = BEGINNING.seconds();
        let app = t.darukaa().signed_in(&ada).await;
        for used in 2..=999 {
            let answer = app.user().await.ok(200);
            assert_eq!(shown(&answer), [Some(1_000), Some(1_000 - used), Some(begun + 3_600), None]);
            assert_eq!(answer.header("ratelimit"), None);
        }
        let last = app.request("GET", "/api/v1/nowhere").send().await;
        last.refused_by_darukaa(404, "NOT_FOUND");
        assert_eq!(shown(&last), [Some(1_000), Some(0), Some(begun + 3_600), None]);

        let refused = app.user().await;

        answered!(refused, 429, @r#"{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many requests","details":"Please wait for the seconds in the Retry-After header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        assert_eq!(shown(&refused), [Some(1_000), Some(0), Some(begun + 3_600), Some(3_600)]);
        app.login(&ada.email, &ada.password).await.refused_by_darukaa(429, "RATE_LIMIT_EXCEEDED");
        t.darukaa().from("198.51.100.4").login(&ada.email, &ada.password).await.ok(200);
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn l16_every_answer_shows_the_budget(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        let answers = [
            app.user().await.ok(200),
            app.login(&ada.email, "wrong").await.ok(401),
            app.signup(&ada.email, &ada.password).await.ok(400),
            app.clone().with_key("junk").user().await.ok(401),
            app.request("GET", "/auth/login").send().await.ok(405),
            app.request("POST", "/auth/login").raw_json("{").send().await.ok(400),
            app.request("POST", "/auth/login").body("x").send().await.ok(415),
        ];
        for (answer, used) in answers.iter().zip(2..) {
            assert_eq!(shown(answer)[..2], [Some(1_000), Some(1_000 - used)], "{answer}");
        }
    }

    async fn l19_mail_has_a_smaller_budget_underneath(t: Server) {
        let app = t.darukaa();
        for sent in 1..=20 {
            let answer = if sent % 2 == 0 { app.forgot("nobody@example.org").await } else { app.resend("nobody@example.org").await };
            assert_eq!(shown(&answer.ok(200))[..2], [Some(1_000), Some(1_000 - sent)]);
        }
        let refused = app.forgot("nobody@example.org").await;
        refused.refused_by_darukaa(429, "RATE_LIMIT_EXCEEDED");
        assert_eq!(shown(&refused), [Some(20), Some(0), Some(BEGINNING.seconds() + 60), Some(60)]);
        t.rakomi().forgot("nobody@example.org").await.refused(429, "rate_limit/exceeded");
        app.refresh("rt_nonsense").await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        t.advance(Duration::from_mins(1));
        app.forgot("nobody@example.org").await.ok(200);
    }

    async fn e08_sign_ups_that_learn_of_an_account_are_few(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa();
        for _ in 0..5 {
            app.signup(&ada.email, &ada.password).await.refused_by_darukaa(400, "EMAIL_ALREADY_EXISTS");
        }
        let refused = app.signup(&ada.email, &ada.password).await;
        refused.refused_by_darukaa(429, "RATE_LIMIT_EXCEEDED");
        assert_eq!(shown(&refused)[0], Some(5));
    }

    async fn l11_failures_here_lock_the_account_at_every_door(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa();
        for _ in 0..10 {
            app.login(&ada.email, "wrong").await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        }
        let locked = app.login(&ada.email, &ada.password).await;
        answered!(locked, 429, @r#"{"error":{"code":"ACCOUNT_LOCKED","message":"The account is locked after too many failed attempts","details":"Please wait for the seconds in the Retry-After header, or reset the password","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        assert_eq!(shown(&locked), [Some(1_000), Some(989), Some(BEGINNING.seconds() + 3_600), Some(60)]);
        t.rakomi().login(&ada.email, &ada.password).await.refused(429, "auth/account_locked");
        t.advance(Duration::from_mins(1));
        app.login(&ada.email, &ada.password).await.ok(200);
    }
}
