//! Budgets that a dialect has for itself, in front of a whole server: how they take the place of the shared ones, and
//! that the lock of an account lies below them.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{Answer, BEGINNING, Front, PASSWORD, Server, Way, stories};
use vestibule_web::{Dialect, Draft, LimitHeaders, OwnBudget, Rate};

const TEN: Rate = Rate {
    requests: 10,
    window: Duration::from_secs(5),
};

const THOUSAND: Rate = Rate {
    requests: 1_000,
    window: Duration::from_hours(1),
};

/// A way in through the Rakomi API, had it these budgets and showed it them so.
fn front(t: &Server, own_budgets: Vec<OwnBudget>, limit_headers: LimitHeaders) -> Front {
    let dialects = vec![Dialect {
        own_budgets,
        limit_headers,
        ..crate::dialect("rakomi")
    }];
    t.front(Way {
        dialects,
        ..Way::default()
    })
}

/// Ten requests in five seconds for the signing-in, three hundred a minute for everything else.
fn narrow(t: &Server) -> Front {
    let budgets = vec![
        OwnBudget::new(&["/v1/auth"], TEN),
        OwnBudget::new(&[], Rate::per_minute(300)),
    ];
    front(t, budgets, LimitHeaders::DRAFT_7)
}

async fn login(front: &Front, t: &Server, from: &str, email: &str, password: &str) -> Answer {
    let request = t.request("POST", "/v1/auth/login").from(from.parse().unwrap());
    let body = json!({"email": email, "password": password});
    front
        .send(request.header("x-api-key", &t.keys.live.api).json(&body))
        .await
}

