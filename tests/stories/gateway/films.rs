//! The films of Rakcha's document, behind a real upstream.

use super::upstream::{FILMS, Upstream, gateway, rule};
use serde_json::json;
use std::time::Duration;
use vestibule_model::{Environment, GatewayRule};
use vestibule_ops::admin::roles;
use vestibule_ops::roles::NewRole;
use vestibule_testkit::{Front, Rakcha, answered, operator, stories};

/// As the document's page has it.
fn guarded(films: &Upstream) -> GatewayRule {
    let roles = ["client", "admin", "cinema_manager"];
    rule(&json!({"upstream": films.url(), "dialect": "rakcha", "roles": roles}))
}

async fn get(front: &Front, app: &Rakcha<'_>, target: &str) -> vestibule_testkit::Answer {
    front.send(app.request("GET", target)).await
}

stories! {
    async fn the_documents_request_reaches_the_upstream_with_the_users_number_and_role(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![guarded(&films)]);
        t.user("first@example.org").await;
        let ada = t.user("user@example.com").await;
        let app = t.rakcha().signed_in(&ada).await;
        answered!(get(&front, &app, FILMS).await, 200, @"[]");
        let heard = films.heard_one();
        let told = ["x-auth-user-id", "x-auth-email", "x-auth-roles"].map(|name| heard.header(name).unwrap());
        assert_eq!(told, ["2", "user@example.com", "client"]);
        let checked = get(&front, &app, "/forward-auth/rakcha?roles=client").await.ok(200);
        assert_eq!(checked.header("x-auth-user-id"), Some("2"));
        assert_eq!(checked.header("x-auth-roles"), Some("client"));
    }

    async fn without_a_valid_token_the_answer_is_the_documents(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![guarded(&films)]);
        let ada = t.user("user@example.com").await;
        let rakomi = t.rakomi().signed_in(&ada).await;
        let good = t.rakcha().signed_in(&ada).await.token.unwrap();
        let (signed, _) = good.rsplit_once('.').unwrap();
        for target in [FILMS, "/api/films/7", "/forward-auth/rakcha"] {
            let bare = get(&front, &t.rakcha(), target).await;
            assert_eq!(bare.header("content-type"), Some("application/json"));
            assert_eq!((bare.status, bare.text()), (401, r#"{"message":"Invalid credentials."}"#), "{target}");
            for token in ["nonsense", &format!("{signed}.AAAA"), &format!("{signed}."), rakomi.access(), &good.to_uppercase()] {
                let answer = get(&front, &t.rakcha().bearing(token), target).await;
                assert_eq!((answer.status, answer.text()), (401, r#"{"message":"Invalid credentials."}"#), "{token}");
            }
            let bad_key = t.rakcha().bearing(&good).with_key("akm_live_nonsense");
            let answer = get(&front, &bad_key, target).await;
            assert_eq!((answer.status, answer.text()), (401, r#"{"message":"Invalid credentials."}"#));
        }
        // A token of this door opens no path that another one guards.
        let by_rakomi = gateway(&t, vec![rule(&json!({"upstream": films.url()}))]);
        assert_eq!(get(&by_rakomi, &t.rakcha().bearing(&good), FILMS).await.status, 401);
        assert!(films.heard().is_empty());
    }

    async fn a_user_without_an_allowed_role_is_forbidden(t: Server) {
        let films = Upstream::films().await;
        let managers = rule(&json!({"upstream": films.url(), "dialect": "rakcha", "roles": ["cinema_manager"]}));
        let front = gateway(&t, vec![managers]);
        let app = t.rakcha().signed_in(&t.user("user@example.com").await).await;
        for target in [FILMS, "/forward-auth/rakcha?roles=cinema_manager"] {
            let answer = get(&front, &app, target).await;
            assert_eq!((answer.status, answer.text()), (403, r#"{"message":"Forbidden."}"#), "{target}");
        }
        assert!(films.heard().is_empty());
        t.set("dialects.rakcha.default_role", "cinema_manager").await;
        get(&front, &app, FILMS).await.ok(200);
        assert_eq!(films.heard_one().header("x-auth-roles").as_deref(), Some("cinema_manager"));
    }

    async fn a07_a_role_opens_a_path_until_it_is_taken_away(t: Server) {
        let films = Upstream::films().await;
        let managers = rule(&json!({"upstream": films.url(), "dialect": "rakcha", "roles": ["cinema_manager"]}));
        let front = gateway(&t, vec![managers]);
        let ada = t.user("user@example.com").await;
        let app = t.rakcha().signed_in(&ada).await;
        let (core, half) = (t.core(), (&*t.project, Environment::Live));
        let mut made = Vec::new();
        for name in ["editor", "cinema_manager"] {
            assert_eq!(get(&front, &app, FILMS).await.status, 403);
            let new = NewRole { name: name.to_owned(), superuser: false };
            let role = roles::create(core, &operator(), half, new).await.unwrap();
            roles::assign(core, &operator(), half, role.id, ada.id).await.unwrap();
            t.advance(Duration::from_secs(1));
            made.push(role);
        }
        get(&front, &app, FILMS).await.ok(200);
        assert_eq!(films.heard_one().header("x-auth-roles").as_deref(), Some("editor,cinema_manager"));
        get(&front, &app, "/forward-auth/rakcha?roles=admin,cinema_manager").await.ok(200);
        roles::unassign(core, &operator(), half, made[1].id, ada.id).await.unwrap();
        assert_eq!(get(&front, &app, FILMS).await.status, 403);
        assert_eq!(get(&front, &app, "/forward-auth/rakcha?roles=cinema_manager").await.status, 403);
        get(&front, &app, "/forward-auth/rakcha?roles=editor").await.ok(200);
    }
}
