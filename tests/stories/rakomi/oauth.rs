//! The routes of the vendor's SDKs.

use vestibule_testkit::{answered, stories};

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
        app.refresh(app.refresh_token()).await.ok(200);
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
