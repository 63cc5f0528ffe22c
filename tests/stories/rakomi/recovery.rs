//! Family F: forgotten, reset and changed passwords.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{PUBLIC_URL, Persona, Server, Sql, at_once, stories};

const LATER: &str = "a new and better one";

/// The token of a fresh reset mail.
async fn reset_token(t: &Server, persona: &Persona) -> String {
    t.rakomi().forgot(&persona.email).await.ok(200);
    t.mail_to(&persona.email).await.token()
}

stories! {
    async fn f01_mailed_tokens_have_256_bits_and_only_their_hash_is_kept(t: Server) {
        let mut seen = std::collections::HashSet::new();
        for number in 0..8 {
            let ada = t.user(&format!("ada-{number}@example.org")).await;
            let token = reset_token(&t, &ada).await;
            assert!(token.len() == 43 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
            assert!(seen.insert(token));
        }
        let disk = t.bytes_on_disk();
        for token in seen {
            assert!(!disk.windows(43).any(|bytes| bytes == token.as_bytes()), "{token} is on disk");
        }
        assert_eq!(t.number(Sql::same("SELECT MIN(LENGTH(token_hash)) FROM mailed_secrets"), &[]).await, 32);
    }

    async fn f02_links_are_built_from_the_configured_url_whatever_headers_say(t: Server) {
        let evil = "evil.example";
        let headers = [
            "x-forwarded-host", "x-original-host", "x-host", "x-forwarded-server", "x-http-host-override", "x-rewrite-url",
            "x-original-url", "x-forwarded-proto", "x-forwarded-scheme", "x-forwarded-port", "x-forwarded-prefix", "forwarded",
            "origin", "referer", "via", "x-url-scheme", "x-real-host", "true-client-host", ":authority".trim_start_matches(':'),
        ];
        for (number, name) in headers.into_iter().enumerate() {
            let ada = t.user(&format!("ada-{number}@example.org")).await;
            let value = if name == "forwarded" { "host=evil.example;proto=http" } else { evil };
            let app = t.rakomi().from(&format!("198.51.100.{number}"));
            let request = app.request("POST", "/v1/auth/forgot-password").header("host", "auth.example.com").header(name, value);
            request.json(&json!({"email": &ada.email})).send().await.ok(200);
            let mail = t.mail_to(&ada.email).await;
            assert!(mail.link.clone().unwrap().starts_with(&format!("{PUBLIC_URL}/reset-password?token=")), "{name}: {mail:?}");
            assert!(!mail.text.contains(evil) && !mail.html.contains(evil), "{name}: {mail:?}");
        }
    }

    async fn f02_a_request_that_names_another_host_mails_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let forgot = |target: &str| t.rakomi().request("POST", target).json(&json!({"email": &ada.email}));
        let path = "/v1/auth/forgot-password";

        for request in [
            forgot(path).header("host", "evil.example"),
            forgot(path).header("host", "auth.example.com").header("host", "evil.example"),
            forgot(path).header("host", "evil.example").header("host", "auth.example.com"),
            forgot("http://evil.example/v1/auth/forgot-password"),
            forgot("http://evil.example/v1/auth/forgot-password").header("host", "auth.example.com"),
        ] {
            let answer = request.send().await;
            assert!(matches!(answer.status, 400 | 421), "{answer}");
        }
        assert_eq!(t.mails_waiting().await, 0);

        let ours = forgot("http://auth.example.com/v1/auth/forgot-password").header("host", "evil.example");
        ours.send().await.ok(200);
        assert!(t.mail_to(&ada.email).await.link.unwrap().starts_with(PUBLIC_URL));
    }

    async fn f03_a_request_cannot_say_where_a_link_leads(t: Server) {
        let ada = t.user("ada@example.org").await;
        let redirect = "https://evil.example/";
        let body = json!({"email": &ada.email, "redirect_to": redirect, "redirectTo": redirect, "callback_url": redirect, "link": redirect});
        let request = t.rakomi().request("POST", "/v1/auth/forgot-password?redirect_to=https://evil.example/");
        request.json(&body).send().await.ok(200);
        let mail = t.mail_to(&ada.email).await;
        assert!(mail.link.clone().unwrap().starts_with(PUBLIC_URL) && !mail.html.contains("evil.example"), "{mail:?}");
    }

    async fn f03_a_project_may_lead_its_links_to_its_own_pages(t: Server) {
        t.set("links.reset_password", "https://app.example.com/reset#{token}").await;
        let ada = t.user("ada@example.org").await;
        t.rakomi().forgot(&ada.email).await.ok(200);

        let link = t.mail_to(&ada.email).await.link.unwrap();

        let token = link.strip_prefix("https://app.example.com/reset#").unwrap();
        t.rakomi().reset(token, LATER).await.ok(200);
    }

    async fn f04_a_reset_token_works_once_and_exactly_its_password_holds(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (token, app) = (reset_token(&t, &ada).await, t.rakomi());
        let passwords: Vec<_> = (0..16).map(|number| format!("number {number} of the racers")).collect();

        let answers = vestibule_testkit::at_once(passwords.iter().map(|password| app.reset(&token, password))).await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for (answer, password) in answers.iter().zip(&passwords) {
            let login = t.rakomi().from("198.51.100.4").login(&ada.email, password).await;
            let expected = if answer.status == 200 { 200 } else { answer.refused(400, "auth/token_invalid"); 401 };
            // The losers' passwords are wrong ones, and ten in a row would lock the account.
            t.advance(Duration::from_mins(16));
            assert_eq!(login.status, expected, "{password}: {login}");
        }
    }

    async fn f05_a_reset_token_lives_an_hour(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (in_time, too_late) = (reset_token(&t, &ada).await, reset_token(&t, &eve).await);
        t.advance(Duration::from_secs(3599));
        t.rakomi().reset(&in_time, LATER).await.ok(200);

        t.advance(Duration::from_secs(2));

        t.rakomi().reset(&too_late, LATER).await.refused(400, "auth/token_expired");
        t.rakomi().login(&eve.email, &eve.password).await.ok(200);
    }

    async fn f06_a_newer_mail_voids_the_older(t: Server) {
        let ada = t.user("ada@example.org").await;
        let first = reset_token(&t, &ada).await;
        t.advance(Duration::from_secs(1));
        let second = reset_token(&t, &ada).await;

        t.rakomi().reset(&first, LATER).await.refused(400, "auth/token_invalid");
        t.rakomi().reset(&second, LATER).await.ok(200);
    }

    async fn f07_a_reset_ends_every_session_and_every_other_mailed_secret_and_tells_the_owner(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();
        let sessions = [app.clone().signed_in(&ada).await, app.clone().signed_in(&ada).await];
        app.resend(&ada.email).await.ok(200);
        let verify = t.mail_to(&ada.email).await.token();
        let token = reset_token(&t, &ada).await;

        app.reset(&token, LATER).await.ok(200);

        for session in &sessions {
            session.me().await.refused(401, "token/revoked");
            session.refresh(session.refresh_token()).await.refused(401, "auth/session_revoked");
        }
        app.verify(&verify).await.refused(400, "auth/token_invalid");
        let notice = t.mail_to(&ada.email).await;
        assert!(notice.link.is_none() && notice.code.is_none() && notice.text.contains("password"), "{notice:?}");
        let stored = t.stored(&ada).await.unwrap();
        assert!(stored.email_verified_at.is_some(), "who read the mail has the address");
    }

    async fn f07_a_reset_ends_the_lock_of_an_account(t: Server) {
        let ada = t.user("ada@example.org").locked().await;
        let token = reset_token(&t, &ada).await;

        t.rakomi().reset(&token, LATER).await.ok(200);

        t.rakomi().login(&ada.email, LATER).await.ok(200);
    }

    async fn f08_a_reset_signs_nobody_in(t: Server) {
        let ada = t.user("ada@example.org").await;
        let token = reset_token(&t, &ada).await;

        let (answer, cost) = t.cost_of(t.rakomi().reset(&token, LATER)).await;

        assert_eq!(answer.clone().ok(200).text(), r#"{"message":"Password updated successfully."}"#);
        assert_eq!((answer.header("set-cookie"), cost.rows["sessions"]), (None, 0));
    }

    async fn f09_who_is_disabled_or_deleted_gets_no_mail_and_the_mail_of_before_is_void(t: Server) {
        let (ada, eve, bob) = (t.user("ada@example.org").await, t.user("eve@example.org").await, t.user("bob@example.org").await);
        let tokens = [reset_token(&t, &ada).await, reset_token(&t, &eve).await];
        t.disable(&ada).await;
        t.delete(&eve).await;

        for token in &tokens {
            t.rakomi().reset(token, LATER).await.refused(400, "auth/token_invalid");
        }
        let answers = [t.rakomi().forgot(&ada.email).await, t.rakomi().forgot(&eve.email).await, t.rakomi().forgot(&bob.email).await];
        let [disabled, deleted, usual] = answers.map(vestibule_testkit::Answer::masked);
        assert!(disabled == usual && deleted == usual);
        assert_eq!((t.mails_to(&ada.email).await.len(), t.mails_to(&eve.email).await.len()), (0, 0));
        assert_eq!(t.mails_to(&bob.email).await.len(), 1);
    }

    async fn f10_no_reset_skips_the_proof_of_the_mailbox(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();
        let post = async |body| app.post("/v1/auth/reset-password", body).await;

        assert_eq!(post(json!({"password": LATER})).await.wrong_fields(), ["token"]);
        assert_eq!(post(json!({"email": &ada.email, "password": LATER})).await.wrong_fields(), ["token"]);
        assert_eq!(post(json!({"token": "", "password": LATER})).await.wrong_fields(), ["token"]);
        assert_eq!(post(json!({"token": null, "password": LATER})).await.wrong_fields(), ["token"]);
        post(json!({"token": "guessed", "user_id": ada.id.to_string(), "password": LATER})).await.refused(400, "auth/token_invalid");
        app.login(&ada.email, &ada.password).await.ok(200);
    }

    async fn f11_guessing_tokens_is_throttled(t: Server) {
        let app = t.rakomi();
        for number in 0..60 {
            app.reset(&format!("guess-{number}"), LATER).await.refused(400, "auth/token_invalid");
        }
        let (answer, cost) = t.cost_of(app.reset("guess-60", LATER)).await;
        answer.refused(429, "rate_limit/exceeded");
        assert_eq!((answer.header("retry-after"), cost.hashes), (Some("60"), 0));
    }

    async fn f11_a_mail_has_five_guesses_at_its_code(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();
        app.resend(&ada.email).await.ok(200);
        let mail = t.mail_to(&ada.email).await;

        for _ in 0..5 {
            app.verify_by_code(&ada.email, &mail.wrong_code()).await.refused(400, "auth/token_invalid");
        }

        app.verify_by_code(&ada.email, &mail.code()).await.refused(400, "auth/token_invalid");
        app.verify(&mail.token()).await.ok(200);
    }

    async fn f12_a_flood_of_requests_mails_three_times_an_hour_and_says_nothing_of_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        let first = t.rakomi().forgot(&ada.email).await.masked();
        for number in 1..100 {
            let app = t.rakomi().from(&format!("198.51.100.{number}"));
            assert_eq!(app.forgot(&ada.email).await.masked(), first);
        }
        assert_eq!(t.mails_to(&ada.email).await.len(), 3);
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);

        t.advance(Duration::from_secs(3601));
        t.rakomi().forgot(&ada.email).await.ok(200);
        assert_eq!(t.mails_to(&ada.email).await.len(), 1);
    }

    async fn f12_as_many_requests_at_once_mail_no_more(t: Server) {
        let ada = t.user("ada@example.org").await;
        let ask = async |number| {
            t.rakomi().from(&format!("198.51.100.{number}")).forgot(&ada.email).await.ok(200);
        };
        at_once((1..=16).map(ask)).await;
        assert_eq!(t.mails_to(&ada.email).await.len(), 3);
    }

    async fn f12_the_newest_mail_of_a_flood_still_works(t: Server) {
        let ada = t.user("ada@example.org").await;
        for number in 0..6 {
            t.advance(Duration::from_secs(1));
            t.rakomi().from(&format!("198.51.100.{number}")).forgot(&ada.email).await.ok(200);
        }
        let newest = t.mails_to(&ada.email).await.pop().unwrap();

        t.rakomi().reset(&newest.token(), LATER).await.ok(200);
    }

    async fn f13_the_page_of_a_reset_leaks_its_token_nowhere(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.rakomi().forgot(&ada.email).await.ok(200);
        let mail = t.mail_to(&ada.email).await;
        let page = t.request("GET", &mail.link.clone().unwrap().replace(PUBLIC_URL, "")).send().await.ok(200);

        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let text = page.text().replace("&#x2f;", "/");
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for target in text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(target.starts_with('/') && !target.starts_with("//") && !target.contains(&mail.token()), "{target}");
            }
        }

        let weak = [("token", mail.token()), ("password", "password".to_owned())];
        let weak = weak.each_ref().map(|(name, value)| (*name, value.as_str()));
        let refused = t.request("POST", "/reset-password").form(&weak).send().await.ok(400);
        assert_eq!(refused.header("location"), None);
        t.rakomi().reset(&mail.token(), LATER).await.ok(200);
    }

    async fn f14_a_change_of_password_ends_every_other_session_and_tells_the_owner(t: Server) {
        let ada = t.user("ada@example.org").await;
        let reset = reset_token(&t, &ada).await;
        let current = t.rakomi().signed_in(&ada).await;
        let mut others = Vec::new();
        for _ in 0..4 {
            others.push(t.rakomi().signed_in(&ada).await);
        }

        current.change_password(&ada.password, LATER).await.ok(200);

        for other in &others {
            other.me().await.refused(401, "token/revoked");
            other.refresh(other.refresh_token()).await.refused(401, "auth/session_revoked");
        }
        current.me().await.ok(200);
        current.refreshed().await.me().await.ok(200);
        t.rakomi().reset(&reset, "a third password").await.refused(400, "auth/token_invalid");
        let notice = t.mail_to(&ada.email).await;
        assert!(notice.link.is_none() && notice.text.contains("password"), "{notice:?}");
    }

    async fn f15_no_session_from_before_a_change_refreshes_after_it(t: Server) {
        for round in 0..20 {
            let ada = t.user(&format!("ada-{round}@example.org")).await;
            let app = t.rakomi().from(&format!("198.51.100.{round}"));
            let (current, other) = (app.clone().signed_in(&ada).await, app.clone().signed_in(&ada).await);

            let refreshes = async {
                let mut other = other;
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                for number in 0.. {
                    // From many places, because the race may take longer than one address has budget for.
                    other = other.from(&format!("198.18.{}.{}", number / 250 % 250, number % 250));
                    let answer = other.refresh(other.refresh_token()).await;
                    if answer.status != 200 {
                        return answer;
                    }
                    other = other.with_tokens(&answer);
                }
                unreachable!("the numbers never end")
            };
            let (changed, ended) = tokio::join!(current.change_password(&ada.password, LATER), refreshes);

            changed.ok(200);
            ended.refused(401, "auth/session_revoked");
            current.me().await.ok(200);
        }
    }
}
