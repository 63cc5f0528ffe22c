//! Family R: who an account belongs to.

use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vestibule_testkit::{Act, PASSWORD, PUBLIC_URL, Server, Sql, Value, Way, stories};

const LATER: &str = "a new and better one";

/// Registers somebody and takes the token out of the verification mail.
async fn registered(t: &Server, email: &str) -> String {
    t.rakomi().register(email, PASSWORD).await.ok(201);
    t.mail_to(email).await.token()
}

stories! {
    async fn i12_who_sends_a_sign_up_slowly_keeps_nobody_else_at_the_address_waiting(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        let sign_up = |email: &str| {
            let body = json!({"email": email, "password": PASSWORD}).to_string();
            let head = format!(
                "POST /v1/auth/register HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n",
                t.keys.live.api,
                body.len()
            );
            (head, body)
        };
        let mut slow = TcpStream::connect(wire.address).await.unwrap();
        let (head, _) = sign_up("slow@example.org");
        slow.write_all(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
        let mut heard = [0; 12];
        slow.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"HTTP/1.1 100", "its body is waited for");

        let (head, body) = sign_up("ada@example.org");
        let answer = wire.say(format!("{head}\r\n{body}")).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    async fn r01_nothing_but_the_documented_fields_is_taken_from_a_registration(t: Server) {
        let body = json!({
            "email": "eve@example.org", "password": PASSWORD, "role": "admin", "roles": ["admin"], "isSuperUser": true,
            "is_admin": true, "email_verified": true, "emailVerified": true, "verified": true, "status": "active",
            "id": "01926f1a-0000-7000-8000-000000000000", "user_id": "01926f1a-0000-7000-8000-000000000000",
            "project_id": "01926f1a-0000-7000-8000-000000000000", "permissions": ["*"], "password_hash": "x",
            "created_at": "2001-01-01T00:00:00.000Z", "user_metadata": {"role": "admin"}, "number": 1000,
            "given_name": null, "username": "admin",
        });
        let app = t.rakomi();

        let answer = app.post("/v1/auth/register", body).await.ok(201);

        assert_eq!((answer.json()["email_verified"].clone(), answer.string("created_at").as_str()), (json!(false), "2026-03-03T12:00:00.000Z"));
        assert_ne!(answer.string("user_id"), "01926f1a-0000-7000-8000-000000000000");
        let login = app.login("eve@example.org", PASSWORD).await.ok(200);
        let me = app.with_tokens(&login).me().await.ok(200).json();
        assert_eq!((&me["roles"], &me["permissions"], &me["public_metadata"]), (&json!([]), &json!([]), &json!({})));
        let stored = t.words(Sql::same("SELECT profile || number || COALESCE(CAST(email_verified_at AS TEXT), 'unverified') FROM users"), &[]).await;
        assert_eq!(stored, "{}1unverified");
    }

    async fn r02_the_profile_is_not_writable_through_me(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for method in ["PATCH", "PUT", "POST", "DELETE"] {
            let body = json!({"email": "eve@example.org", "email_verified": true, "roles": ["admin"]});
            let answer = app.request(method, "/v1/auth/me").json(&body).send().await;
            answer.refused(405, "route/method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
        assert_eq!(app.me().await.ok(200).string("email"), ada.email);
    }

    async fn r03_of_fifty_registrations_at_once_exactly_one_is_made(t: Server) {
        let apps: Vec<_> = (0..50).map(|n| t.rakomi().from(&format!("198.51.100.{n}"))).collect();
        let all = apps.iter().map(|app| app.register("ada@example.org", PASSWORD));

        let answers = vestibule_testkit::at_once(all).await;

        let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 49));
        for answer in refused {
            answer.refused(409, "auth/email_taken");
        }
        assert_eq!(t.number(Sql::same("SELECT COUNT(*) FROM users"), &[]).await, 1);
        assert_eq!(t.mails_to("ada@example.org").await.len(), 1);
    }

    async fn r04_case_makes_no_other_account_and_operators_see_what_was_typed(t: Server) {
        let app = t.rakomi();
        assert_eq!(app.register(" User@Example.COM ", PASSWORD).await.ok(201).string("email"), "user@example.com");

        app.register("user@example.com", PASSWORD).await.refused(409, "auth/email_taken");
        for spelling in ["user@example.com", "USER@EXAMPLE.COM", "User@Example.COM"] {
            app.login(spelling, PASSWORD).await.ok(200);
        }
        assert_eq!(t.words(Sql::same("SELECT email_typed FROM users"), &[]).await, "User@Example.COM");
    }

    async fn r05_dots_and_plus_tags_make_other_accounts(t: Server) {
        for email in ["ab@example.org", "a.b@example.org", "ab+x@example.org"] {
            t.rakomi().register(email, PASSWORD).await.ok(201);
        }
    }

    async fn r06_r09_what_is_no_plain_address_is_refused(t: Server) {
        let long_domain = format!("ada@{}.example", vec!["d".repeat(60); 4].join("."));
        let long_local = format!("{}@example.org", "a".repeat(65));
        for (number, email) in [
            "no-at", "@example.org", "ada@", "ada@example.org@evil.example", "a@evil.example@corp.example", "ada\u{ff20}example.org",
            "ada@example\u{ff0e}org\u{200b}", "a\u{200b}da@example.org", "a\u{202e}da@example.org", "\"ada lovelace\"@example.org",
            "ada@[192.0.2.1]", "ada@[IPv6:2001:db8::1]", "ada@example.org\r\nBcc: eve@example.org", "ada\n@example.org",
            "ada(comment)@example.org", "ada@example.org.", "ada@-example.org", "ada@exa mple.org", "ada..b@example.org",
            ".ada@example.org", "ada.@example.org", "<ada@example.org>", "ada@example.org,eve@example.org", "ada@localhost\0",
            long_domain.as_str(), long_local.as_str(),
        ].into_iter().enumerate() {
            let answer = t.rakomi().from(&format!("198.51.100.{number}")).register(email, PASSWORD).await;
            assert_eq!(answer.status, 400, "{email:?}: {answer}");
            answer.refused(400, "request/invalid_body");
        }
        assert_eq!(t.number(Sql::same("SELECT COUNT(*) FROM users"), &[]).await, 0);
    }

    async fn r07_letters_that_fold_into_a_victims_address_do_not_reach_it(t: Server) {
        let (victim, app) = (t.user("kiss@example.org").await, t.rakomi());
        for lookalike in ["\u{212a}iss@example.org", "k\u{131}ss@example.org", "ki\u{df}@example.org", "ki\u{17f}s@example.org"] {
            app.login(lookalike, &victim.password).await.refused(401, "auth/invalid_credentials");
            app.forgot(lookalike).await.ok(200);
        }
        assert!(t.mails_to(&victim.email).await.is_empty());
        app.forgot("KISS@EXAMPLE.ORG").await.ok(200);
        assert_eq!(t.mail_to(&victim.email).await.to, victim.email);
    }

    async fn r08_a_domain_in_unicode_and_in_punycode_is_one(t: Server) {
        let app = t.rakomi();
        assert_eq!(app.register("ada@B\u{fc}cher.example", PASSWORD).await.ok(201).string("email"), "ada@xn--bcher-kva.example");

        app.register("ada@xn--bcher-kva.example", PASSWORD).await.refused(409, "auth/email_taken");
        app.login("ada@b\u{fc}cher.example", PASSWORD).await.ok(200);
        for masked in ["ada@xn--example-.org", "ada@xn--.org", "ada@xn--abc-.example"] {
            assert_eq!(app.register(masked, PASSWORD).await.wrong_fields(), ["email"], "{masked}");
        }
    }

    async fn r11_a_verification_token_works_once_however_many_try(t: Server) {
        let token = registered(&t, "ada@example.org").await;
        let app = t.rakomi();

        let answers = vestibule_testkit::at_once((0..16).map(|_| app.verify(&token))).await;

        let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((good.len(), bad.len()), (1, 15));
        for answer in bad {
            answer.refused(400, "auth/token_invalid");
        }
        app.verify(&token).await.refused(400, "auth/token_invalid");
    }

    async fn r11_a_verification_code_works_once_however_many_try(t: Server) {
        t.rakomi().register("ada@example.org", PASSWORD).await.ok(201);
        let (code, app) = (t.mail_to("ada@example.org").await.code(), t.rakomi());

        let answers = vestibule_testkit::at_once((0..16).map(|_| app.verify_by_code("ada@example.org", &code))).await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    }

    async fn r12_a_verification_token_lives_a_day(t: Server) {
        let (in_time, too_late) = (registered(&t, "ada@example.org").await, registered(&t, "eve@example.org").await);
        t.advance(Duration::from_secs(24 * 3600 - 1));
        t.rakomi().verify(&in_time).await.ok(200);

        t.advance(Duration::from_secs(2));

        t.rakomi().verify(&too_late).await.refused(400, "auth/token_expired");
    }

    async fn r13_a_mailed_token_does_what_it_was_mailed_for_and_nothing_else(t: Server) {
        let (verify, app) = (registered(&t, "ada@example.org").await, t.rakomi());
        app.forgot("ada@example.org").await.ok(200);
        let reset = t.mail_to("ada@example.org").await;

        app.reset(&verify, LATER).await.refused(400, "auth/token_invalid");
        app.verify(&reset.token()).await.refused(400, "auth/token_invalid");
        app.verify_by_code("ada@example.org", &reset.code()).await.refused(400, "auth/token_invalid");

        app.verify(&verify).await.ok(200);
        app.reset(&reset.token(), LATER).await.ok(200);
    }

    async fn r13_a_mailed_token_of_one_environment_is_nothing_in_the_other(t: Server) {
        let token = registered(&t, "ada@example.org").await;

        t.rakomi().with_key(&t.keys.test.api).verify(&token).await.refused(400, "auth/token_invalid");
        t.rakomi().verify(&token).await.ok(200);
    }

    async fn r14_a_token_that_was_mailed_to_an_address_proves_no_other(t: Server) {
        let token = registered(&t, "ada@example.org").await;
        let bind = vec![Value::from("countess@example.org")];
        t.tamper(Sql::same("UPDATE users SET email = $1"), bind).await;

        t.rakomi().verify(&token).await.refused(400, "auth/token_invalid");

        let unverified = Sql::same("SELECT COUNT(*) FROM users WHERE email_verified_at IS NULL");
        assert_eq!(t.number(unverified, &[]).await, 1);
    }

    async fn r15_reading_a_mailed_link_consumes_nothing_and_its_button_does(t: Server) {
        t.rakomi().register("ada@example.org", PASSWORD).await.ok(201);
        let mail = t.mail_to("ada@example.org").await;
        let page = mail.link.clone().unwrap().replace(PUBLIC_URL, "");
        for method in ["GET", "HEAD", "GET"] {
            let (read, cost) = t.cost_of(t.request(method, &page).send()).await;
            assert_eq!((read.status, read.header("content-type")), (200, Some("text/html; charset=utf-8")), "{read}");
            assert_eq!(cost.rows["audit"], 0);
        }
        assert!(t.request("GET", &page).send().await.text().contains(r#"method="post""#));

        let pressed = t.request("POST", "/verify-email").form(&[("token", &mail.token())]).send().await.ok(200);

        assert!(pressed.text().contains("ada@example.org"), "{pressed}");
        assert_eq!(t.request("POST", "/verify-email").form(&[("token", &mail.token())]).send().await.status, 400);
        t.audited([Act::UserRegistered, Act::EmailVerified, Act::SecretRefused]).await;
    }

    async fn r18_whoever_held_a_session_before_the_owner_recovered_the_account_holds_none_after(t: Server) {
        let app = t.rakomi();
        app.register("ada@example.org", "the attackers own").await.ok(201);
        t.mails_to("ada@example.org").await;
        let login = app.login("ada@example.org", "the attackers own").await.ok(200);
        let attacker = app.clone().with_tokens(&login);
        attacker.me().await.ok(200);

        app.forgot("ada@example.org").await.ok(200);
        app.reset(&t.mail_to("ada@example.org").await.token(), LATER).await.ok(200);

        attacker.me().await.refused(401, "token/revoked");
        attacker.refresh(attacker.refresh_token()).await.refused(401, "auth/session_revoked");
        app.login("ada@example.org", "the attackers own").await.refused(401, "auth/invalid_credentials");
    }

    async fn r24_a_closed_project_registers_nobody(t: Server) {
        t.set("registration.open", false).await;
        let body = json!({"email": "eve@example.org", "password": PASSWORD, "invite": "forged", "token": "forged"});

        let (answer, cost) = t.cost_of(t.rakomi().post("/v1/auth/register", body)).await;

        answer.refused(403, "auth/insufficient_permissions");
        assert_eq!((cost.hashes, cost.rows["users"]), (0, 0));
    }

    async fn r25_nothing_of_a_deleted_account_attaches_to_the_next_of_its_address(t: Server) {
        let old = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&old).await;
        before.resend(&old.email).await.ok(200);
        let verify = t.mail_to(&old.email).await;
        before.forgot(&old.email).await.ok(200);
        let reset = t.mail_to(&old.email).await.token();
        t.delete(&old).await;

        let app = t.rakomi();
        let new = app.register("ada@example.org", LATER).await.ok(201);

        assert_ne!(new.string("user_id"), old.id.to_string());
        before.me().await.refused(401, "token/revoked");
        before.refresh(before.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
        app.verify(&verify.token()).await.refused(400, "auth/token_invalid");
        app.verify_by_code(&old.email, &verify.code()).await.refused(400, "auth/token_invalid");
        app.reset(&reset, "a third password").await.refused(400, "auth/token_invalid");
        app.login(&old.email, &old.password).await.refused(401, "auth/invalid_credentials");
        let login = app.login(&old.email, LATER).await.ok(200);
        assert_eq!(app.with_tokens(&login).me().await.ok(200).json()["email_verified"], json!(false));
        let acts = t.audit_rows().await;
        assert!(acts.iter().any(|row| row.act == Act::UserDeleted && row.user == Some(old.id)));
    }
}
