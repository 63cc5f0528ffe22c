//! What a page of ours, or a link to one, could make a browser do.

use serde_json::json;
use std::fs;
use std::path::Path;
use vestibule_server::dialects::names;
use vestibule_testkit::{Answer, Environment, PUBLIC_URL, Way, routes_of, stories};

/// Places that are not ours, as links have been made to lead to them.
const ELSEWHERE: [&str; 15] = [
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "%2f%2fevil.example",
    "%252f%252fevil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "javascript:alert('evil.example')",
    "JaVaScRiPt:alert('evil.example')",
    "data:text/html,evil.example",
    "https://auth.example.com@evil.example",
    "https://auth.example.com@@evil.example",
    "\\\\evil.example",
    "https://auth.example.com.evil.example",
];

/// Parameters by which servers have been told where to lead a browser.
const LEADING: [&str; 16] = [
    "redirect",
    "redirect_to",
    "redirect_uri",
    "redirect_url",
    "redirectTo",
    "return_to",
    "returnTo",
    "next",
    "url",
    "continue",
    "callback",
    "callbackURL",
    "post_logout_redirect_uri",
    "page",
    "link",
    "RelayState",
];

/// Asserts that an answer leads nowhere and repeats nothing.
#[track_caller]
fn leads_nowhere(answer: &Answer, what: &str) {
    assert!(!(300..400).contains(&answer.status), "{what}: {answer}");
    for name in ["location", "refresh", "content-location", "link"] {
        assert_eq!(answer.header(name), None, "{what}: {answer}");
    }
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    assert!(
        !text.contains("evil") && !text.contains("http-equiv=\"refresh"),
        "{what}: {answer}"
    );
}

stories! {
    async fn w05_no_parameter_leads_a_browser_elsewhere(t: Server) {
        let ada = t.user("ada@example.org").await;
        let token = t.rakomi().signed_in(&ada).await.access().to_owned();
        let front = t.front(Way { dev: true, pages: true, ..Way::default() });
        let pages = ["/", "/verify-email", "/reset-password", "/docs", "/dev/inbox", "/nowhere"].map(|path| ("GET".to_owned(), path.to_owned()));
        let routes = names().into_iter().flat_map(routes_of).map(|route| (route.method.to_string(), route.path.replace("{id}", "x").replace("{project}", "default")));
        for (number, (method, path)) in pages.into_iter().chain(routes).enumerate() {
            for (place, elsewhere) in ELSEWHERE.into_iter().enumerate() {
                let query = LEADING.map(|name| format!("{name}={elsewhere}")).join("&");
                let request = t.request(&method, &format!("{path}?{query}")).from(format!("10.{place}.{number}.1").parse().unwrap());
                let request = request.header("x-api-key", &t.keys.live.api).header("authorization", &format!("Bearer {token}"));
                leads_nowhere(&front.send(request.json(&json!({}))).await, &format!("{method} {path} {elsewhere}"));
            }
        }
    }

    async fn w05_what_is_mailed_leads_to_us_whatever_a_request_wants(t: Server) {
        for (door, path) in [("rakomi", "/v1/auth/forgot-password"), ("koolbase", "/v1/sdk/auth/forgot-password"), ("darukaa", "/api/v1/auth/forgot-password")] {
            for (number, elsewhere) in ELSEWHERE.into_iter().enumerate() {
                let email = format!("{door}{number}@example.org");
                t.user(&email).await;
                let mut body = json!({"email": email});
                for name in LEADING {
                    body[name] = json!(elsewhere);
                }
                let request = t.request("POST", path).from(format!("10.0.{number}.1").parse().unwrap());
                let answer = request.header("x-api-key", &t.keys.of(Environment::Live).publishable).json(&body).send().await.ok(200);
                leads_nowhere(&answer, path);
                let mail = t.mail_to(&email).await;
                assert!(mail.link.as_deref().is_some_and(|link| link.starts_with(&format!("{PUBLIC_URL}/reset-password?token="))), "{elsewhere}");
                assert!(!mail.text.contains("evil") && !mail.html.contains("evil"), "{elsewhere}");
            }
        }
    }
}

/// There is no console that signs anybody in yet. What pages there are keep nothing in the browser, so that a script
/// that finds its way in finds nothing.
#[test]
fn w12_no_page_keeps_anything_in_the_browser() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/server/src/pages");
    let mut seen = 0;
    for folder in ["assets", "templates"] {
        for file in fs::read_dir(pages.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for store in [
                "localStorage",
                "sessionStorage",
                "indexedDB",
                "document.cookie",
                "caches.open",
                "serviceWorker",
            ] {
                assert!(!text.contains(store), "{store} in {}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} files");
}