stories! {
    async fn l16_whatever_comes_counts_and_the_eleventh_in_five_seconds_is_refused(t: Server) {
        let front = narrow(&t);
        let requests = [
            t.request("POST", "/v1/auth/login"),
            t.request("POST", "/v1/auth/login").raw_json("{"),
            t.request("POST", "/v1/auth/register").header("x-api-key", "junk"),
            t.request("GET", "/v1/auth/login"),
            t.request("GET", "/v1/auth/unknown/path"),
            t.request("GET", "/v1/auth//login"),
            t.request("GET", "/v1/auth/me"),
            t.request("DELETE", "/v1/auth/me").json(&json!([])),
            t.request("POST", "/v1/auth/forgot-password").header("x-api-key", &t.keys.live.api).json(&json!({"email": "nobody@example.org"})),
            t.request("PUT", "/v1/auth"),
        ];
        for (number, request) in requests.into_iter().enumerate() {
            let answer = front.send(request).await;
            assert_ne!(answer.status, 429, "{answer}");
            assert_eq!(answer.header("ratelimit-policy"), Some("10;w=5"));
            let reset = if number < 5 { 5 } else { 4 };
            assert_eq!(answer.header("ratelimit"), Some(format!("limit=10, remaining={}, reset={reset}", 9 - number).as_str()));
            if number == 4 {
                t.advance(Duration::from_millis(1_500));
            }
        }
        let refused = front.send(t.request("GET", "/v1/auth/me")).await;
        refused.refused(429, "rate_limit/exceeded");
        assert_eq!(refused.header("ratelimit"), Some("limit=10, remaining=0, reset=4"));
        assert_eq!(refused.header("retry-after"), Some("4"));

        let elsewhere = front.send(t.request("GET", "/v1/health")).await.ok(200);
        assert_eq!(elsewhere.header("ratelimit-policy"), Some("300;w=60"));
        assert_eq!(elsewhere.header("ratelimit"), Some("limit=300, remaining=299, reset=60"));
        t.advance(Duration::from_millis(3_499));
        assert_eq!(front.send(t.request("GET", "/v1/auth/me")).await.status, 429);
        t.advance(Duration::from_millis(1));
        let again = front.send(t.request("GET", "/v1/auth/me")).await;
        assert_eq!(again.header("ratelimit"), Some("limit=10, remaining=4, reset=2"));
    }

    async fn l16_a_hundred_and_twenty_sign_ins_a_minute_pass_where_ten_in_five_seconds_do(t: Server) {
        let (ada, front) = (t.user("ada@example.org").await, narrow(&t));
        for _ in 0..12 {
            for _ in 0..10 {
                login(&front, &t, "192.0.2.1", &ada.email, &ada.password).await.ok(200);
            }
            login(&front, &t, "192.0.2.1", &ada.email, &ada.password).await.refused(429, "rate_limit/exceeded");
            t.advance(TEN.window);
        }
    }

    async fn e11_l11_failures_at_doors_with_budgets_of_their_own_lock_the_account_for_all(t: Server) {
        let (ada, front) = (t.user("ada@example.org").await, narrow(&t));
        for (number, email) in (0..5).flat_map(|number| [(number, ada.email.as_str()), (number, "nobody@example.org")]) {
            login(&front, &t, &format!("10.1.{number}.1"), email, "wrong").await.refused(401, "auth/invalid_credentials");
            t.rakomi().from(&format!("10.2.{number}.1")).login(email, "wrong").await.refused(401, "auth/invalid_credentials");
        }
        let locked = login(&front, &t, "192.0.2.1", &ada.email, PASSWORD).await;
        let unknown = login(&front, &t, "192.0.2.2", "nobody@example.org", PASSWORD).await;
        for answer in [&locked, &unknown] {
            answer.refused(429, "auth/account_locked");
            assert_eq!(answer.header("retry-after"), Some("60"));
            assert_eq!(answer.header("ratelimit"), Some("limit=10, remaining=9, reset=5"));
        }
        assert_eq!(locked.masked(), unknown.masked());
        t.rakomi().login(&ada.email, &ada.password).await.refused(429, "auth/account_locked");
    }

    async fn l16_l19_an_hours_budget_names_the_second_in_which_there_is_more_and_mail_stays_limited(t: Server) {
        let front = front(&t, vec![OwnBudget::new(&[], THOUSAND)], LimitHeaders::LEGACY);
        let shown = |answer: &Answer| {
            let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"];
            names.map(|name| answer.header(name).map(|value| value.parse::<i64>().unwrap()))
        };
        let forgot = || {
            let request = t.request("POST", "/v1/auth/forgot-password").header("x-api-key", &t.keys.live.api);
            front.send(request.json(&json!({"email": "nobody@example.org"})))
        };
        let begun = BEGINNING.seconds();
        for sent in 1..=20 {
            assert_eq!(shown(&forgot().await.ok(200)), [Some(1_000), Some(1_000 - sent), Some(begun + 3_600), None]);
        }
        t.advance(Duration::from_millis(500));
        let refused = forgot().await;
        assert_eq!(refused.status, 429);
        assert_eq!(shown(&refused), [Some(20), Some(0), Some(begun + 60), Some(60)]);
        for _ in 0..979 {
            front.send(t.request("GET", "/v1/health")).await.ok(200);
        }
        let spent = front.send(t.request("GET", "/v1/nowhere")).await;
        assert_eq!(spent.status, 429);
        assert_eq!(shown(&spent), [Some(1_000), Some(0), Some(begun + 3_601), Some(3_600)], "an hour after the last of a slice");
        assert_eq!(spent.header("ratelimit"), None);
    }

    async fn w04_a_page_of_a_listed_origin_reads_the_headers_of_every_style(t: Server) {
        t.set("cors.allowed_origins", json!(["https://app.example.com"])).await;
        for standard in [Draft::Six, Draft::Seven, Draft::Eight] {
            let style = LimitHeaders { standard: Some(standard), legacy: true };
            let front = front(&t, Vec::new(), style);
            let request = t.request("GET", "/v1/auth/me").header("x-api-key", &t.keys.live.api);
            let answer = front.send(request.header("origin", "https://app.example.com")).await;
            let exposed: Vec<_> = answer.header("access-control-expose-headers").unwrap().split(", ").collect();
            let limits: Vec<_> = answer.headers.keys().filter(|name| name.as_str().contains("ratelimit")).collect();
            assert!(limits.len() >= 5 && limits.iter().all(|name| exposed.contains(&name.as_str())), "{limits:?}");
        }
    }
}
