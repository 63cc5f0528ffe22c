//! How long a session lives, and what ends it.

use super::refused;
use std::time::Duration;
use vestibule_testkit::{Koolbase, Server, stories};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

async fn signed_in(t: &Server) -> Koolbase<'_> {
    let ada = t.user("ada@example.org").verified().await;
    t.koolbase().signed_in(&ada).await
}

/// Writes down which sessions were used, as the server does once a second.
async fn keep_up(t: &Server) {
    vestibule_ops::upkeep::mark_used(t.core()).await.unwrap();
}

stories! {
    async fn s04_a_session_ends_after_thirty_days_without_use(t: Server) {
        let (app, idle) = (signed_in(&t).await, t.koolbase().login("ada@example.org", vestibule_testkit::PASSWORD).await.ok(200));
        let idle = t.koolbase().with_tokens(&idle);
        t.advance(Duration::from_secs(30 * 86_400 - 1));
        app.me().await.ok(200);
        keep_up(&t).await;
        t.advance(SECOND);

        refused(&idle.me().await, 401, "unauthorized");
        refused(&idle.refresh(idle.refresh_token()).await, 401, "invalid_refresh_token");
        app.me().await.ok(200);
        t.advance(Duration::from_secs(30 * 86_400 - 2));
        app.me().await.ok(200);
    }

    async fn s04_use_never_carries_a_session_past_a_year(t: Server) {
        let mut app = signed_in(&t).await;
        let first = app.token().to_owned();
        for _ in 0..12 {
            t.advance(29 * DAY);
            app.me().await.ok(200);
            keep_up(&t).await;
            let answer = app.refresh(app.refresh_token()).await.ok(200);
            app = app.with_tokens(&answer);
        }
        t.advance(Duration::from_secs(17 * 86_400 - 1));
        app.me().await.ok(200);
        t.koolbase().bearing(&first).me().await.ok(200);
        let last = app.refresh(app.refresh_token()).await.ok(200);
        assert_eq!(last.string("expires_at"), "2027-03-03T12:00:00Z", "no later than the session's end");
        t.advance(SECOND);
        refused(&t.koolbase().with_tokens(&last).me().await, 401, "unauthorized");
        refused(&app.refresh(&last.string("refresh_token")).await, 401, "invalid_refresh_token");
    }

    async fn refreshing_renews_the_session_and_gives_the_login_body(t: Server) {
        let app = signed_in(&t).await;
        t.advance(DAY);

        let answer = app.refresh(app.refresh_token()).await.ok(200);

        let fields: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["token", "user", "access_token", "refresh_token", "expires_at"]);
        assert_eq!(answer.string("expires_at"), "2026-04-03T12:00:00Z");
        t.koolbase().with_tokens(&answer).me().await.ok(200);
    }

    async fn rt02_a_refresh_token_that_two_used_ends_the_session(t: Server) {
        let stolen = signed_in(&t).await;
        let owner = stolen.clone().with_tokens(&stolen.refresh(stolen.refresh_token()).await.ok(200));
        owner.me().await.ok(200);
        t.advance(11 * SECOND);
        refused(&stolen.refresh(stolen.refresh_token()).await, 401, "token_revoked");
        refused(&owner.refresh(owner.refresh_token()).await, 401, "token_revoked");
        refused(&owner.me().await, 401, "unauthorized");
    }

    async fn s05_after_logout_neither_token_works(t: Server) {
        let app = signed_in(&t).await;
        app.logout().await.ok(204);
        refused(&app.me().await, 401, "unauthorized");
        refused(&app.refresh(app.refresh_token()).await, 401, "token_revoked");
    }

    async fn s06_logging_out_twice_and_with_an_expired_token_is_logging_out(t: Server) {
        let app = signed_in(&t).await;
        app.logout().await.ok(204);
        app.logout().await.ok(204);
        let app = t.koolbase().with_tokens(&t.koolbase().login("ada@example.org", vestibule_testkit::PASSWORD).await.ok(200));
        t.advance(366 * DAY);
        app.logout().await.ok(204);
        for bearer in ["junk", "a.b.c"] {
            refused(&t.koolbase().bearing(bearer).logout().await, 401, "unauthorized");
        }
        refused(&t.koolbase().logout().await, 401, "unauthorized");
    }

    async fn s07_logout_ends_that_session_alone(t: Server) {
        let phone = signed_in(&t).await;
        let laptop = t.koolbase().with_tokens(&t.koolbase().login("ada@example.org", vestibule_testkit::PASSWORD).await.ok(200));
        phone.logout().await.ok(204);
        laptop.me().await.ok(200);
    }

    async fn a_body_and_any_content_type_do_not_matter_to_logout(t: Server) {
        let app = signed_in(&t).await;
        app.request("POST", "/logout").header("content-type", "text/plain").body("junk").send().await.ok(204);
    }
}
