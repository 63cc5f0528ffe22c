//! Paths and methods that there are not, and what the API's document says.

use serde_json::Value;
use vestibule_testkit::{PUBLIC_URL, routes_of, stories};

stories! {
    async fn an_unknown_route_and_an_unknown_method_are_answered_alike(t: Server) {
        for (number, (method, path)) in [
            ("GET", "/api"), ("GET", "/api/nowhere"), ("GET", "/api/auth"), ("POST", "/api/auth/login/"), ("POST", "/api//auth/login"), ("POST", "/api/auth/Login"), ("GET", "/api/users"),
            ("GET", "/api/auth/login"), ("PUT", "/api/auth/login"), ("POST", "/api/users/me"), ("POST", "/api/auth/logout"), ("TRACE", "/api/users/me"), ("OPTIONS", "/api/users/me"), ("GET", "/api/users/me/x.css"),
        ].into_iter().enumerate() {
            let answer = t.arkos().from(&format!("10.0.0.{number}")).request(method, path).send().await;
            answer.refused_by_arkos(404, "Route not found!");
            assert_eq!(answer.header("allow"), None, "{method} {path}");
        }
    }

    async fn a_head_of_the_profile_is_that_of_its_get(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().signed_in(&ada).await;
        let (get, head) = (app.me().await.ok(200), app.request("HEAD", "/api/users/me").send().await.ok(200));
        assert_eq!((head.text(), head.header("content-length")), ("", Some(get.body.len().to_string().as_str())));
    }

    async fn w03_reading_changes_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        let before = t.tally().await;
        for (number, route) in routes_of("arkos").into_iter().enumerate() {
            for method in ["GET", "HEAD"] {
                let app = app.clone().from(&format!("10.0.0.{number}"));
                let answer = app.request(method, &route.path.replace("{id}", "x")).send().await;
                assert!([200, 403, 404].contains(&answer.status), "{method} {}: {answer}", route.path);
            }
        }
        assert_eq!(t.tally().await, before);
        app.me().await.ok(200);
    }

    async fn w09_every_answer_carries_what_protects_browsers(t: Server) {
        for answer in [t.arkos().me().await, t.arkos().login("a", "b").await, t.arkos().get("/api/nowhere").await] {
            for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")] {
                assert_eq!(answer.header(name), Some(value), "{answer}");
            }
        }
    }

    async fn the_document_describes_every_route(t: Server) {
        let document = t.request("GET", "/openapi/arkos.json").send().await.ok(200).json();
        for route in routes_of("arkos") {
            let method = route.method.as_str().to_lowercase();
            assert!(document["paths"][route.path][&method].is_object(), "{method} {}", route.path);
        }
        assert_eq!(document["servers"][0]["url"], Value::from(PUBLIC_URL));
    }
}
