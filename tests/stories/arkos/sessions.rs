//! Sessions: what ends them, and that one account serves every door.

use vestibule_testkit::{Act, stories};

const NOT_LOGGED_IN: &str = "You are not logged in! Please log in to get access.";

stories! {
    async fn one_account_serves_both_doors(t: Server) {
        t.rakomi().register("ada@example.org", "StrongP@ss123").await.ok(201);
        let app = t.arkos().login("ada@example.org", "StrongP@ss123").await.ok(200);
        let id = t.arkos().bearing(&app.string("accessToken")).me().await.ok(200).json()["data"]["id"].clone();
        let login = t.rakomi().login("ada@example.org", "StrongP@ss123").await.ok(200);
        assert_eq!(t.rakomi().with_tokens(&login).me().await.ok(200).json()["user_id"], id);
    }

    async fn logging_out_ends_this_session_and_no_other(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (app, other) = (t.arkos().signed_in(&ada).await, t.arkos().signed_in(&ada).await);
        t.audit_rows().await;
        app.logout().await.ok(204);
        app.me().await.refused_by_arkos(401, NOT_LOGGED_IN);
        other.me().await.ok(200);
        app.logout().await.ok(204);
        t.audited([Act::SessionRevoked]).await;
    }

    async fn an_address_need_not_be_verified_unless_the_project_wants_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.arkos().login(&ada.email, &ada.password).await.ok(200);
        t.set("dialects.arkos.verified_email", true).await;
        t.arkos().login(&ada.email, &ada.password).await.refused_by_arkos(403, "Please verify your email to log in.");
        t.arkos().login(&ada.email, "wrong").await.refused_by_arkos(401, "Incorrect email or password");
    }

    async fn r24_a_closed_registration_is_closed_here_too(t: Server) {
        t.set("registration.open", false).await;
        let body = serde_json::json!({"email": "ada@example.org", "password": "StrongP@ss123"});
        t.arkos().signup(body).await.refused_by_arkos(403, "Registration is closed");
    }

    async fn a_door_that_a_project_shuts_has_no_routes(t: Server) {
        t.set("dialects.arkos.enabled", false).await;
        t.arkos().me().await.refused_by_arkos(404, "Route not found!");
        t.arkos().login("ada@example.org", "x").await.refused_by_arkos(404, "Route not found!");
    }
}
