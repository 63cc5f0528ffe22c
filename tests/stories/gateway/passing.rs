//! What an upstream is sent, and what its client gets back.

use super::upstream::{FILMS, Upstream, ask, gateway, rule, shown};
use serde_json::json;
use vestibule_testkit::{Way, insta, stories};

/// Every spelling that some program reads as an identity.
const LIES: [&str; 22] = [
    "x-auth-user-id",
    "x_auth_user_id",
    "x-auth_email",
    "x.auth.roles",
    "x-auth-roles",
    "x-auth-request-user",
    "x_auth_request_email",
    "x-auth-request-access-token",
    "x-auth-anything",
    "remote-user",
    "remote_user",
    "remote-groups",
    "http_remote_user",
    "x-remote-user",
    "x-forwarded-user",
    "x_forwarded_email",
    "x-forwarded-preferred-username",
    "x-webauth-user",
    "x-user-id",
    "x-request-id",
    "x-original-url",
    "x-rewrite-url",
];

stories! {
    async fn an_upstream_gets_the_request_and_is_told_who_sent_it(t: Server) {
        let films = Upstream::films().await;
        let ada = t.user("Ada@Example.org").await;
        let app = t.rakomi().signed_in(&ada).await.without_key();
        let post = app.request("POST", "/api/films/7/reviews?stars=5&x=%20").header("host", "auth.example.com");
        let answer = films.behind(&t).send(post.header("content-type", "text/plain").body("fine")).await;

        assert_eq!((answer.status, answer.text()), (200, "[]"));
        let heard = films.heard_one();
        assert_eq!(heard.header("x-request-id").as_deref(), answer.header("x-request-id"));
        assert_eq!(heard.header("authorization"), Some(format!("Bearer {}", app.access())));
        assert_eq!(heard.header("x-auth-user-id"), Some(ada.id.to_string()));
        assert_eq!(heard.header("host"), Some(films.address.to_string()));
        let masked = heard.shown().replace(&ada.id.to_string(), "(ada)");
        insta::assert_snapshot!(masked, @r"
        POST /api/films/7/reviews?stars=5&x=%20
        authorization: Bearer eyJ…
        content-length: 4
        content-type: text/plain
        host: (upstream)
        user-agent: story/1.0
        via: 1.1 vestibule-0000000000000007
        x-auth-email: ada@example.org
        x-auth-roles:
        x-auth-user-id: (ada)
        x-forwarded-for: 203.0.113.7
        x-forwarded-host: auth.example.com
        x-forwarded-proto: https
        x-request-id: req_…
        fine
        ");
    }

    async fn every_method_passes_with_its_path_as_it_was_written(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for (method, target) in [
            ("GET", "/api/films"),
            ("GET", "/api/films/"),
            ("GET", "/api/films?"),
            ("PUT", "/api/films/The%20Matrix?q=a//b/../c%2f"),
            ("PATCH", "/api/films/%C3%A9t%C3%A9"),
            ("DELETE", "/api/films/7"),
            ("OPTIONS", "/api/films"),
            ("PROPFIND", "/api/films"),
        ] {
            assert_eq!(ask(&front, &app, method, target).await.status, 200, "{method} {target}");
            assert_eq!(films.heard_one().line, format!("{method} {target}"));
        }
    }

    async fn head_passes_as_head(t: Server) {
        let films = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nX-Films: 7\r\n\r\n").await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = films.behind(&t).listen().await;
        let head = format!("HEAD {FILMS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n", app.access());
        let heard = wire.say(head).await;
        assert!(heard.starts_with("HTTP/1.1 200 OK") && heard.ends_with("\r\n\r\n"), "{heard}");
        assert!(heard.contains("content-length: 12345") && heard.contains("x-films: 7"), "{heard}");
        assert!(films.heard_one().line.starts_with("HEAD "));
    }

    async fn g03_no_identity_that_a_client_sends_arrives(t: Server) {
        let films = Upstream::films().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let mut request = app.request("GET", FILMS);
        for name in LIES {
            request = request.header(name, "admin").header(&name.to_uppercase(), "root");
        }
        films.behind(&t).send(request).await.ok(200);
        let heard = films.heard_one();
        for (name, value) in &heard.headers {
            assert!(!matches!(value.as_str(), "admin" | "root"), "{name}: {value}");
        }
        assert_eq!(heard.header("x-auth-email").as_deref(), Some("ada@example.org"));
        assert_eq!(heard.header("x-auth-roles").as_deref(), Some(""));
    }

    /// A client that names a header in `Connection` could otherwise have a proxy take the identity away again.
    async fn g03_what_a_client_calls_its_connections_own_takes_no_identity_away(t: Server) {
        let films = Upstream::films().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let named = "close, x-auth-user-id, X-Auth-Email, x-request-id, host, x-mine, content-length";
        let request = app.request("POST", FILMS).header("connection", named).header("x-mine", "1").header("x-other", "2");
        let request = request.header("te", "trailers").header("keep-alive", "timeout=5").header("proxy-connection", "x");
        let request = request.header("proxy-authorization", "Basic x").header("trailer", "x").header("expect", "100-continue");
        films.behind(&t).send(request.body("four")).await.ok(200);
        let heard = films.heard_one();
        let names: Vec<_> = heard.headers.iter().map(|(name, _)| name.as_str()).collect();
        let arrived = "authorization content-length host user-agent via x-auth-email x-auth-roles x-auth-user-id x-forwarded-for \
            x-forwarded-proto x-other x-request-id";
        assert_eq!(names.join(" "), arrived);
        assert_eq!(heard.header("content-length").as_deref(), Some("4"));
    }

    async fn l05_g01_where_a_request_came_from_is_ours_to_say(t: Server) {
        let films = Upstream::films().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let told = || {
            let request = app.request("GET", FILMS).header("host", "localhost:7373");
            let request = request.header("x-forwarded-for", "198.51.100.9").header("x-forwarded-proto", "ftp");
            request.header("x-forwarded-host", "evil.example").header("forwarded", "for=198.51.100.9")
        };
        let seen = |films: &Upstream| {
            let heard = films.heard_one();
            assert_eq!(heard.header("forwarded"), None);
            ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"].map(|name| heard.header(name).unwrap()).join(" ")
        };
        films.behind(&t).send(told()).await.ok(200);
        assert_eq!(seen(&films), "203.0.113.7 localhost:7373 https");

        let proxied = Way { trusted_proxies: vec!["203.0.113.7/32"], gateway: vec![films.rule()], ..Way::default() };
        let proxied = t.front(proxied);
        proxied.send(told()).await.ok(200);
        assert_eq!(seen(&films), "198.51.100.9, 203.0.113.7 evil.example https");
        proxied.send(told().without("x-forwarded-proto").header("x-forwarded-proto", "http")).await.ok(200);
        assert_eq!(seen(&films), "198.51.100.9, 203.0.113.7 evil.example http");
    }

    async fn w04_w09_an_answer_comes_back_as_the_upstream_gave_it_and_with_what_every_answer_has(t: Server) {
        let films = Upstream::answering(
            "HTTP/1.1 201 Made\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Films: 7\r\n\
             Content-Security-Policy: default-src 'self'\r\nCache-Control: private, max-age=60\r\nX-Request-Id: theirs\r\n\
             Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nX-Gone: 1\r\n\
             Connection: X-Gone\r\nContent-Length: 4\r\n\r\nbody",
        )
        .await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let answer = films.behind(&t).send(app.request("GET", FILMS).header("origin", "https://evil.example")).await;
        insta::assert_snapshot!(shown(answer), @r"
        201
        content-type: text/html
        set-cookie: a=1
        set-cookie: b=2
        x-films: 7
        vary: Origin
        cache-control: private, max-age=60
        strict-transport-security: max-age=31536000; includeSubDomains
        content-length: 4
        x-content-type-options: nosniff
        referrer-policy: no-referrer
        cross-origin-opener-policy: same-origin
        cross-origin-resource-policy: same-origin
        content-security-policy: default-src 'self'

        body
        ");
    }

    async fn a_redirect_is_the_clients_to_follow(t: Server) {
        let films = Upstream::answering("HTTP/1.1 307 Elsewhere\r\nLocation: http://other.example/films\r\nContent-Length: 0\r\n\r\n").await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let answer = ask(&films.behind(&t), &app, "GET", FILMS).await;
        assert_eq!((answer.status, answer.header("location")), (307, Some("http://other.example/films")));
        films.heard_one();
    }

    async fn the_longest_prefix_says_where_a_request_goes(t: Server) {
        let (films, reviews) = (Upstream::films().await, Upstream::films().await);
        let deeper = rule(&json!({"prefix": "/api/films/reviews", "upstream": reviews.url()}));
        let front = gateway(&t, vec![films.rule(), deeper]);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for target in ["/api/films", "/api/films/reviewsx", "/api/films/7/reviews"] {
            ask(&front, &app, "GET", target).await.ok(200);
            assert_eq!(films.heard_one().line, format!("GET {target}"));
        }
        for target in ["/api/films/reviews", "/api/films/reviews/", "/api/films/reviews/7"] {
            ask(&front, &app, "GET", target).await.ok(200);
            assert_eq!(reviews.heard_one().line, format!("GET {target}"));
        }
    }

    /// A page of a listed origin calls by CORS as it calls every other route.
    async fn w04_the_project_says_which_pages_may_read(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let preflight = |origin: &str| {
            let asked = t.request("OPTIONS", FILMS).header("origin", origin).header("access-control-request-method", "PUT");
            asked.header("access-control-request-headers", "authorization")
        };
        front.send(preflight("https://app.example.com")).await.refused(401, "auth/not_authenticated");
        t.set("cors.allowed_origins", json!(["https://app.example.com"])).await;
        let allowed = front.send(preflight("https://app.example.com")).await.ok(204);
        assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example.com"));
        assert!(films.heard().is_empty());
        let asked = |origin: &str| app.request("GET", FILMS).header("origin", origin);
        let read = front.send(asked("https://app.example.com")).await.ok(200);
        assert_eq!(read.header("access-control-allow-origin"), Some("https://app.example.com"));
        let unread = front.send(asked("https://app.example.com.evil.example")).await.ok(200);
        assert_eq!((unread.header("access-control-allow-origin"), unread.header("vary")), (None, Some("Origin")));
    }
}
