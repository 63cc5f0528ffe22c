//! Paths, methods, documents.

use vestibule_testkit::{routes_of, stories};

stories! {
    async fn unknown_paths_below_either_prefix_are_refused_in_this_envelope(t: Server) {
        for path in ["/auth", "/auth/nothing", "/api/v1", "/api/v1/auth", "/api/v1/auth/login/", "/api/v1/nothing", "/auth//login"] {
            let answer = t.darukaa().request("GET", path).send().await;
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (404, r#"{"error":{"code":"NOT_FOUND","message":"There is no such route","details":"Please check the path of the request","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#));
        }
    }

    async fn a_known_path_names_the_methods_that_it_takes(t: Server) {
        for route in routes_of("darukaa") {
            let allowed = if route.path.ends_with("/user") { "GET, HEAD, PUT" } else { "POST" };
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                if allowed.split(", ").any(|it| it == method) || method == "HEAD" {
                    continue;
                }
                let answer = t.request(method, route.path).send().await;
                assert_eq!((answer.status, answer.body_as_documented().as_str()), (405, r#"{"error":{"code":"METHOD_NOT_ALLOWED","message":"This route does not take that method","details":"Please use one of the methods in the Allow header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#));
                assert_eq!(answer.header("allow"), Some(allowed), "{method} {}", route.path);
            }
        }
    }

    async fn the_document_describes_every_route(t: Server) {
        let document = t.request("GET", "/openapi/darukaa.json").send().await.ok(200).json();
        for route in routes_of("darukaa") {
            let method = route.method.as_str().to_lowercase();
            assert!(document["paths"][route.path][&method].is_object(), "{method} {}", route.path);
        }
    }
}
