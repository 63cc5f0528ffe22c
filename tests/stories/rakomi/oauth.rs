//! The routes of the vendor's SDKs.

use serde_json::json;
use vestibule_testkit::{PASSWORD, answered, stories};

stories! {
    async fn an_sdk_refreshes_with_the_publishable_key_as_its_client_id(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        let answer = app.oauth_token(app.refresh_token(), &t.keys.live.publishable).await.ok(200);

        let fields: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["access_token", "refresh_token", "token_type", "expires_in"]);
        app.with_tokens(&answer).me().await.ok(200);
    }

    async fn a_bad_grant_is_answered_as_oauth_does(t: Server) {
        let answer = t.rakomi().oauth_token("rt_nonsense", &t.keys.live.publishable).await;

        answered!(answer, 400, @r#"{"error":"invalid_grant","error_description":"The refresh token is unknown or has expired"}"#);
    }

    async fn a_refresh_token_of_the_other_environment_is_no_grant(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        let answer = app.oauth_token(app.refresh_token(), &t.keys.test.publishable).await;

        assert_eq!((answer.status, answer.string("error").as_str()), (400, "invalid_grant"));
        app.refresh(app.refresh_token()).await.ok(200);
    }

    async fn a_client_without_a_good_publishable_key_is_not_served(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        for client in ["pk_live_nonsense", &t.keys.live.secret] {
            let answer = app.oauth_token(app.refresh_token(), client).await;
            assert_eq!((answer.status, answer.string("error").as_str()), (401, "invalid_client"));
        }
        let form = [("grant_type", "password"), ("refresh_token", "x"), ("client_id", "y")];
        let answer = t.request("POST", "/oauth/token").form(&form).send().await;
        assert_eq!((answer.status, answer.string("error").as_str()), (400, "unsupported_grant_type"));
        let answer = t.request("POST", "/oauth/token").form(&[("grant_type", "refresh_token")]).send().await;
        assert_eq!((answer.status, answer.string("error").as_str()), (400, "invalid_request"));
        for form in [&[("grant_type", "")][..], &[("refresh_token", "x"), ("client_id", "y")], &[]] {
            let answer = t.request("POST", "/oauth/token").form(form).send().await;
            assert_eq!((answer.status, answer.string("error").as_str()), (400, "invalid_request"));
        }
        app.refresh(app.refresh_token()).await.ok(200);
    }

    async fn a_client_is_served_by_the_rules_of_its_own_project(t: Server) {
        let shop = t.another_project("shop").await;
        t.set("cors.allowed_origins", json!(["https://default.example"])).await;
        t.set_of(&shop, "cors.allowed_origins", json!(["https://shop.example"])).await;
        t.set("dialects.rakomi.enabled", false).await;
        let app = t.rakomi().with_key(&shop.keys.live.api);
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let login = app.login("ada@example.org", PASSWORD).await.ok(200);
        let app = app.with_tokens(&login);
        let asked = |path, form: [(&'static str, String); 3], origin| {
            let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
            t.request("POST", path).form(&form).header("origin", origin).send()
        };
        let grant = |token: &str| {
            let client = shop.keys.live.publishable.clone();
            [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned()), ("client_id", client)]
        };

        let theirs = asked("/oauth/token", grant(app.refresh_token()), "https://shop.example").await.ok(200);
        assert_eq!(theirs.header("access-control-allow-origin"), Some("https://shop.example"));
        let app = app.with_tokens(&theirs);
        let strange = asked("/oauth/token", grant(app.refresh_token()), "https://default.example").await.ok(200);
        assert_eq!(strange.header("access-control-allow-origin"), None);

        t.set_of(&shop, "dialects.rakomi.enabled", false).await;
        assert_eq!(asked("/oauth/token", grant(app.refresh_token()), "https://shop.example").await.status, 404);
        t.set_of(&shop, "dialects.rakomi.enabled", true).await;
        assert_eq!(app.oauth_revoke(app.refresh_token()).await.status, 200);
        app.me().await.refused(401, "token/revoked");
    }

    async fn revoking_ends_no_session_of_another_environment_or_dialect(t: Server) {
        let ada = t.user("ada@example.org").in_test().await;
        let app = t.rakomi().signed_in(&ada).await;
        let with_live_key = t.request("POST", "/oauth/revoke").header("x-api-key", &t.keys.live.api);
        with_live_key.form(&[("token", app.refresh_token())]).send().await.ok(200);
        app.me().await.ok(200);

        let bob = t.user("bob@example.org").await;
        let elsewhere = t.darukaa().signed_in(&bob).await;
        t.rakomi().oauth_revoke(elsewhere.refresh_token()).await.ok(200);
        elsewhere.user().await.ok(200);
    }

    async fn a_body_of_another_type_is_told_which_the_route_takes(t: Server) {
        for path in ["/oauth/token", "/oauth/revoke"] {
            let answer = t.request("POST", path).json(&json!({})).send().await;
            answered!(answer, 415, @r#"{"error":"invalid_request","error_description":"The request body must be uncompressed application/x-www-form-urlencoded"}"#);
        }
    }

    async fn revoking_always_answers_200_and_ends_the_session_of_a_good_token(t: Server) {
        let ada = t.user("ada@example.org").in_test().await;
        let app = t.rakomi().signed_in(&ada).await;

        assert_eq!(app.oauth_revoke("rt_nonsense").await.status, 200);
        app.me().await.ok(200);
        let answer = app.oauth_revoke(app.refresh_token()).await;

        assert_eq!((answer.status, answer.text()), (200, ""));
        app.me().await.refused(401, "token/revoked");
    }
}
