//! Every row of the table of errors (`contracts/rakomi.md`), with its whole body.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{PASSWORD, refused, stories};

stories! {
    async fn invalid_body_names_every_wrong_field(t: Server) {
        let answer = t.rakomi().post("/v1/auth/login", json!({"email": 1})).await;

        refused!(answer, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"request/invalid_body","detail":"email must be a string","request_id":"req_…","errors":[{"field":"email","message":"must be a string"},{"field":"password","message":"is required"}],"error":{"code":"request/invalid_body","message":"email must be a string","request_id":"req_…"}}"#);
    }

    async fn token_invalid(t: Server) {
        refused!(t.rakomi().verify("guessed").await, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"auth/token_invalid","detail":"The token or code is unknown or already used","request_id":"req_…","error":{"code":"auth/token_invalid","message":"The token or code is unknown or already used","request_id":"req_…"}}"#);
    }

    async fn token_expired(t: Server) {
        t.rakomi().register("ada@example.org", PASSWORD).await.ok(201);
        let token = t.mail_to("ada@example.org").await.token();
        t.advance(Duration::from_hours(25));

        refused!(t.rakomi().verify(&token).await, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"auth/token_expired","detail":"The token or code has expired","request_id":"req_…","error":{"code":"auth/token_expired","message":"The token or code has expired","request_id":"req_…"}}"#);
    }

    async fn weak_password(t: Server) {
        let answer = t.rakomi().register("ada@example.org", "12345678").await;

        refused!(answer, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"auth/weak_password","detail":"The password is too common or too easily guessed","request_id":"req_…","error":{"code":"auth/weak_password","message":"The password is too common or too easily guessed","request_id":"req_…"}}"#);
    }

    async fn current_password_incorrect(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        refused!(app.change_password("wrong", "a new and better one").await, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"auth/current_password_incorrect","detail":"The current password is incorrect","request_id":"req_…","error":{"code":"auth/current_password_incorrect","message":"The current password is incorrect","request_id":"req_…"}}"#);
    }

    async fn key_missing(t: Server) {
        let answer = t.rakomi().without_key().login("ada@example.org", PASSWORD).await;

        refused!(answer, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"api_key/missing","detail":"An API key is required: send it in the X-API-Key header","request_id":"req_…","error":{"code":"api_key/missing","message":"An API key is required: send it in the X-API-Key header","request_id":"req_…"}}"#);
        assert_eq!(answer.header("www-authenticate"), None);
    }

    async fn key_missing_where_a_bearer_would_do(t: Server) {
        let answer = t.rakomi().without_key().me().await;

        answer.refused(401, "api_key/missing");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
        t.rakomi().without_key().bearing("no.real.token").me().await.refused(401, "api_key/missing");
    }

    async fn key_invalid(t: Server) {
        let answer = t.rakomi().with_key("akm_live_nonsense").login("ada@example.org", PASSWORD).await;

        refused!(answer, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"api_key/invalid","detail":"The API key is not valid","request_id":"req_…","error":{"code":"api_key/invalid","message":"The API key is not valid","request_id":"req_…"}}"#);
        t.rakomi().with_key(&t.keys.live.secret).login("ada@example.org", PASSWORD).await.refused(401, "api_key/invalid");
        t.rakomi().with_key("").login("ada@example.org", PASSWORD).await.refused(401, "api_key/invalid");
    }

    async fn invalid_credentials(t: Server) {
        refused!(t.rakomi().login("ada@example.org", "wrong").await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/invalid_credentials","detail":"Invalid email or password","request_id":"req_…","error":{"code":"auth/invalid_credentials","message":"Invalid email or password","request_id":"req_…"}}"#);
    }

    async fn not_authenticated(t: Server) {
        let answer = t.rakomi().me().await;

        refused!(answer, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/not_authenticated","detail":"A valid access token is required","request_id":"req_…","error":{"code":"auth/not_authenticated","message":"A valid access token is required","request_id":"req_…"}}"#);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
        let forged = t.rakomi().bearing("eyJhbGciOiJub25lIn0.e30.").me().await;
        forged.refused(401, "auth/not_authenticated");
        assert_eq!(forged.header("www-authenticate"), Some(r#"Bearer realm="vestibule", error="invalid_token""#));
        let basic = t.rakomi().request("GET", "/v1/auth/me").header("authorization", "Basic YTpi").send().await;
        basic.refused(401, "auth/not_authenticated");
    }

    async fn access_token_expired(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.advance(Duration::from_secs(900 + 31));

        let answer = app.me().await;

        refused!(answer, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"token/expired","detail":"The access token has expired","request_id":"req_…","error":{"code":"token/expired","message":"The access token has expired","request_id":"req_…"}}"#);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="vestibule", error="invalid_token""#));
    }

    async fn access_token_revoked(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.logout().await.ok(204);

        refused!(app.me().await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"token/revoked","detail":"The session of this access token has ended","request_id":"req_…","error":{"code":"token/revoked","message":"The session of this access token has ended","request_id":"req_…"}}"#);
    }

    async fn invalid_refresh_token(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        refused!(app.refresh("rt_guessed").await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/invalid_refresh_token","detail":"The refresh token is unknown or has expired","request_id":"req_…","error":{"code":"auth/invalid_refresh_token","message":"The refresh token is unknown or has expired","request_id":"req_…"}}"#);
        t.advance(Duration::from_hours(30 * 24));
        app.refresh(app.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
    }

    async fn refresh_token_reused(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let twice = app.clone().refreshed().await.refreshed().await;

        refused!(app.refresh(app.refresh_token()).await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/refresh_token_reused","detail":"The refresh token had been used before; the session has been ended","request_id":"req_…","error":{"code":"auth/refresh_token_reused","message":"The refresh token had been used before; the session has been ended","request_id":"req_…"}}"#);
        twice.me().await.refused(401, "token/revoked");
    }

    async fn session_revoked(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.logout().await.ok(204);

        refused!(app.refresh(app.refresh_token()).await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/session_revoked","detail":"The session of this refresh token has ended","request_id":"req_…","error":{"code":"auth/session_revoked","message":"The session of this refresh token has ended","request_id":"req_…"}}"#);
    }

    async fn email_not_verified(t: Server) {
        t.set("dialects.rakomi.verified_email", true).await;
        let ada = t.user("ada@example.org").await;

        refused!(t.rakomi().login(&ada.email, &ada.password).await, 403, @r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"auth/email_not_verified","detail":"The email address must be verified before logging in","request_id":"req_…","error":{"code":"auth/email_not_verified","message":"The email address must be verified before logging in","request_id":"req_…"}}"#);
    }

    async fn user_disabled(t: Server) {
        let ada = t.user("ada@example.org").disabled().await;

        refused!(t.rakomi().login(&ada.email, &ada.password).await, 403, @r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"auth/user_disabled","detail":"This account has been disabled","request_id":"req_…","error":{"code":"auth/user_disabled","message":"This account has been disabled","request_id":"req_…"}}"#);
    }

    async fn insufficient_permissions(t: Server) {
        t.set("registration.open", false).await;

        refused!(t.rakomi().register("ada@example.org", PASSWORD).await, 403, @r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"auth/insufficient_permissions","detail":"Registration is closed for this project","request_id":"req_…","error":{"code":"auth/insufficient_permissions","message":"Registration is closed for this project","request_id":"req_…"}}"#);
    }

    async fn environment_mismatch(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await.with_key(&t.keys.test.api);

        refused!(app.me().await, 403, @r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"auth/environment_mismatch","detail":"The API key and the access token belong to different environments","request_id":"req_…","error":{"code":"auth/environment_mismatch","message":"The API key and the access token belong to different environments","request_id":"req_…"}}"#);
    }

    async fn session_not_found(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        refused!(app.end_session("01926f1a-0000-7000-8000-000000000000").await, 404, @r#"{"type":"about:blank","title":"Not Found","status":404,"code":"session/not_found","detail":"There is no such session","request_id":"req_…","error":{"code":"session/not_found","message":"There is no such session","request_id":"req_…"}}"#);
        app.end_session("nonsense").await.refused(404, "session/not_found");
    }

    async fn route_not_found(t: Server) {
        refused!(t.rakomi().get("/v1/auth/nowhere").await, 404, @r#"{"type":"about:blank","title":"Not Found","status":404,"code":"route/not_found","detail":"There is no such route","request_id":"req_…","error":{"code":"route/not_found","message":"There is no such route","request_id":"req_…"}}"#);
        t.request("GET", "/v1").send().await.refused(404, "route/not_found");
    }

    async fn method_not_allowed(t: Server) {
        let answer = t.rakomi().get("/v1/auth/login").await;

        refused!(answer, 405, @r#"{"type":"about:blank","title":"Method Not Allowed","status":405,"code":"route/method_not_allowed","detail":"This route does not take that method; see the Allow header","request_id":"req_…","error":{"code":"route/method_not_allowed","message":"This route does not take that method; see the Allow header","request_id":"req_…"}}"#);
        assert_eq!(answer.header("allow"), Some("POST"));
    }

    async fn email_taken(t: Server) {
        let ada = t.user("ada@example.org").await;

        refused!(t.rakomi().register(&ada.email, PASSWORD).await, 409, @r#"{"type":"about:blank","title":"Conflict","status":409,"code":"auth/email_taken","detail":"This email address is already registered","request_id":"req_…","error":{"code":"auth/email_taken","message":"This email address is already registered","request_id":"req_…"}}"#);
    }

    async fn too_large(t: Server) {
        refused!(t.rakomi().login("ada@example.org", &"x".repeat(70_000)).await, 413, @r#"{"type":"about:blank","title":"Content Too Large","status":413,"code":"request/too_large","detail":"The request body is too large","request_id":"req_…","error":{"code":"request/too_large","message":"The request body is too large","request_id":"req_…"}}"#);
    }

    async fn unsupported_media_type(t: Server) {
        let request = t.rakomi().request("POST", "/v1/auth/login").header("content-type", "text/plain").body("{}");

        refused!(request.send().await, 415, @r#"{"type":"about:blank","title":"Unsupported Media Type","status":415,"code":"request/unsupported_media_type","detail":"The request body must be uncompressed application/json","request_id":"req_…","error":{"code":"request/unsupported_media_type","message":"The request body must be uncompressed application/json","request_id":"req_…"}}"#);
    }

    async fn rate_limit_exceeded(t: Server) {
        let app = t.rakomi();
        for number in 0..20 {
            app.forgot(&format!("nobody-{number}@example.org")).await.ok(200);
        }
        let answer = app.forgot("nobody@example.org").await;

        refused!(answer, 429, @r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limit/exceeded","detail":"Too many requests; see the Retry-After header","request_id":"req_…","error":{"code":"rate_limit/exceeded","message":"Too many requests; see the Retry-After header","request_id":"req_…"}}"#);
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert_eq!(answer.header("ratelimit"), Some("limit=20, remaining=0, reset=60"));
        assert_eq!(answer.header("ratelimit-policy"), Some("20;w=60"));
    }

    async fn account_locked(t: Server) {
        let ada = t.user("ada@example.org").locked().await;

        let answer = t.rakomi().login(&ada.email, &ada.password).await;

        refused!(answer, 429, @r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"auth/account_locked","detail":"The account is locked for a while after too many failed attempts; see the Retry-After header","request_id":"req_…","error":{"code":"auth/account_locked","message":"The account is locked for a while after too many failed attempts; see the Retry-After header","request_id":"req_…"}}"#);
        assert_eq!(answer.header("retry-after"), Some("60"));
    }

    async fn unavailable(t: Server) {
        t.core().store.db.close().await;

        let answer = t.rakomi().register("ada@example.org", PASSWORD).await;

        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
        answer.refused(503, "server/unavailable");
        assert_eq!(t.request("GET", "/v1/health").send().await.ok(503).json()["status"], "unavailable");
    }
}
