//! The state of an account, which only the right password learns.

use vestibule_testkit::{Act, PASSWORD, answered, stories};

stories! {
    async fn e04_a_disabled_account_says_so_after_the_right_password_only(t: Server) {
        let ada = t.user("ada@example.org").disabled().await;
        let app = t.darukaa();

        answered!(app.login(&ada.email, &ada.password).await, 403, @r#"{"error":{"code":"ACCOUNT_DISABLED","message":"This account has been disabled","details":"Please contact those who run this service","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        let wrong = app.login(&ada.email, "wrong").await;
        wrong.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        assert_eq!(wrong.masked(), app.login("nobody@example.org", "wrong").await.masked());
    }

    async fn e04_an_unverified_account_is_let_in_unless_the_project_wants_it_verified(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa();
        app.login(&ada.email, &ada.password).await.ok(200);
        t.set("dialects.darukaa.verified_email", true).await;

        answered!(app.login(&ada.email, &ada.password).await, 403, @r#"{"error":{"code":"EMAIL_NOT_VERIFIED","message":"The email address has not been verified","details":"Please follow the link in the verification mail, or ask for a new one","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        let wrong = app.login(&ada.email, "wrong").await;
        wrong.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        assert_eq!(wrong.masked(), app.login("nobody@example.org", "wrong").await.masked());
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn an_account_that_is_disabled_or_deleted_loses_its_sessions(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (disabled, deleted) = (t.darukaa().signed_in(&ada).await, t.darukaa().signed_in(&eve).await);
        t.disable(&ada).await;
        t.delete(&eve).await;
        for app in [disabled, deleted] {
            app.user().await.refused_by_darukaa(401, "UNAUTHORIZED");
            app.put_user(serde_json::json!({"first_name": "Ada"})).await.refused_by_darukaa(401, "UNAUTHORIZED");
            app.refresh(app.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        }
    }

    async fn a_closed_registration_and_weak_passwords_are_told(t: Server) {
        let app = t.darukaa();
        for (password, details) in [
            ("short", "The password must have at least 8 characters"),
            ("password123", "The password is too common or too easily guessed"),
        ] {
            assert_eq!(app.signup("ada@example.org", password).await.refused_by_darukaa(400, "WEAK_PASSWORD"), details);
        }
        t.set("registration.open", false).await;
        app.signup("ada@example.org", PASSWORD).await.refused_by_darukaa(403, "FORBIDDEN");
        t.audited([]).await;
    }

    async fn a_project_that_switches_the_door_off_has_no_such_routes(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        t.set("dialects.darukaa.enabled", false).await;
        for answer in [app.user().await, app.login(&ada.email, &ada.password).await, app.logout(app.refresh_token()).await] {
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (404, r#"{"error":{"code":"NOT_FOUND","message":"There is no such route","details":"Please check the path of the request","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#));
        }
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
        t.audited([Act::LoginSucceeded]).await;
    }

    async fn e07_a_project_that_hides_accounts_answers_a_taken_address_like_a_new_one(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.set("registration.hide_existing", true).await;
        let (taken, new) = (t.darukaa().signup(&ada.email, PASSWORD).await, t.darukaa().signup("eve@example.org", PASSWORD).await);
        assert_eq!(taken.ok(201).masked(), new.ok(201).masked());
    }
}
