//! Proving that one reads the mail of an address.

use super::refused;
use std::time::Duration;
use vestibule_testkit::{PASSWORD, answered, at_once, stories};

const SENT: &str = "If that email exists, a verification link has been sent.";
const SECOND: Duration = Duration::from_secs(1);

stories! {
    async fn r12_a_verification_token_works_for_a_day_and_not_a_second_longer(t: Server) {
        let app = t.koolbase();
        app.register("early@example.org", PASSWORD).await.ok(201);
        app.register("late@example.org", PASSWORD).await.ok(201);
        let (early, late) = (t.mail_to("early@example.org").await.token(), t.mail_to("late@example.org").await.token());
        t.advance(Duration::from_secs(86_399));
        app.verify(&early).await.ok(200);
        t.advance(2 * SECOND);
        answered!(app.verify(&late).await, 400, @r#"{"error":"Verification token has expired (24 hour TTL)","code":"token_expired"}"#);
        refused(&app.login("late@example.org", PASSWORD).await, 400, "email_not_verified");
    }

    async fn r11_a_verification_token_works_once(t: Server) {
        let app = t.koolbase();
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let token = t.mail_to("ada@example.org").await.token();
        let statuses: Vec<_> = at_once((0..16).map(|_| app.verify(&token))).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        answered!(app.verify(&token).await, 400, @r#"{"error":"Token not found or already used","code":"token_invalid"}"#);
    }

    async fn e06_asking_again_answers_alike_for_every_address(t: Server) {
        let unverified = t.user("unverified@example.org").await;
        let verified = t.user("verified@example.org").verified().await;
        let app = t.koolbase();
        let answers = [
            app.send_verification(&unverified.email).await,
            app.send_verification(&verified.email).await,
            app.send_verification("nobody@example.org").await,
            app.send_verification("no address").await,
            app.send_verification(&"a".repeat(10_000)).await,
        ];
        for answer in answers {
            assert_eq!(answer.ok(200).text(), format!(r#"{{"message":"{SENT}"}}"#));
        }
        assert_eq!(t.mails_to(&unverified.email).await.len(), 1);
        assert_eq!(t.mails_to(&verified.email).await.len(), 0);
    }

    async fn r13_a_newer_mail_voids_the_older_one(t: Server) {
        let app = t.koolbase();
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let older = t.mail_to("ada@example.org").await.token();
        t.advance(SECOND);
        app.send_verification("ada@example.org").await.ok(200);
        let newer = t.mail_to("ada@example.org").await.token();
        refused(&app.verify(&older).await, 400, "token_invalid");
        app.verify(&newer).await.ok(200);
    }

    async fn a_signed_in_user_asks_without_a_body(t: Server) {
        t.set("dialects.koolbase.verified_email", false).await;
        let ada = t.user("ada@example.org").await;
        let app = t.koolbase().signed_in(&ada).await;

        let bare = app.request("POST", "/send-verification").send().await.ok(200);

        assert_eq!(bare.string("message"), SENT);
        t.mail_to(&ada.email).await;
        let typed = app.request("POST", "/resend-verification").header("content-type", "text/plain").send().await.ok(200);
        assert_eq!(typed.string("message"), SENT);
        app.request("POST", "/send-verification").raw_json("{}").send().await.ok(200);
        assert_eq!(t.mails_to(&ada.email).await.len(), 2, "at most three an hour");
        app.request("POST", "/send-verification").send().await.ok(200);
        assert_eq!(t.mails_to(&ada.email).await.len(), 0);
    }

    async fn without_a_body_the_bearer_token_has_to_be_good(t: Server) {
        let ended = t.koolbase().signed_in(&t.user("ada@example.org").verified().await).await;
        ended.logout().await.ok(204);
        for app in [ended, t.koolbase().bearing("a.b.c")] {
            let answer = app.request("POST", "/send-verification").send().await;
            refused(&answer, 401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="vestibule", error="invalid_token""#));
            app.send_verification("ada@example.org").await.ok(200);
        }
        let nothing = t.koolbase().request("POST", "/send-verification").send().await;
        answered!(nothing, 400, @r#"{"error":"email is required without a bearer token","code":"invalid_request"}"#);
    }
}
