//! Every route of this door, and what every kind of caller hears there.

use serde_json::{Value, json};
use std::fmt::Write as _;
use vestibule_testkit::{Answer, Koolbase, PASSWORD, Persona, Server, insta, routes_of, stories};
use vestibule_web::RouteInfo;

/// A good body for a route.
fn body(route: &RouteInfo, caller: usize, ada: &Persona) -> Value {
    match route.path.rsplit('/').next().unwrap() {
        "register" => {
            json!({"email": format!("new-{caller}-{}@example.org", route.path.len()), "password": PASSWORD})
        }
        "login" => json!({"email": ada.email, "password": ada.password}),
        "refresh" => json!({"refresh_token": "rt_unknown"}),
        "me" => json!({"full_name": "Ada"}),
        _ => json!({"email": ada.email, "token": "unknown", "password": PASSWORD}),
    }
}

fn verdict(answer: &Answer) -> String {
    let code = if answer.status < 400 {
        String::new()
    } else {
        format!(" {}", answer.string("code"))
    };
    format!("{}{code}", answer.status)
}

/// Callers who have not met before, because some routes end what a caller is.
async fn callers(t: &Server, number: usize) -> Vec<(&'static str, Koolbase<'_>)> {
    let eve = t.user(&format!("eve-{number}@example.org")).verified().await;
    let tess = t
        .user(&format!("tess-{number}@example.org"))
        .in_test()
        .verified()
        .await;
    let other = t.another_project(&format!("other-{number}")).await;
    let address = format!("10.1.{number}.1");
    let nobody = t.koolbase().from(&address);
    let of_test = nobody
        .clone()
        .with_key(&t.keys.test.publishable)
        .signed_in(&tess)
        .await;
    vec![
        ("nobody", nobody.clone().without_key()),
        ("publishable key", nobody.clone()),
        ("API key", nobody.clone().with_key(&t.keys.live.api)),
        ("secret key", nobody.clone().with_key(&t.keys.live.secret)),
        (
            "other project's key",
            nobody.clone().with_key(&other.keys.live.publishable),
        ),
        ("Eve", nobody.clone().signed_in(&eve).await),
        ("Eve, no key", nobody.clone().signed_in(&eve).await.without_key()),
        (
            "Eve, test key",
            nobody
                .clone()
                .signed_in(&eve)
                .await
                .with_key(&t.keys.test.publishable),
        ),
        (
            "Tess of test, live key",
            of_test.with_key(&t.keys.live.publishable),
        ),
        (
            "a token of another dialect",
            nobody.bearing(t.rakomi().from(&address).signed_in(&eve).await.access()),
        ),
    ]
}

stories! {
    async fn a01_a02_every_route_answers_every_caller_as_written_here(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let mut table = String::new();
        let routes = routes_of("koolbase").into_iter().filter(|route| !route.path.starts_with("/v1/sdk/sdk/"));
        for (number, route) in routes.enumerate() {
            writeln!(table, "{} {}", route.method, route.path).unwrap();
            let mut said: Vec<(String, Vec<&str>)> = Vec::new();
            for (column, (name, app)) in callers(&t, number).await.into_iter().enumerate() {
                let app = app.from(&format!("10.0.{number}.{column}"));
                let answer = app.request_to(route.method.as_str(), route.path).json(&body(&route, column, &ada)).send().await;
                let verdict = verdict(&answer);
                match said.iter_mut().find(|(known, _)| *known == verdict) {
                    Some((_, names)) => names.push(name),
                    None => said.push((verdict, vec![name])),
                }
            }
            for (verdict, names) in said {
                writeln!(table, "  {verdict}: {}", names.join("; ")).unwrap();
            }
        }
        insta::assert_snapshot!(table, @r#"
        POST /v1/sdk/auth/register
          401 unauthorized: nobody; secret key; Eve, no key
          201: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/login
          401 unauthorized: nobody; secret key; Eve, no key
          200: publishable key; API key; Eve; Tess of test, live key; a token of another dialect
          400 invalid_credentials: other project's key; Eve, test key
        POST /v1/sdk/auth/refresh
          401 unauthorized: nobody; secret key; Eve, no key
          401 invalid_refresh_token: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/logout
          401 unauthorized: nobody; publishable key; API key; secret key; other project's key; Eve, no key; Eve, test key; Tess of test, live key; a token of another dialect
          204: Eve
        GET /v1/sdk/auth/me
          401 unauthorized: nobody; publishable key; API key; secret key; other project's key; Eve, no key; Eve, test key; Tess of test, live key; a token of another dialect
          200: Eve
        PATCH /v1/sdk/auth/me
          401 unauthorized: nobody; publishable key; API key; secret key; other project's key; Eve, no key; Eve, test key; Tess of test, live key; a token of another dialect
          200: Eve
        DELETE /v1/sdk/auth/me
          401 unauthorized: nobody; publishable key; API key; secret key; other project's key; Eve, no key; Eve, test key; Tess of test, live key; a token of another dialect
          204: Eve
        POST /v1/sdk/auth/verify-email
          401 unauthorized: nobody; secret key; Eve, no key
          400 token_invalid: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/send-verification
          401 unauthorized: nobody; secret key; Eve, no key
          200: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/resend-verification
          401 unauthorized: nobody; secret key; Eve, no key
          200: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/forgot-password
          401 unauthorized: nobody; secret key; Eve, no key
          200: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/password-reset
          401 unauthorized: nobody; secret key; Eve, no key
          200: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/reset-password
          401 unauthorized: nobody; secret key; Eve, no key
          400 token_invalid: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        POST /v1/sdk/auth/password-reset/confirm
          401 unauthorized: nobody; secret key; Eve, no key
          400 token_invalid: publishable key; API key; other project's key; Eve; Eve, test key; Tess of test, live key; a token of another dialect
        "#);
    }
}
