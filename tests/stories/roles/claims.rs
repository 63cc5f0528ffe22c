//! Roles and permissions in tokens and in `me`.

use serde_json::{Value, json};
use std::time::Duration;
use vestibule_ops::admin::{roles, users};
use vestibule_ops::roles::RoleChange;
use vestibule_testkit::{Environment, Rakomi, operator, stories};

/// Roles and permissions of the newest access token.
fn claimed(app: &Rakomi<'_>) -> (Value, Value) {
    let claims: Value = serde_json::from_str(&app.claims().claims).unwrap();
    (claims["roles"].clone(), claims["permissions"].clone())
}

/// Roles and permissions of the signed-in user.
async fn shown(app: &Rakomi<'_>) -> (Value, Value) {
    let me = app.me().await.ok(200).json();
    (me["roles"].clone(), me["permissions"].clone())
}

stories! {
    async fn roles_stand_in_the_token_as_assigned_and_permissions_sorted_and_once(t: Server) {
        let ada = t.user("ada@example.org").await;
        let writer = t.role("writer", &["post:View", "post:Create"]).await;
        let author = t.role("author", &["post:View", "comment:Delete"]).await;
        t.assign(&writer, &ada).await;
        t.assign(&author, &ada).await;

        let app = t.rakomi().signed_in(&ada).await;

        let expected = (json!(["writer", "author"]), json!(["comment:Delete", "post:Create", "post:View"]));
        assert_eq!(claimed(&app), expected);
        assert_eq!(shown(&app).await, expected);
        let other = t.rakomi().signed_in(&t.user("bob@example.org").await).await;
        assert_eq!(claimed(&other), (json!([]), json!([])));
    }

    async fn rt09_a_refresh_says_what_is_true_now(t: Server) {
        let ada = t.user("ada@example.org").await;
        let editor = t.role("editor", &["post:View"]).await;
        let app = t.rakomi().signed_in(&ada).await;
        t.assign(&editor, &ada).await;
        let app = app.refreshed().await;
        assert_eq!(claimed(&app), (json!(["editor"]), json!(["post:View"])));
        t.grant(&editor, "post:Create").await;
        let app = app.refreshed().await;
        assert_eq!(claimed(&app).1, json!(["post:Create", "post:View"]));
        let renamed = RoleChange { name: Some("author".into()), superuser: None };
        let half = (&*t.project, Environment::Live);
        roles::update(t.core(), &operator(), half, &editor, renamed).await.unwrap();
        let app = app.refreshed().await;
        assert_eq!(claimed(&app).0, json!(["author"]));
        t.unassign(&editor, &ada).await;
        let app = app.refreshed().await;
        assert_eq!(claimed(&app), (json!([]), json!([])));
    }

    async fn a07_a_removed_role_is_gone_from_me_at_once_and_from_tokens_when_the_last_one_expires(t: Server) {
        let ada = t.user("ada@example.org").await;
        let editor = t.role("editor", &["post:View"]).await;
        t.assign(&editor, &ada).await;
        let app = t.rakomi().signed_in(&ada).await;
        for _ in 0..3 {
            assert_eq!(shown(&app).await.0, json!(["editor"]));
        }
        let half = (&*t.project, Environment::Live);
        roles::delete(t.core(), &operator(), half, &editor).await.unwrap();
        assert_eq!(shown(&app).await, (json!([]), json!([])));
        t.advance(Duration::from_secs(900 + 30));
        app.me().await.refused(401, "token/expired");
        assert_eq!(claimed(&app.refreshed().await), (json!([]), json!([])));
    }

    async fn a13_s08_a_disabled_or_deleted_superuser_is_nobody_at_once(t: Server) {
        let root = t.superuser_role("root").await;
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let bob = t.user("bob@example.org").await;
        for persona in [&ada, &bob, &eve] {
            t.assign(&root, persona).await;
        }
        let (disabled, deleted) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&eve).await);
        for app in [&disabled, &deleted] {
            assert_eq!(shown(app).await.0, json!(["root"]));
        }
        t.disable(&ada).await;
        t.delete(&eve).await;
        for (app, code) in [(&disabled, "auth/session_revoked"), (&deleted, "auth/invalid_refresh_token")] {
            app.me().await.refused(401, "token/revoked");
            app.refresh(app.refresh_token()).await.refused(401, code);
        }
        t.rakomi().login(&ada.email, &ada.password).await.refused(403, "auth/user_disabled");
        // Bob is the last one.
        let last = t.stored(&bob).await.unwrap();
        users::disable(t.core(), &operator(), &last).await.unwrap_err();
        t.rakomi().signed_in(&bob).await.me().await.ok(200);
    }

    async fn t25_roles_and_permissions_that_are_named_like_claims_change_no_claim(t: Server) {
        let ada = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&ada).await.claims();
        let names = ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "tenant_id", "role", "roles", "permissions", "email"];
        for name in names {
            let permission = format!("{}:exp", name.replace('_', "-"));
            t.assign(&t.role(name, &[&permission]).await, &ada).await;
        }
        let app = t.rakomi().signed_in(&ada).await;
        let (plain, claims): (Value, Value) =
            (serde_json::from_str(&before.claims).unwrap(), serde_json::from_str(&app.claims().claims).unwrap());
        assert_eq!(claims["roles"], json!(names));
        for name in ["iss", "sub", "aud", "tenant_id", "email", "rkm_env"] {
            assert_eq!(claims[name], plain[name], "{name}");
        }
        assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|iat| iat + 900));
        assert_eq!(claims.as_object().unwrap().len(), plain.as_object().unwrap().len());
        app.me().await.ok(200);
    }

    async fn a04_who_may_do_everything_is_not_told_as_a_flag(t: Server) {
        let ada = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&ada).await;
        let plain = before.me().await.ok(200).json();
        t.assign(&t.superuser_role("root").await, &ada).await;
        let me = before.me().await.ok(200).json();
        assert_eq!((&me["roles"], &me["permissions"]), (&json!(["root"]), &json!([])));
        let keys = |me: &Value| me.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&me), keys(&plain));
        let claims: Value = serde_json::from_str(&before.refreshed().await.claims().claims).unwrap();
        assert!(claims.get("superuser").is_none() && claims.get("isSuperUser").is_none());
    }

    async fn roles_of_one_environment_are_unknown_in_the_other(t: Server) {
        let live = t.user("ada@example.org").await;
        let test = t.user("ada@example.org").in_test().await;
        let (here, there) =
            (t.role("editor", &["post:View"]).await, t.new_role("editor", false, Environment::Test).await);
        t.assign(&here, &live).await;
        t.assign(&there, &test).await;
        assert_eq!(claimed(&t.rakomi().signed_in(&live).await), (json!(["editor"]), json!(["post:View"])));
        assert_eq!(claimed(&t.rakomi().signed_in(&test).await), (json!(["editor"]), json!([])));
        let across = roles::assign(t.core(), &operator(), (&t.project, Environment::Live), here.id, test.id).await;
        assert!(across.is_err());
    }
}
