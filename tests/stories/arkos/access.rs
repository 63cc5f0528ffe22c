//! Who may call what.

use serde_json::{Value, json};
use std::fmt::Write as _;
use vestibule_model::Environment;
use vestibule_ops::ApiKeyKind;
use vestibule_ops::admin::api_keys;
use vestibule_testkit::{Answer, Arkos, Request, Server, insta, operator, routes_of, stories};

/// What a request to a route carries beside its caller's credentials.
fn filled<'t>(request: Request<'t>, path: &str, column: usize) -> Request<'t> {
    let body = match path {
        "/api/auth/signup" => {
            json!({"email": format!("new{column}@example.org"), "password": "StrongP@ss123"})
        }
        "/api/auth/login" => json!({"username": "ada@example.org", "password": "StrongP@ss123"}),
        "/api/auth/update-password" => json!({"currentPassword": "wrong", "newPassword": "EvenStronger@456"}),
        "/api/users/me" => json!({"bio": "b"}),
        "/api/auth-roles" | "/api/auth-roles/{id}" => json!({"name": "x"}),
        "/api/auth-permissions" | "/api/auth-permissions/{id}" => {
            json!({"resource": "post", "action": "View", "roleId": "x"})
        }
        "/api/user-roles" | "/api/user-roles/{id}" => json!({"userId": "x", "roleId": "x"}),
        _ => return request,
    };
    request.json(&body)
}

/// Status and message.
fn verdict(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = body["message"].as_str().unwrap_or_default();
    format!("{} {message}", answer.status).trim_end().to_owned()
}

/// A key of the live environment that was revoked.
async fn revoked_key(t: &Server) -> String {
    let realm = t.project.realm(Environment::Live);
    let made = api_keys::create(t.core(), &operator(), realm, ApiKeyKind::Api, "story")
        .await
        .unwrap();
    api_keys::revoke(t.core(), &operator(), made.row.id)
        .await
        .unwrap();
    made.text
}

stories! {
    /// Every route that the binary has, from the router itself: one that is missing here changes the table.
    async fn a01_a02_a15_every_route_answers_each_caller_as_the_table_says(t: Server) {
        t.user("ada@example.org").password("StrongP@ss123").await;
        let tess = t.user("tess@example.org").password("StrongP@ss123").in_test().await;
        let other = t.another_project("other").await;
        let (live, test) = (t.keys.live.clone(), t.keys.test.clone());
        let nobody = t.arkos();
        let of_test = t.arkos().with_key(&test.api).signed_in(&tess).await;
        let revoked = revoked_key(&t).await;
        let mut table = String::new();
        for (number, route) in routes_of("arkos").into_iter().enumerate() {
            writeln!(table, "{} {}", route.method, route.path).unwrap();
            let mut said: Vec<(String, Vec<&str>)> = Vec::new();
            // Another Ada for each route: some of them end her sessions, and one ends her account.
            let ada = t.user(&format!("ada{number}@example.org")).password("StrongP@ss123").await;
            let user = t.arkos().from("10.1.0.1").signed_in(&ada).await;
            let browser = t.arkos().from("10.1.0.1").in_browser(&ada).await;
            let callers: Vec<(&str, Arkos<'_>)> = vec![
                ("nobody", nobody.clone()),
                ("API key", nobody.clone().with_key(&live.api)),
                ("secret key", nobody.clone().with_key(&live.secret)),
                ("revoked key", nobody.clone().with_key(&revoked)),
                ("test key", nobody.clone().with_key(&test.api)),
                ("other project's key", nobody.clone().with_key(&other.keys.live.api)),
                ("Ada, other project's key", user.clone().with_key(&other.keys.live.api)),
                ("Ada, test key", user.clone().with_key(&test.api)),
                ("Ada, revoked key", user.clone().with_key(&revoked)),
                ("Tess of test, live key", of_test.clone().with_key(&live.api)),
                ("Ada, another site's page", browser.clone()),
                ("Ada", user),
                ("Ada, cookie", browser),
            ];
            let count = callers.len();
            for (column, (name, app)) in callers.into_iter().enumerate() {
                let mut request = app.from(&format!("10.0.0.{column}")).request(route.method.as_str(), &route.path.replace("{id}", "x"));
                if name.contains("page") {
                    request = request.header("sec-fetch-site", "cross-site");
                }
                let verdict = verdict(&filled(request, route.path, column).send().await);
                match said.iter_mut().find(|(known, _)| *known == verdict) {
                    Some((_, names)) => names.push(name),
                    None => said.push((verdict, vec![name])),
                }
            }
            for (verdict, names) in said {
                writeln!(table, "  {verdict}: {}", if names.len() == count { "everybody".to_owned() } else { names.join("; ") }).unwrap();
            }
            t.advance(std::time::Duration::from_secs(5));
        }
        insta::assert_snapshot!(table, @r#"
        POST /api/auth/signup
          201: nobody; API key; test key; other project's key; Ada, other project's key; Ada, test key; Tess of test, live key; Ada, another site's page; Ada; Ada, cookie
          401 You are not logged in! Please log in to get access.: secret key; revoked key; Ada, revoked key
        POST /api/auth/login
          200: nobody; API key; Tess of test, live key; Ada, another site's page; Ada; Ada, cookie
          401 You are not logged in! Please log in to get access.: secret key; revoked key; Ada, revoked key
          401 Incorrect email or password: test key; other project's key; Ada, other project's key; Ada, test key
        DELETE /api/auth/logout
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page
          204: Ada; Ada, cookie
        POST /api/auth/update-password
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page
          400 Current password is incorrect.: Ada; Ada, cookie
        GET /api/users/me
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          200: Ada, another site's page; Ada; Ada, cookie
        PATCH /api/users/me
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page
          200: Ada; Ada, cookie
        DELETE /api/users/me
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key; Ada, cookie
          403 You do not have permission to perform this action: Ada, another site's page
          204: Ada
        GET /api/auth-roles
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        POST /api/auth-roles
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        GET /api/auth-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        PATCH /api/auth-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        PUT /api/auth-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        DELETE /api/auth-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        GET /api/auth-permissions
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        POST /api/auth-permissions
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        GET /api/auth-permissions/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        PATCH /api/auth-permissions/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        PUT /api/auth-permissions/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        DELETE /api/auth-permissions/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        GET /api/user-roles
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        POST /api/user-roles
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        GET /api/user-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        PATCH /api/user-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        PUT /api/user-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        DELETE /api/user-roles/{id}
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        GET /api/auth-actions
          401 You are not logged in! Please log in to get access.: nobody; API key; secret key; revoked key; test key; other project's key; Ada, other project's key; Ada, test key; Ada, revoked key; Tess of test, live key
          403 You do not have permission to perform this action: Ada, another site's page; Ada; Ada, cookie
        "#);
    }
}
