//! Setting a new password with a mailed token.

use super::refused;
use std::time::Duration;
use vestibule_testkit::{Act, Koolbase, PASSWORD, Server, answered, at_once, stories};

const NEW: &str = "newSecurePassword123";
const SECOND: Duration = Duration::from_secs(1);

/// The token of a mail that was just asked for.
async fn mailed(t: &Server, app: &Koolbase<'_>, email: &str) -> String {
    app.forgot(email).await.ok(200);
    t.mail_to(email).await.token()
}

stories! {
    async fn f05_a_reset_token_works_for_an_hour_and_not_a_second_longer(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").verified().await, t.user("eve@example.org").verified().await);
        let app = t.koolbase();
        let (early, late) = (mailed(&t, &app, &ada.email).await, mailed(&t, &app, &eve.email).await);
        t.advance(Duration::from_secs(3_599));
        app.reset(&early, NEW).await.ok(200);
        t.advance(2 * SECOND);
        answered!(app.reset(&late, NEW).await, 400, @r#"{"error":"Password reset token has expired (1 hour TTL)","code":"token_expired"}"#);
        app.login(&eve.email, &eve.password).await.ok(200);
    }

    async fn f04_a_reset_token_works_once(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase();
        let token = mailed(&t, &app, &ada.email).await;
        t.audit_rows().await;
        let racers = (0..16).map(|number| {
            let (app, token) = (app.clone(), token.clone());
            async move { app.reset(&token, &format!("{NEW} {number}")).await.status }
        });
        let statuses = at_once(racers).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        answered!(app.reset(&token, NEW).await, 400, @r#"{"error":"Token not found or already used","code":"token_invalid"}"#);
    }

    async fn f07_a_reset_ends_every_session_of_every_door(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let (app, other) = (t.koolbase().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        let token = mailed(&t, &app, &ada.email).await;
        t.audit_rows().await;
        app.reset(&token, NEW).await.ok(200);
        t.audited([Act::PasswordReset]).await;
        refused(&app.me().await, 401, "unauthorized");
        refused(&app.refresh(app.refresh_token()).await, 401, "token_revoked");
        other.me().await.refused(401, "token/revoked");
    }

    async fn e03_forgot_answers_alike_for_every_address_and_beyond_the_quota(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase();
        let mut answers = vec![app.forgot("nobody@example.org").await, app.forgot("no address").await];
        for _ in 0..5 {
            answers.push(app.forgot(&ada.email).await);
        }
        for answer in answers {
            assert_eq!(answer.ok(200).text(), r#"{"message":"If that email exists, a reset link has been sent."}"#);
        }
        assert_eq!(t.mails_to(&ada.email).await.len(), 3);
    }

    async fn f10_a_weak_password_does_not_use_the_token_up(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase();
        let token = mailed(&t, &app, &ada.email).await;
        answered!(app.reset(&token, "short").await, 400, @r#"{"error":"The password must have at least 8 characters","code":"weak_password"}"#);
        answered!(app.reset(&token, "password123").await, 400, @r#"{"error":"The password is too common or too easily guessed","code":"weak_password"}"#);
        app.reset(&token, NEW).await.ok(200);
    }

    async fn r08_a_token_of_one_purpose_is_none_of_the_other(t: Server) {
        let app = t.koolbase();
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let verification = t.mail_to("ada@example.org").await.token();
        refused(&app.reset(&verification, NEW).await, 400, "token_invalid");
        let reset = mailed(&t, &app, "ada@example.org").await;
        refused(&app.verify(&reset).await, 400, "token_invalid");
        app.verify(&verification).await.ok(200);
        app.reset(&reset, NEW).await.ok(200);
    }
}
