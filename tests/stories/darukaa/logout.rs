//! Logging out, which takes both tokens.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{Act, answered, stories};

stories! {
    async fn both_tokens_end_the_session(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        t.audit_rows().await;

        let answer = app.logout(app.refresh_token()).await;

        answered!(answer, 200, @r#""Logged out""#);
        t.audited([Act::SessionRevoked]).await;
        app.user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        app.refresh(app.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        app.logout(app.refresh_token()).await.refused_by_darukaa(401, "UNAUTHORIZED");
    }

    async fn a_refresh_token_alone_is_not_enough(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        let nobody = t.darukaa();

        answered!(nobody.logout(app.refresh_token()).await, 401, @r#"{"error":{"code":"UNAUTHORIZED","message":"Invalid or missing access token","details":"Please provide a valid Bearer token in the Authorization header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        nobody.bearing("nonsense").logout(app.refresh_token()).await.refused_by_darukaa(401, "UNAUTHORIZED");
        app.user().await.ok(200);
        t.advance(Duration::from_mins(16));
        app.logout(app.refresh_token()).await.refused_by_darukaa(401, "UNAUTHORIZED");
        app.refreshed().await.user().await.ok(200);
    }

    async fn a_refresh_token_that_is_unknown_or_used_or_anothers_ends_nothing(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let used = t.darukaa().signed_in(&ada).await;
        let app = used.clone().refreshed().await;
        let theirs = t.darukaa().signed_in(&eve).await;
        let of_another_door = t.rakomi().signed_in(&ada).await;

        answered!(app.logout("rt_nonsense").await, 401, @r#"{"error":{"code":"INVALID_REFRESH_TOKEN","message":"Invalid or expired refresh token","details":"The refresh token provided is not valid","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        for token in [used.refresh_token(), theirs.refresh_token(), of_another_door.refresh_token(), app.access()] {
            let details = app.logout(token).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
            assert_eq!(details, "The refresh token provided is not valid");
        }

        t.advance(Duration::from_secs(11));
        app.logout(used.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        app.user().await.ok(200);
        app.refreshed().await.user().await.ok(200);
        theirs.user().await.ok(200);
        of_another_door.me().await.ok(200);
    }

    async fn another_session_of_the_same_user_is_ended_by_its_refresh_token(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (phone, laptop) = (t.darukaa().signed_in(&ada).await, t.darukaa().signed_in(&ada).await);

        laptop.logout(phone.refresh_token()).await.ok(200);

        phone.user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        laptop.user().await.ok(200);
        laptop.logout(phone.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
    }

    async fn a_logout_without_its_field_is_told_so(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        for (body, details) in [
            (json!({}), "refresh_token is required"),
            (json!({"refresh_token": null}), "refresh_token must be a string"),
            (json!({"refresh_token": ""}), "refresh_token must not be empty"),
            (json!({"refresh_token": ["rt_"]}), "refresh_token must be a string"),
        ] {
            assert_eq!(app.post("/api/v1/auth/logout", body).await.refused_by_darukaa(400, "VALIDATION_ERROR"), details);
        }
        app.user().await.ok(200);
    }
}
