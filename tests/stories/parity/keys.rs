//! API keys at every door: what they do not open, and that no door makes them.

use super::door::DOORS;
use serde_json::json;
use vestibule_ops::admin::api_keys;
use vestibule_testkit::{Answer, PASSWORD, Request, Server, routes_of, stories};

/// A caller who is plainly refused, with nothing that a page could read.
#[track_caller]
fn nothing_to_read(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer}");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        None,
        "{what}: {answer}"
    );
}

/// Each request as if no other had come before it.
fn from(request: Request<'_>, number: usize) -> Request<'_> {
    request.from(
        format!("10.{}.{}.1", number / 256, number % 256)
            .parse()
            .expect("an address"),
    )
}

/// Every key of the instance's default project, in all that is kept of it.
async fn kept(t: &Server) -> String {
    format!(
        "{:?}",
        api_keys::list(t.core(), t.project.id, 100)
            .await
            .expect("the keys")
    )
}

stories! {
    async fn x06_a_secret_key_opens_no_door_and_a_page_that_has_one_reads_nothing(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            let token = door.signed_in(&t, &ada.email, PASSWORD).await;
            for key in [&t.keys.live.secret, &t.keys.test.secret] {
                for origin in [None, Some("https://app.example.com"), Some("null")] {
                    let body = json!({door.identifier: ada.email, "password": PASSWORD});
                    let me = door.me.expect("a door shows who is signed in");
                    let requests = [
                        t.request("POST", door.sign_in).json(&body),
                        t.request("GET", me).header("authorization", &format!("Bearer {token}")),
                    ];
                    for request in requests {
                        let request = request.header("x-api-key", key);
                        let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
                        let (answer, cost) = t.cost_of(Box::pin(request.send())).await;
                        nothing_to_read(&answer, 401, door.name);
                        assert_eq!((cost.hashes, cost.rows["sessions"]), (0, 0), "{}", door.name);
                    }
                }
            }
        }
    }

    /// The administration that a door has is that of Arkos; whoever holds a public key may be anybody.
    async fn x06_a_public_key_adds_nothing_to_what_a_user_may_do(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (nobody, user) = (t.arkos().with_key(&t.keys.live.publishable), t.arkos().with_key(&t.keys.live.publishable).signed_in(&ada).await);
        let id = ada.id.to_string();
        let administration = [
            ("/api/auth-roles", json!({"name": "x"})), ("/api/auth-permissions", json!({"resource": "post", "action": "View", "roleId": id})),
            ("/api/user-roles", json!({"userId": id, "roleId": id})), ("/api/auth-actions", json!({})),
        ];
        let mut asked = 0;
        for route in routes_of("arkos") {
            let Some((_, body)) = administration.iter().find(|(path, _)| route.path.starts_with(path)) else { continue };
            let path = route.path.replace("{id}", &id);
            for (app, status) in [(&nobody, 401), (&user, 403)] {
                let request = app.request(route.method.as_str(), &path);
                let answer = if matches!(route.method.as_str(), "GET" | "DELETE") { request.send().await } else { request.json(body).send().await };
                assert_eq!(answer.status, status, "{} {path}: {answer}", route.method);
            }
            asked += 1;
        }
        assert!(asked >= 16, "{asked} routes");
    }

    /// Keys are made by commands alone. A route that makes one has to find its place here first.
    async fn x08_no_door_makes_or_changes_a_key(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let before = kept(&t).await;
        let body = json!({
            "name": "mine", "keyId": "1", "userId": ada.id.to_string(), "projectId": t.project.id.to_string(), "permissions": {"user": ["*"]},
            "rateLimitMax": 1_000_000, "kind": "secret", "environment": "live",
        });
        let mut number = 0;
        for door in &DOORS {
            let token = door.signed_in(&t, &ada.email, PASSWORD).await;
            let paths = routes_of(door.name).into_iter().filter(|route| !matches!(route.method.as_str(), "GET" | "DELETE")).map(|route| route.path.to_owned());
            let guessed = ["/v1/auth/api-keys", "/v1/sdk/api-keys", "/api/v1/auth/api-keys", "/api/auth/api-key/create", "/api/auth/api-key/update", "/api/api-keys", "/api/keys", "/v1/keys"];
            for path in paths.chain(guessed.map(str::to_owned)) {
                for method in ["POST", "PUT", "PATCH"] {
                    let anonymous = door.request(&t, method, &path).json(&body);
                    let signed_in = anonymous.clone().header("authorization", &format!("Bearer {token}"));
                    for request in [anonymous, signed_in] {
                        number += 1;
                        let answer = from(request, number).send().await;
                        assert!(!(200..300).contains(&answer.status) || !answer.text().contains("key"), "{method} {path}: {answer}");
                    }
                }
            }
            assert!(routes_of(door.name).iter().all(|route| !route.path.contains("key")), "{}: a route about keys", door.name);
        }
        assert_eq!(kept(&t).await, before);
    }
}
