//! Who may call what, and tokens of elsewhere.

use serde_json::{Value, json};
use std::fmt::Write as _;
use vestibule_testkit::{Answer, Darukaa, PASSWORD, Request, insta, routes_of, stories};

/// A body that passes the reading of each route.
fn filled<'t>(request: Request<'t>, path: &str, spare: &Darukaa<'_>) -> Request<'t> {
    let name = path.rsplit('/').next().unwrap_or_default();
    request.json(&match name {
        "signup" => json!({"email": "ada@example.org", "password": "short"}),
        "refresh" | "refresh-token" => json!({"refresh_token": spare.refresh_token()}),
        "logout" => json!({"refresh_token": "rt_nonsense"}),
        "change-password" => json!({"current_password": "wrong", "new_password": "a new and better one"}),
        "user" => json!({}),
        _ => json!({"email": "ada@example.org", "password": PASSWORD, "token": "nonsense"}),
    })
}

/// Status and code.
fn verdict(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = body["error"]["code"].as_str().unwrap_or_default();
    format!("{} {code}", answer.status).trim_end().to_owned()
}

stories! {
    /// Every route of this door, from the router itself: one that is missing here changes the table.
    async fn a01_a02_every_route_answers_each_caller_as_the_table_says(t: Server) {
        let ada = t.user("ada@example.org").await;
        let tess = t.user("tess@example.org").in_test().await;
        let (user, spare) = (t.darukaa().signed_in(&ada).await, t.darukaa().signed_in(&ada).await);
        let of_test = t.darukaa().with_key(&t.keys.test.api).signed_in(&tess).await;
        let other = t.another_project("other").await;
        let rakomi = t.rakomi().signed_in(&ada).await;
        let callers = [
            ("nobody", t.darukaa()),
            ("live key", t.darukaa().with_key(&t.keys.live.api)),
            ("secret key", t.darukaa().with_key(&t.keys.live.secret)),
            ("test key", t.darukaa().with_key(&t.keys.test.api)),
            ("other project's key", t.darukaa().with_key(&other.keys.live.api)),
            ("Ada", user.clone()),
            ("Ada, live key", user.clone().with_key(&t.keys.live.api)),
            ("Ada, test key", user.clone().with_key(&t.keys.test.api)),
            ("Ada, other project's key", user.with_key(&other.keys.live.api)),
            ("Tess of test, no key", t.darukaa().bearing(of_test.access())),
            ("Ada's Rakomi token", t.darukaa().bearing(rakomi.access())),
        ];
        let mut table = String::new();
        for route in routes_of("darukaa") {
            writeln!(table, "{} {}", route.method, route.path).unwrap();
            let mut said: Vec<(String, Vec<&str>)> = Vec::new();
            for (column, (name, app)) in callers.iter().enumerate() {
                let request = app.clone().from(&format!("10.0.0.{column}")).request(route.method.as_str(), route.path);
                let request = if route.method == "GET" { request } else { filled(request, route.path, &spare) };
                let verdict = verdict(&request.send().await);
                match said.iter_mut().find(|(known, _)| *known == verdict) {
                    Some((_, names)) => names.push(name),
                    None => said.push((verdict, vec![name])),
                }
            }
            for (verdict, names) in said {
                writeln!(table, "  {verdict}: {}", names.join("; ")).unwrap();
            }
        }
        insta::assert_snapshot!(table, @"
        POST /auth/login
          200: nobody; live key; Ada; Ada, live key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
          401 INVALID_CREDENTIALS: test key; other project's key; Ada, test key; Ada, other project's key
        POST /api/v1/auth/login
          200: nobody; live key; Ada; Ada, live key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
          401 INVALID_CREDENTIALS: test key; other project's key; Ada, test key; Ada, other project's key
        POST /api/v1/auth/signup
          400 WEAK_PASSWORD: nobody; live key; test key; other project's key; Ada; Ada, live key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
        POST /api/v1/auth/refresh
          200: nobody; live key; Ada; Ada, live key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
          401 INVALID_REFRESH_TOKEN: test key; other project's key; Ada, test key; Ada, other project's key
        POST /api/v1/auth/refresh-token
          200: nobody; live key; Ada; Ada, live key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
          401 INVALID_REFRESH_TOKEN: test key; other project's key; Ada, test key; Ada, other project's key
        POST /api/v1/auth/logout
          401 UNAUTHORIZED: nobody; live key; secret key; test key; other project's key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          401 INVALID_REFRESH_TOKEN: Ada; Ada, live key
        GET /api/v1/auth/user
          401 UNAUTHORIZED: nobody; live key; secret key; test key; other project's key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          200: Ada; Ada, live key
        PUT /api/v1/auth/user
          401 UNAUTHORIZED: nobody; live key; secret key; test key; other project's key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          200: Ada; Ada, live key
        POST /api/v1/auth/change-password
          401 UNAUTHORIZED: nobody; live key; secret key; test key; other project's key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          400 CURRENT_PASSWORD_INCORRECT: Ada; Ada, live key
        POST /api/v1/auth/verify-email
          400 INVALID_TOKEN: nobody; live key; test key; other project's key; Ada; Ada, live key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
        POST /api/v1/auth/resend-verification
          200: nobody; live key; test key; other project's key; Ada; Ada, live key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
        POST /api/v1/auth/forgot-password
          200: nobody; live key; test key; other project's key; Ada; Ada, live key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
        POST /api/v1/auth/reset-password
          400 INVALID_TOKEN: nobody; live key; test key; other project's key; Ada; Ada, live key; Ada, test key; Ada, other project's key; Tess of test, no key; Ada's Rakomi token
          401 UNAUTHORIZED: secret key
        ");
    }

    async fn x03_a_token_of_another_door_opens_nothing_here_and_none_of_ours_there(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (ours, theirs) = (t.darukaa().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);

        t.darukaa().bearing(theirs.access()).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        t.rakomi().bearing(ours.access()).me().await.refused(401, "auth/not_authenticated");

        ours.user().await.ok(200);
        theirs.me().await.ok(200);
    }
}
