//! The document's own requests, with whole answers.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{Act, answered, stories};

stories! {
    async fn the_documents_own_requests_are_answered_as_documented(t: Server) {
        let app = t.arkos();
        let signup = app.signup(json!({"email": "user@example.com", "password": "StrongP@ss123", "name": "John Doe"})).await;
        answered!(signup, 201, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","name":"John Doe","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);

        let login = app.login("user@example.com", "StrongP@ss123").await;
        answered!(login, 200, @r#"{"accessToken":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6IjAxOWNiMzkxLWMyMDAtN2YwOS05ZDQ1LTc3MzY5MzZmZmEyNyIsInN1YiI6IjAxOWNiMzkxLWMyMDAtN2YwOS05ZDQ1LTc3MzY5MzZmZmEyNyIsInNpZCI6IjAxOWNiMzkxLWMyMDAtNzU3Ny1iNzJkLTNlNTg2ZjVkMGM3YyIsImlhdCI6MTc3MjUzOTIwMCwiZXhwIjoxNzc1MTMxMjAwLCJqdGkiOiIwMTljYjM5MS1jMjAwLTc1NzctYjcyZC0zZTU4NmY1ZDBjN2MuMSJ9.yeBnU6ddnAgScnHA9Gefx5OMbFmD653PKlGEY6_LiSA"}"#);
        let app = app.bearing(&login.string("accessToken"));

        t.advance(Duration::from_millis(1_500));
        let changed = app.update_password("StrongP@ss123", "EvenStronger@456").await;
        answered!(changed, 200, @r#"{"status":"success","message":"Password updated successfully!"}"#);
        answered!(app.me().await, 200, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","name":"John Doe","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);

        let updated = app.update_me(json!({"name": "John Smith", "bio": "Software Engineer"})).await;
        answered!(updated, 200, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","name":"John Smith","bio":"Software Engineer","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:01.500Z"}}"#);
        answered!(app.me().await, 200, @r#"{"data":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","name":"John Smith","bio":"Software Engineer","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:01.500Z"}}"#);

        let logout = app.logout().await.ok(204);
        assert_eq!((logout.text(), logout.header("content-type")), ("", None));
        app.me().await.refused_by_arkos(401, "You are not logged in! Please log in to get access.");

        let login = app.login("user@example.com", "EvenStronger@456").await.ok(200);
        let deleted = app.bearing(&login.string("accessToken")).delete_me().await.ok(204);
        assert_eq!(deleted.text(), "");
        t.audited([
            Act::UserRegistered, Act::LoginSucceeded, Act::PasswordChanged, Act::ProfileUpdated, Act::SessionRevoked,
            Act::LoginSucceeded, Act::UserDeleted,
        ]).await;
    }

    async fn the_documents_refusals_are_to_the_letter(t: Server) {
        t.user("user@example.com").password("StrongP@ss123").await;
        let app = t.arkos();
        app.me().await.refused_by_arkos(401, "You are not logged in! Please log in to get access.");
        app.login_by("", json!({"username": "user@example.com"})).await.refused_by_arkos(400, "Please provide email and password");
        app.login("user@example.com", "StrongP@ss124").await.refused_by_arkos(401, "Incorrect email or password");
        assert_eq!(app.me().await.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
    }

    async fn sign_up_queues_the_verification_mail(t: Server) {
        t.arkos().signup(json!({"email": "user@example.com", "password": "StrongP@ss123"})).await.ok(201);
        let token = t.mail_to("user@example.com").await.token();
        t.rakomi().verify(&token).await.ok(200);
    }
}
