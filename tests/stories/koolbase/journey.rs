//! The document's own requests, with whole bodies.

use vestibule_testkit::{Act, PASSWORD, Request, Server, answered, routes_of, stories};

/// A request as the document prints it, with its own body.
fn printed<'t>(t: &'t Server, method: &str, path: &str, body: &'static str) -> Request<'t> {
    let request = t
        .request(method, &format!("/v1{path}"))
        .header("x-api-key", &t.keys.live.publishable);
    if body.is_empty() {
        request
    } else {
        request.raw_json(body)
    }
}

const CREDENTIALS: &str = r#"{
  "email": "user@example.com",
  "password": "securepassword"
}"#;

stories! {
    async fn registering_answers_201_with_the_user_who_has_to_verify_the_address(t: Server) {
        let answer = printed(&t, "POST", "/sdk/auth/register", CREDENTIALS).send().await;

        answered!(answer, 201, @r#"{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","verified":false,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false,"user":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","verified":false,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false},"verification_required":true}"#);
        t.audited([Act::UserRegistered]).await;
        assert!(t.mail_to("user@example.com").await.link.is_some());
    }

    async fn registering_signs_in_at_once_where_nothing_has_to_be_verified(t: Server) {
        t.set("dialects.koolbase.verified_email", false).await;

        let answer = printed(&t, "POST", "/sdk/auth/register", CREDENTIALS).send().await;

        answered!(answer, 201, @r#"{"id":"019cb391-c200-7270-8be2-852b4870cb82","email":"user@example.com","verified":false,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false,"user":{"id":"019cb391-c200-7270-8be2-852b4870cb82","email":"user@example.com","verified":false,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false},"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTljYjM5MS1jMjAwLTcyNzAtOGJlMi04NTJiNDg3MGNiODIiLCJpc3MiOiJrb29sYmFzZSIsImF1ZCI6WyJrb29sYmFzZS1jbGllbnQiXSwiZW1haWwiOiJ1c2VyQGV4YW1wbGUuY29tIiwicHJvamVjdF9pZCI6IjAxOWNiMzkxLWMyMDAtNzNkMy1iYjY2LTZhMWUyMWRhM2ZkYSIsImVudmlyb25tZW50X2lkIjoibGl2ZSIsInNpZCI6IjAxOWNiMzkxLWMyMDAtNzZkMS05OTQ5LTY4MWQ3YjQ2ZjA1MyIsImp0aSI6IjAxOWNiMzkxLWMyMDAtNzZkMS05OTQ5LTY4MWQ3YjQ2ZjA1My4xIiwiaWF0IjoxNzcyNTM5MjAwLCJleHAiOjE4MDQwNzUyMDB9.qW6sJBFBpvAaihmVbQVxygsqDjhrppFITLnthVF-RVs","refresh_token":"rt_019cb391-c200-76d1-9949-681d7b46f053.AAAAASdRjpJ6t2UoS4YwcG7OI4AlQxekJtU0kEzlnk96hIvj","expires_at":"2026-04-02T12:00:00Z"}"#);
        t.audited([Act::UserRegistered, Act::LoginSucceeded]).await;
        t.koolbase().with_tokens(&answer).me().await.ok(200);
    }

    async fn where_taken_addresses_are_hidden_a_registration_never_signs_in(t: Server) {
        t.set("dialects.koolbase.verified_email", false).await;
        t.set("registration.hide_existing", true).await;
        let keys = |answer: vestibule_testkit::Answer| answer.ok(201).json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let new = keys(t.koolbase().register("ada@example.org", PASSWORD).await);
        let taken = keys(t.koolbase().register("ada@example.org", PASSWORD).await);
        assert_eq!(new, taken);
        assert_eq!(new.last().map(String::as_str), Some("verification_required"));
    }

    async fn logging_in_answers_the_token_and_the_user_first(t: Server) {
        t.user("user@example.com").password("securepassword").profile("picture", "https://example.com/ada.png").verified().await;

        let answer = printed(&t, "POST", "/sdk/auth/login", CREDENTIALS).send().await;

        answered!(answer, 200, @r#"{"token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTljYjM5MS1jMjAwLTdmMDktOWQ0NS03NzM2OTM2ZmZhMjciLCJpc3MiOiJrb29sYmFzZSIsImF1ZCI6WyJrb29sYmFzZS1jbGllbnQiXSwiZW1haWwiOiJ1c2VyQGV4YW1wbGUuY29tIiwicHJvamVjdF9pZCI6IjAxOWNiMzkxLWMyMDAtNzNkMy1iYjY2LTZhMWUyMWRhM2ZkYSIsImVudmlyb25tZW50X2lkIjoibGl2ZSIsInNpZCI6IjAxOWNiMzkxLWMyMDAtN2M3Zi05ZDQ0LTFlYWY4MGFiYmE2MSIsImp0aSI6IjAxOWNiMzkxLWMyMDAtN2M3Zi05ZDQ0LTFlYWY4MGFiYmE2MS4xIiwiaWF0IjoxNzcyNTM5MjAwLCJleHAiOjE4MDQwNzUyMDB9.3rxFZ1XaitxcBntl8retCPUBFWqKiJQ1DQPGdO0LRTw","user":{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","verified":true,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false,"avatar_url":"https://example.com/ada.png"},"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTljYjM5MS1jMjAwLTdmMDktOWQ0NS03NzM2OTM2ZmZhMjciLCJpc3MiOiJrb29sYmFzZSIsImF1ZCI6WyJrb29sYmFzZS1jbGllbnQiXSwiZW1haWwiOiJ1c2VyQGV4YW1wbGUuY29tIiwicHJvamVjdF9pZCI6IjAxOWNiMzkxLWMyMDAtNzNkMy1iYjY2LTZhMWUyMWRhM2ZkYSIsImVudmlyb25tZW50X2lkIjoibGl2ZSIsInNpZCI6IjAxOWNiMzkxLWMyMDAtN2M3Zi05ZDQ0LTFlYWY4MGFiYmE2MSIsImp0aSI6IjAxOWNiMzkxLWMyMDAtN2M3Zi05ZDQ0LTFlYWY4MGFiYmE2MS4xIiwiaWF0IjoxNzcyNTM5MjAwLCJleHAiOjE4MDQwNzUyMDB9.3rxFZ1XaitxcBntl8retCPUBFWqKiJQ1DQPGdO0LRTw","refresh_token":"rt_019cb391-c200-7c7f-9d44-1eaf80abba61.AAAAAQzMsQilKyTZszdGGgdzl-dIanA0Yj8magC5Ld8zcLxl","expires_at":"2026-04-02T12:00:00Z"}"#);
        assert_eq!(answer.string("token"), answer.string("access_token"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        t.audited([Act::LoginSucceeded]).await;
    }

    async fn me_answers_the_user(t: Server) {
        let ada = t.user("user@example.com").profile("given_name", "Ada").profile("family_name", "King").verified().await;
        let app = t.koolbase().signed_in(&ada).await;

        let answer = printed(&t, "GET", "/sdk/auth/me", "").header("authorization", &format!("Bearer {}", app.token())).send().await;

        answered!(answer, 200, @r#"{"id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"user@example.com","verified":true,"created_at":"2026-03-03T12:00:00Z","project_id":"019cb391-c200-73d3-bb66-6a1e21da3fda","updated_at":"2026-03-03T12:00:00Z","disabled":false,"full_name":"Ada King"}"#);
    }

    async fn asking_for_a_new_password_answers_alike_and_the_mailed_token_sets_it(t: Server) {
        let ada = t.user("user@example.com").verified().await;
        let app = t.koolbase().signed_in(&ada).await;

        let asked = printed(&t, "POST", "/sdk/auth/forgot-password", r#"{ "email": "user@example.com" }"#).send().await;
        answered!(asked, 200, @r#"{"message":"If that email exists, a reset link has been sent."}"#);

        let token = t.mail_to("user@example.com").await.token();
        let reset = app.reset(&token, "newSecurePassword123").await;
        answered!(reset, 200, @r#"{"message":"Password updated successfully."}"#);
        super::refused(&app.me().await, 401, "unauthorized");
        t.koolbase().login("user@example.com", "newSecurePassword123").await.ok(200);
    }

    async fn the_mailed_token_verifies_the_address_and_lets_its_owner_in(t: Server) {
        let app = t.koolbase();
        app.register("user@example.com", "securepassword").await.ok(201);
        super::refused(&app.login("user@example.com", "securepassword").await, 400, "email_not_verified");

        let verified = app.verify(&t.mail_to("user@example.com").await.token()).await;

        answered!(verified, 200, @r#"{"message":"Email verified successfully"}"#);
        let login = app.login("user@example.com", "securepassword").await.ok(200).json();
        assert_eq!(login["user"]["verified"], true);
    }

    async fn logging_out_answers_204(t: Server) {
        let ada = t.user("user@example.com").verified().await;
        let app = t.koolbase().signed_in(&ada).await;
        let answer = app.logout().await;
        assert_eq!((answer.status, answer.text()), (204, ""));
    }

    async fn every_route_is_served_where_base_and_path_are_joined_literally(t: Server) {
        let paths: Vec<_> = routes_of("koolbase").iter().map(|route| (route.method.clone(), route.path)).collect();
        let (doubled, canonical): (Vec<_>, Vec<_>) = paths.into_iter().partition(|(_, path)| path.starts_with("/v1/sdk/sdk/"));
        let expected: Vec<_> = canonical.into_iter().map(|(method, path)| (method, path.replacen("/sdk/", "/sdk/sdk/", 1))).collect();
        let mut doubled: Vec<_> = doubled.into_iter().map(|(method, path)| (method, path.to_owned())).collect();
        doubled.sort_by(|a, b| (&a.1, a.0.as_str()).cmp(&(&b.1, b.0.as_str())));
        let mut expected = expected;
        expected.sort_by(|a, b| (&a.1, a.0.as_str()).cmp(&(&b.1, b.0.as_str())));
        assert_eq!(doubled, expected);

        let ada = t.user("user@example.com").verified().await;
        let app = t.koolbase().signed_in(&ada).await;
        let joined = app.request_to("GET", "/v1/sdk/sdk/auth/me").send().await;
        assert_eq!(joined.masked(), app.me().await.masked());
    }

    async fn the_vendors_other_names_are_served_too(t: Server) {
        let ada = t.user("user@example.com").verified().await;
        let app = t.koolbase();
        let forgot = app.post("/password-reset", serde_json::json!({"email": ada.email})).await;
        assert_eq!(forgot.ok(200).string("message"), "If that email exists, a reset link has been sent.");
        let token = t.mail_to(&ada.email).await.token();
        let body = serde_json::json!({"token": token, "password": "newSecurePassword123"});
        let reset = app.post("/password-reset/confirm", body).await;
        assert_eq!(reset.ok(200).string("message"), "Password updated successfully.");
        let resent = app.post("/resend-verification", serde_json::json!({"email": ada.email})).await;
        assert_eq!(resent.ok(200).string("message"), "If that email exists, a verification link has been sent.");
    }
}
