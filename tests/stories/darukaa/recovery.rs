//! Mailed links and passwords.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{PASSWORD, answered, stories};

const BETTER: &str = "a new and better one";

stories! {
    async fn an_address_is_verified_by_the_token_or_by_the_code_of_the_mail(t: Server) {
        let app = t.darukaa();
        for (email, by_code) in [("ada@example.org", false), ("eve@example.org", true)] {
            app.signup(email, PASSWORD).await.ok(201);
            let mail = t.mail_to(email).await;
            let answer = if by_code {
                app.post("/api/v1/auth/verify-email", json!({"email": email, "code": mail.code()})).await
            } else {
                app.verify(&mail.token()).await
            };
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (200, r#""Email verified successfully.""#));
            assert_eq!(app.login(email, PASSWORD).await.ok(200).json()["is_email_verified"], true);
            let answer = app.verify(&mail.token()).await;
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (400, r#"{"error":{"code":"INVALID_TOKEN","message":"The token or code is not valid","details":"It is unknown or was used before; please ask for a new mail","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#));
        }
    }

    async fn e06_the_verification_is_mailed_again_and_the_answer_says_nothing(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").verified().await);
        for email in [ada.email.as_str(), &eve.email, "nobody@example.org", "no address"] {
            let answer = t.darukaa().resend(email).await;
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (200, r#""If that address needs verification, an email has been sent.""#));
        }
        assert!(t.mails_to(&eve.email).await.is_empty());
        let token = t.mail_to(&ada.email).await.token();
        t.advance(Duration::from_hours(24));
        answered!(t.darukaa().verify(&token).await, 400, @r#"{"error":{"code":"TOKEN_EXPIRED","message":"The token or code has expired","details":"Please ask for a new mail","request_id":"req_…","timestamp":"2026-03-04T12:00:00Z"}}"#);
    }

    async fn e05_f07_f08_a_forgotten_password_is_reset_and_every_session_ends(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        for email in [ada.email.as_str(), "nobody@example.org", "no address"] {
            let answer = t.darukaa().forgot(email).await;
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (200, r#""If that email exists, a reset link has been sent.""#));
        }
        let mail = t.mail_to(&ada.email).await;
        assert!(mail.link.as_deref().unwrap().ends_with("&action=reset_password"), "{mail:?}");
        app.reset(&mail.token(), "short").await.refused_by_darukaa(400, "WEAK_PASSWORD");

        let answer = t.darukaa().post("/api/v1/auth/reset-password", json!({"token": mail.token(), "new_password": BETTER})).await;

        answered!(answer, 200, @r#""Password updated successfully.""#);
        app.user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        app.refresh(app.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        app.reset(&mail.token(), BETTER).await.refused_by_darukaa(400, "INVALID_TOKEN");
        app.login(&ada.email, &ada.password).await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        app.login(&ada.email, BETTER).await.ok(200);
    }

    async fn f14_p15_a_password_is_changed_with_the_present_one_and_other_sessions_end(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (app, other) = (t.darukaa().signed_in(&ada).await, t.darukaa().signed_in(&ada).await);

        answered!(app.change_password("wrong", BETTER).await, 400, @r#"{"error":{"code":"CURRENT_PASSWORD_INCORRECT","message":"The current password is incorrect","details":"Please enter the password that you log in with now","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        answered!(app.change_password(&ada.password, "short").await, 400, @r#"{"error":{"code":"WEAK_PASSWORD","message":"The password is too weak","details":"The password must have at least 8 characters","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        answered!(app.change_password(&ada.password, BETTER).await, 200, @r#""Password updated successfully.""#);

        app.user().await.ok(200);
        other.user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        t.darukaa().login(&ada.email, BETTER).await.ok(200);
        t.darukaa().change_password(BETTER, PASSWORD).await.refused_by_darukaa(401, "UNAUTHORIZED");
        for (body, wrong) in [(json!({"new_password": BETTER}), "current_password is required"), (json!({"current_password": BETTER, "new_password": 1}), "new_password must be a string")] {
            let told = app.post("/api/v1/auth/change-password", body).await.refused_by_darukaa(400, "VALIDATION_ERROR");
            assert_eq!(told, wrong);
        }
    }
}
