//! Rotation and reuse, once through this door; the whole table of states is told through Rakomi's.

use std::time::Duration;
use vestibule_testkit::{Act, stories};

/// Longer than `tokens.refresh_overlap`.
const LATER: Duration = Duration::from_secs(11);

stories! {
    async fn rt01_a_token_that_was_used_by_two_ends_the_session_of_both(t: Server) {
        let ada = t.user("ada@example.org").await;
        let stolen = t.darukaa().signed_in(&ada).await;
        let owner = stolen.clone().refreshed().await;
        owner.user().await.ok(200);
        t.advance(LATER);
        t.audit_rows().await;

        stolen.refresh(stolen.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");

        t.audited([Act::RefreshReused]).await;
        owner.refresh(owner.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        owner.user().await.refused_by_darukaa(401, "UNAUTHORIZED");
    }

    async fn rt03_a_client_whose_answer_was_lost_asks_again(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        let lost = app.refresh(app.refresh_token()).await.ok(200);
        t.advance(Duration::from_secs(9));
        let again = app.refresh(app.refresh_token()).await.ok(200);
        assert_eq!((again.string("access_token"), again.string("refresh_token")), (lost.string("access_token"), lost.string("refresh_token")));

        t.advance(LATER);
        let replacement = app.clone().refreshed().await;

        assert_ne!(replacement.refresh_token(), lost.string("refresh_token"));
        replacement.user().await.ok(200);
        app.refresh(&lost.string("refresh_token")).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
    }

    async fn rt07_a_refresh_token_of_another_door_is_unknown_and_stays_good_at_its_own(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (rakomi, darukaa) = (t.rakomi().signed_in(&ada).await, t.darukaa().signed_in(&ada).await);

        darukaa.refresh(rakomi.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        rakomi.refresh(darukaa.refresh_token()).await.refused(401, "auth/invalid_refresh_token");

        rakomi.refresh(rakomi.refresh_token()).await.ok(200);
        darukaa.refresh(darukaa.refresh_token()).await.ok(200);
    }

    async fn thirty_days_after_the_login_refreshing_ends(t: Server) {
        let ada = t.user("ada@example.org").await;
        let mut app = t.darukaa().signed_in(&ada).await;
        for _ in 0..29 {
            t.advance(Duration::from_hours(24));
            app = app.refreshed().await;
        }
        t.advance(Duration::from_hours(24));
        app.refresh(app.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
    }
}
