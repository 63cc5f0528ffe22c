//! The end of an account by its owner.

use serde_json::json;
use vestibule_testkit::{Act, Arkos, set_cookie, stories};

const NOT_LOGGED_IN: &str = "You are not logged in! Please log in to get access.";

async fn nowhere(app: &Arkos<'_>) {
    app.me().await.refused_by_arkos(401, NOT_LOGGED_IN);
    app.update_me(json!({"bio": "b"}))
        .await
        .refused_by_arkos(401, NOT_LOGGED_IN);
    app.update_password("StrongP@ss123", "EvenStronger@456")
        .await
        .refused_by_arkos(401, NOT_LOGGED_IN);
    app.delete_me().await.refused_by_arkos(401, NOT_LOGGED_IN);
}

stories! {
    async fn s08_a_deleted_account_is_gone_at_every_door_at_once(t: Server) {
        let ada = t.user("ada@example.org").password("StrongP@ss123").await;
        let (app, browser) = (t.arkos().signed_in(&ada).await, t.arkos().in_browser(&ada).await);
        let rakomi = t.rakomi().signed_in(&ada).await;
        t.audit_rows().await;

        let answer = browser.delete_me().await.ok(204);

        assert_eq!((answer.text(), set_cookie(&answer).0.as_str()), ("", ""));
        nowhere(&app).await;
        nowhere(&browser).await;
        app.login(&ada.email, &ada.password).await.refused_by_arkos(401, "Incorrect email or password");
        rakomi.me().await.refused(401, "token/revoked");
        assert_eq!(rakomi.refresh(rakomi.refresh_token()).await.status, 401);
        assert!(t.stored(&ada).await.is_none());
        t.audited([Act::UserDeleted, Act::LoginRefused]).await;
    }

    async fn r25_whoever_takes_the_address_afterwards_is_somebody_else(t: Server) {
        let ada = t.user("ada@example.org").password("StrongP@ss123").profile("username", "ada").await;
        let before = t.arkos().signed_in(&ada).await;
        before.delete_me().await.ok(204);

        let body = json!({"email": "ada@example.org", "password": "EvenStronger@456", "username": "ada"});
        let again = t.arkos().signup(body).await.ok(201).json();

        assert_ne!(again["data"]["id"], json!(ada.id.to_string()));
        nowhere(&before).await;
        t.arkos().login("ada@example.org", "StrongP@ss123").await.refused_by_arkos(401, "Incorrect email or password");
        t.arkos().login("ada", "EvenStronger@456").await.ok(200);
    }

    async fn s08_a_disabled_user_is_answered_like_a_wrong_password(t: Server) {
        let ada = t.user("ada@example.org").password("StrongP@ss123").await;
        let app = t.arkos().signed_in(&ada).await;
        t.disable(&ada).await;
        nowhere(&app).await;
        let (right, wrong) = (app.login(&ada.email, &ada.password).await, app.login(&ada.email, "wrong").await);
        right.refused_by_arkos(401, "Incorrect email or password");
        assert_eq!(right.masked(), wrong.masked());
    }
}
