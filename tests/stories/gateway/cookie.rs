//! Arkos' cookie at the gateway: it lets a browser in, and goes no further than somebody looked at it.

use super::upstream::{FILMS, Upstream, gateway, rule};
use serde_json::json;
use vestibule_model::GatewayRule;
use vestibule_testkit::stories;

const NOT_LOGGED_IN: &str = "You are not logged in! Please log in to get access.";
const NOT_PERMITTED: &str = "You do not have permission to perform this action";

fn guarded(films: &Upstream) -> GatewayRule {
    rule(&json!({"upstream": films.url(), "dialect": "arkos"}))
}

stories! {
    async fn a_cookie_lets_a_browser_in_and_is_passed_on_as_a_bearer_token_is(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![guarded(&films)]);
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        let with_others = app.request("GET", FILMS).header("cookie", "theme=dark");
        front.send(with_others).await.ok(200);
        let heard = films.heard_one();
        assert_eq!(heard.header("x-auth-user-id"), Some(ada.id.to_string()));
        assert_eq!(heard.header("x-auth-email").as_deref(), Some("ada@example.org"));
        assert_eq!(heard.header("authorization"), None);
        assert_eq!(heard.header("cookie"), Some(format!("arkos_access_token={}; theme=dark", app.access())));

        let asked = front.send(app.request("GET", "/forward-auth/arkos")).await.ok(200);
        assert_eq!(asked.header("x-auth-email"), Some("ada@example.org"));
    }

    async fn s05_a_cookie_whose_session_has_ended_or_that_is_no_token_of_this_door_lets_nobody_in(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![guarded(&films)]);
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        app.logout().await.ok(204);
        let of_rakomi = t.rakomi().signed_in(&ada).await.access().to_owned();
        for app in [app, t.arkos(), t.arkos().keeping("no-token"), t.arkos().keeping("broken"), t.arkos().keeping(&of_rakomi)] {
            for path in [FILMS, "/forward-auth/arkos"] {
                front.send(app.request("GET", path)).await.refused_by_arkos(401, NOT_LOGGED_IN);
            }
        }
        assert!(films.heard().is_empty());
    }

    /// An upstream that reads the cookie would otherwise take one person for another.
    async fn g03_a_cookie_that_nobody_looked_at_is_not_passed_on(t: Server) {
        let films = Upstream::films().await;
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let of_eve = t.arkos().in_browser(&eve).await.access().to_owned();
        let by_header = t.arkos().signed_in(&ada).await.keeping(&of_eve);
        let front = gateway(&t, vec![guarded(&films)]);
        for cookie in [&of_eve, "broken", "no-token", ""] {
            let request = by_header.clone().keeping(cookie).request("GET", FILMS).header("cookie", "theme=dark");
            front.send(request).await.ok(200);
            let heard = films.heard_one();
            assert_eq!(heard.header("x-auth-email").as_deref(), Some("ada@example.org"));
            assert_eq!(heard.header("cookie").as_deref(), Some("theme=dark"), "{cookie}");
        }
        front.send(by_header.request("GET", FILMS)).await.ok(200);
        assert_eq!(films.heard_one().header("cookie"), None);

        // The browser sends the cookie to every path of the host, of whichever API it is.
        let by_rakomi = gateway(&t, vec![films.rule()]);
        let app = t.rakomi().signed_in(&ada).await;
        by_rakomi.send(t.arkos().keeping(&of_eve).request("GET", FILMS)).await.refused(401, "auth/not_authenticated");
        by_rakomi.send(app.request("GET", FILMS).header("cookie", &format!("a=1; arkos_access_token={of_eve}"))).await.ok(200);
        assert_eq!(films.heard_one().header("cookie").as_deref(), Some("a=1"));
    }

    async fn w01_a_page_of_another_site_does_nothing_behind_the_gateway_with_the_cookie(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![guarded(&films)]);
        let app = t.arkos().in_browser(&t.user("ada@example.org").await).await;
        let upgrade = app.request("GET", FILMS).header("connection", "upgrade").header("upgrade", "websocket");
        for request in [app.request("POST", FILMS), app.request("DELETE", FILMS), upgrade] {
            for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
                let request = request.clone().header(name, value);
                front.send(request).await.refused_by_arkos(403, NOT_PERMITTED);
            }
        }
        assert!(films.heard().is_empty());
        front.send(app.request("POST", FILMS).header("sec-fetch-site", "same-origin")).await.ok(200);
        front.send(app.request("GET", FILMS).header("sec-fetch-site", "cross-site")).await.ok(200);
        assert_eq!(films.heard().len(), 2);
    }
}
