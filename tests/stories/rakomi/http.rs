//! What arrives and what leaves: bodies, headers, paths, origins, and the wire itself.

use serde_json::{Value, json};
use vestibule_testkit::{
    Answer, PASSWORD, PUBLIC_URL, Request, Server, Way, dialect, refused, routes_of, stories,
};
use vestibule_web::{Dialect, Endpoint, Route, public};

/// Largest body that is read.
const LIMIT: usize = 64 * 1024;

/// A login with a body that is written here byte by byte.
async fn login_with(t: &Server, body: impl Into<Vec<u8>>) -> Answer {
    t.rakomi()
        .request("POST", "/v1/auth/login")
        .raw_json(body.into())
        .send()
        .await
}

/// Texts that mean something to somebody: databases, shells, templates, loggers, file systems.
const MEANINGFUL: [&str; 22] = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "1 UNION SELECT hash FROM credentials",
    "admin'/*",
    "$1",
    "?1",
    ":email",
    "{\"$gt\":\"\"}",
    "$.users[*]",
    "*)(uid=*))(|(uid=*",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "{% include 'x' %}",
    "%s%n%x",
    "../../etc/passwd",
    "%27%20OR%201=1",
    "\\",
    "\u{1b}[31m",
    "\u{2028}\r\nx-evil: 1",
    "ada@example.org' --",
    "ＡＤＡ＠example.org",
];

/// Every way to send a JSON body that the published routes have.
const POSTS: [&str; 9] = [
    "/v1/auth/register",
    "/v1/auth/login",
    "/v1/auth/refresh",
    "/v1/auth/logout",
    "/v1/auth/verify-email",
    "/v1/auth/resend-verification",
    "/v1/auth/forgot-password",
    "/v1/auth/reset-password",
    "/v1/auth/change-password",
];

/// A preflight of `method` on `target`, as a browser on a page of `origin` sends it.
fn preflight<'t>(t: &'t Server, target: &str, origin: &str) -> Request<'t> {
    t.request("OPTIONS", target)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
}

fn lets_read(answer: &Answer) -> Option<&str> {
    assert!(
        answer.header("access-control-allow-credentials").is_none(),
        "{answer}"
    );
    answer.header("access-control-allow-origin")
}

stories! {
    async fn i01_no_text_means_anything_to_the_database(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for (number, text) in MEANINGFUL.into_iter().enumerate() {
            let app = app.clone().from(&format!("10.0.0.{number}"));
            app.login(text, text).await.refused(401, "auth/invalid_credentials");
            app.login(&ada.email, text).await.refused(401, "auth/invalid_credentials");
            app.login(&ada.email, &ada.password).await.ok(200);
            app.forgot(text).await.ok(200);
            app.resend(text).await.ok(200);
            assert_eq!(app.register(text, PASSWORD).await.wrong_fields(), ["email"], "{text}");
            app.refresh(text).await.refused(401, "auth/invalid_refresh_token");
            app.verify(text).await.refused(400, "auth/token_invalid");
            app.verify_by_code(&ada.email, text).await.refused(400, "auth/token_invalid");
            app.reset(text, "a new and better one").await.refused(400, "auth/token_invalid");
            app.logout_by(json!({"session_id": text})).await.refused(404, "session/not_found");
            app.logout_by(json!({"refresh_token": text})).await.refused(401, "auth/invalid_refresh_token");
            assert_eq!(app.oauth_revoke(text).await.status, 200, "{text}");
            if http_text(text) {
                app.clone().with_key(text).me().await.refused(401, "api_key/invalid");
                app.clone().agent(text).me().await.ok(200);
            }
        }
        app.me().await.ok(200);
        assert!(t.mails_to("ada@example.org").await.is_empty());
    }

    async fn i02_a_body_of_64_kib_is_read_and_one_byte_more_is_not(t: Server) {
        let body = json!({"email": "nobody@example.org", "password": "wrong"}).to_string();
        let padded = |length: usize| body.clone() + &" ".repeat(length - body.len());

        login_with(&t, padded(LIMIT)).await.refused(401, "auth/invalid_credentials");
        refused!(login_with(&t, padded(LIMIT + 1)).await, 413, @r#"{"type":"about:blank","title":"Content Too Large","status":413,"code":"request/too_large","detail":"The request body is too large","request_id":"req_…","error":{"code":"request/too_large","message":"The request body is too large","request_id":"req_…"}}"#);
        let form = t.request("POST", "/oauth/revoke").form(&[("token", &"x".repeat(LIMIT))]).send().await;
        assert_eq!((form.status, form.string("error").as_str()), (413, "invalid_request"));
    }

    async fn p03_i02_a_huge_password_is_refused_before_anything_is_done_with_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        for length in [1 << 20, 8 << 20] {
            let (answer, cost) = t.cost_of(t.rakomi().login(&ada.email, &"x".repeat(length))).await;
            answer.refused(413, "request/too_large");
            assert_eq!((cost.hashes, cost.rows["login_attempts"], cost.rows["audit"]), (0, 0, 0));
        }
    }

    async fn i03_nesting_is_bounded(t: Server) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let depth = (LIMIT - 20) / open.len();
            for text in [open.repeat(depth), open.repeat(depth / 2) + &close.repeat(depth / 4)] {
                login_with(&t, format!(r#"{{"email":{text}"#)).await.refused(400, "request/invalid_body");
            }
            let closed = format!(r#"{{"email":{}1{}}}"#, open.repeat(5_000), close.repeat(5_000));
            login_with(&t, closed).await.refused(400, "request/invalid_body");
        }
    }

    async fn i04_a_field_that_is_there_twice_is_refused(t: Server) {
        let ada = t.user("ada@example.org").await;
        refused!(login_with(&t, r#"{"email":"eve@example.org","email":"ada@example.org","password":"x"}"#).await, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"request/invalid_body","detail":"an object names a key twice","request_id":"req_…","error":{"code":"request/invalid_body","message":"an object names a key twice","request_id":"req_…"}}"#);
        login_with(&t, r#"{"email":"ada@example.org","\u0065mail":"eve@example.org","password":"x"}"#).await.refused(400, "request/invalid_body");
        login_with(&t, r#"{"email":"ada@example.org","password":"x","other":{"a":1,"a":2}}"#).await.refused(400, "request/invalid_body");
        login_with(&t, json!({"email": ada.email, "password": ada.password, "unknown": 1}).to_string()).await.ok(200);
    }

    async fn i05_a_value_of_another_type_is_never_taken_for_a_text(t: Server) {
        for wrong in ["[]", "{}", r#"{"$gt":""}"#, "1", "null", "true", "18446744073709551616", "-0.0", "[\"ada@example.org\"]"] {
            let answer = login_with(&t, format!(r#"{{"email":{wrong},"password":{wrong}}}"#)).await;
            assert_eq!(answer.wrong_fields(), ["email", "password"], "{wrong}");
        }
        login_with(&t, r#"{"email":1e400,"password":"x"}"#).await.refused(400, "request/invalid_body");
        refused!(login_with(&t, r#"{"email":[]}"#).await, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"request/invalid_body","detail":"email must be a string","request_id":"req_…","errors":[{"field":"email","message":"must be a string"},{"field":"password","message":"is required"}],"error":{"code":"request/invalid_body","message":"email must be a string","request_id":"req_…"}}"#);
        for whole in ["[]", "\"text\"", "1", "null", "true", "", " "] {
            login_with(&t, whole).await.refused(400, "request/invalid_body");
        }
    }

    async fn i06_i09_only_uncompressed_json_in_utf_8_is_read(t: Server) {
        let ada = t.user("ada@example.org").await;
        let body = json!({"email": ada.email, "password": ada.password});
        let with = async |headers: &[(&str, &str)]| {
            let request = t.rakomi().request("POST", "/v1/auth/login").body(body.to_string());
            headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await
        };
        for good in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=\"UTF-8\""] {
            with(&[("content-type", good)]).await.ok(200);
        }
        for bad in [
            "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/jsonp",
            "text/json", "application/json, text/plain", "application/vnd.api+json", "",
        ] {
            with(&[("content-type", bad)]).await.refused(415, "request/unsupported_media_type");
        }
        refused!(with(&[]).await, 415, @r#"{"type":"about:blank","title":"Unsupported Media Type","status":415,"code":"request/unsupported_media_type","detail":"The request body must be uncompressed application/json","request_id":"req_…","error":{"code":"request/unsupported_media_type","message":"The request body must be uncompressed application/json","request_id":"req_…"}}"#);
        with(&[("content-type", "application/json"), ("content-type", "application/json")]).await.refused(415, "request/unsupported_media_type");
        for coding in ["gzip", "br", "zstd", "deflate", "identity", "gzip, gzip"] {
            with(&[("content-type", "application/json"), ("content-encoding", coding)]).await.refused(415, "request/unsupported_media_type");
        }
        let form = t.request("POST", "/oauth/revoke").header("content-type", "application/json").body(r#"{"token":"x"}"#).send().await;
        assert_eq!((form.status, form.string("error").as_str()), (415, "invalid_request"));
    }

    async fn i07_what_is_almost_json_is_not(t: Server) {
        let good = json!({"email": "nobody@example.org", "password": "wrong"}).to_string();
        login_with(&t, format!("\r\n\t {good} \n")).await.refused(401, "auth/invalid_credentials");
        for body in [
            format!("\u{feff}{good}"), format!("{good}x"), format!("{good}{good}"), format!("{good},"), good.replace('}', ",}"), good.replace('"', "'"),
            good.replace("\"wrong\"", "NaN"), good.replace("\"wrong\"", "undefined"), format!("// comment\n{good}"), format!("/* */{good}"),
            good.replace("wrong", "wr\nong"), good.replace("wrong", "wr\\xong"), good[..good.len() - 1].to_owned(), "{".to_owned(),
            good.replace("\"wrong\"", "01"), good.replace("\"wrong\"", "+1"), format!("{good}\u{0}"),
        ] {
            login_with(&t, body).await.refused(400, "request/invalid_body");
        }
    }

    async fn i08_no_text_holds_what_a_text_cannot_hold(t: Server) {
        let with = async |field: &str, value: &[u8]| {
            let other = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Ada"});
            let mut body = b"{".to_vec();
            for (name, other) in other.as_object().unwrap() {
                if name != field {
                    body.extend(format!("\"{name}\":{other},").bytes());
                }
            }
            body.extend(format!("\"{field}\":\"").bytes().chain(value.iter().copied()).chain(*b"\"}"));
            t.rakomi().request("POST", "/v1/auth/register").raw_json(body).send().await
        };
        let bad: [&[u8]; 9] = [
            br"a\u0000b", b"a\0b", br"\ud800", br"\udc00\ud800", br"\ud83d", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
        ];
        for field in ["email", "password", "name", "unknown"] {
            for value in bad {
                let refused = with(field, value).await;
                refused.refused(400, "request/invalid_body");
            }
        }
        for metadata in [r#"{"a\u0000":1}"#, r#"{"a":"\ud800"}"#, r#"{"a":["\u0000"]}"#] {
            let body = format!(r#"{{"email":"ada@example.org","password":"{PASSWORD}","public_metadata":{metadata}}}"#);
            t.rakomi().request("POST", "/v1/auth/register").raw_json(body).send().await.refused(400, "request/invalid_body");
        }
        with("name", "\\ud83d\\ude00 é".as_bytes()).await.ok(201);
    }

    async fn i13_a_long_target_and_large_headers_are_refused_before_they_are_looked_at(t: Server) {
        let long = t.request("GET", &format!("/v1/health?{}", "x".repeat(9 * 1024))).send().await;
        let large = t.request("GET", "/v1/health").header("x-large", &"x".repeat(17 * 1024)).send().await;
        for (answer, status, title) in [(long, 414, "URI Too Long"), (large, 431, "Request Header Fields Too Large")] {
            let body = format!(r#"{{"type":"about:blank","title":"{title}","status":{status},"request_id":"req_…"}}"#);
            assert_eq!((answer.status, answer.body_as_documented()), (status, body));
        }
        t.request("GET", &format!("/v1/health?{}", "x".repeat(8_000))).send().await.ok(200);
        let junk = t.rakomi().request("BREW", "/v1/auth/login").send().await;
        junk.refused(405, "route/method_not_allowed");
    }

    async fn i14_w10_a11_a_path_has_one_spelling(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for path in [
            "/v1/auth/me/", "/v1//auth/me", "//v1/auth/me", "/v1/auth/%6de", "/v1/auth%2fme", "/v1/auth%2Fme", "/v1/auth/me%00", "/v1/./auth/me",
            "/v1/x/../auth/me", "/v1/auth/..;/auth/me", "/v1/auth/me;x", "/v1/auth/me;.js", "/v1/auth/me.css", "/v1/auth/me/x.css", "/v1/auth/me.json",
            "/V1/auth/me", "/v1/auth/ME", "/v1/auth/me%20", "/v1/%61uth/me", "/v1/auth/me%2e", "/v1/auth/me..", "/v1/auth/me/.",
        ] {
            let answer = app.get(path).await;
            assert_eq!(answer.status, 404, "{path}: {answer}");
        }
        refused!(app.get("/v1/auth/me/x.css").await, 404, @r#"{"type":"about:blank","title":"Not Found","status":404,"code":"route/not_found","detail":"There is no such route","request_id":"req_…","error":{"code":"route/not_found","message":"There is no such route","request_id":"req_…"}}"#);
        app.get("/v1/auth/me?x=1").await.ok(200);
    }

    async fn i15_a_parameter_that_is_there_twice_is_refused(t: Server) {
        for target in ["/.well-known/jwks.json?env=live&env=test", "/.well-known/jwks.json?env=live&%65nv=live", "/.well-known/jwks.json?x=1&x=2"] {
            t.request("GET", target).send().await.refused(400, "request/invalid_body");
        }
        for form in ["token=a&token=b", "token=a&%74oken=b"] {
            let request = t.request("POST", "/oauth/revoke").header("content-type", "application/x-www-form-urlencoded");
            let answer = request.body(form).send().await;
            assert_eq!((answer.status, answer.string("error").as_str()), (400, "invalid_request"), "{form}");
        }
    }

    async fn x05_a_header_that_is_there_twice_is_no_key(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let key = &t.keys.live.api;
        for second in [key.as_str(), &t.keys.test.api, "", "nonsense"] {
            app.request("GET", "/v1/auth/me").header("x-api-key", second).send().await.refused(401, "api_key/invalid");
        }
        app.clone().with_key(&format!("{key}, {key}")).me().await.refused(401, "api_key/invalid");
        app.clone().with_key(&format!(" {key}")).me().await.refused(401, "api_key/invalid");
    }

    async fn i18_a_panic_costs_one_request_and_says_nothing(t: Server) {
        let rakomi = dialect("rakomi");
        let front = t.front(Way { dialects: vec![Dialect { routes: with_a_defect, ..rakomi }], ..Way::default() });
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let logs = t.logs();
        for _ in 0..3 {
            let answer = front.send(t.request("GET", "/v1/defect")).await;
            refused_as_internal(&answer);
            assert!(!answer.text().contains("canary"), "{answer}");
        }
        assert!(logs.so_far().contains("a canary in a panic"), "the operator hears of it");
        front.send(app.request("GET", "/v1/auth/me")).await.ok(200);
        app.login(&ada.email, &ada.password).await.ok(200);
    }

    async fn w03_reading_changes_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let session = app.session();
        app.forgot(&ada.email).await.ok(200);
        let mailed = t.mail_to(&ada.email).await.token();
        let before = t.tally().await;
        let paths = routes_of("rakomi");
        for path in paths.iter().map(|route| route.path.replace("{id}", &session).replace("{project}", "default")) {
            for method in ["GET", "HEAD"] {
                let target = format!("{path}?token={mailed}&refresh_token={}&session_id={session}", app.refresh_token());
                let answer = app.request(method, &target).json(&json!({"token": mailed, "password": "a new and better one"})).send().await;
                assert!([200, 405].contains(&answer.status), "{method} {path}: {answer}");
            }
        }
        assert_eq!(t.tally().await, before);
        app.me().await.ok(200);
        app.refresh(app.refresh_token()).await.ok(200);
        app.reset(&mailed, "a new and better one").await.ok(200);
    }

    async fn w04_a_page_of_a_listed_origin_may_call_and_no_other(t: Server) {
        t.set("cors.allowed_origins", json!(["https://app.example.com"])).await;
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let me = async |origin: &str| app.request("GET", "/v1/auth/me").header("origin", origin).send().await;

        let listed = me("https://app.example.com").await;
        assert_eq!((lets_read(&listed), listed.header("vary")), (Some("https://app.example.com"), Some("Origin")));
        let exposed = listed.header("access-control-expose-headers").unwrap();
        for name in ["retry-after", "ratelimit", "ratelimit-policy", "x-request-id"] {
            assert!(exposed.split(", ").any(|it| it == name), "{exposed}");
        }
        for evil in [
            "https://evil.tld", "null", "*", "https://app.example.com.evil.tld", "https://evil-app.example.com", "http://app.example.com",
            "https://app.example.com:8443", "https://APP.example.com", "https://user@app.example.com", "https://app.example.com/", "http://localhost.evil.tld", "http://localhost:3000", "",
        ] {
            let answer = me(evil).await;
            assert_eq!((answer.status, lets_read(&answer), answer.header("vary")), (200, None, Some("Origin")), "{evil}");
            let asked = preflight(&t, "/v1/auth/login", evil).send().await;
            assert_eq!((lets_read(&asked), asked.header("access-control-allow-methods")), (None, None), "{evil}");
        }
        assert_eq!(lets_read(&app.clone().anonymous().request("GET", "/v1/auth/me").header("origin", "https://app.example.com").send().await), Some("https://app.example.com"));
    }

    async fn w04_a_preflight_needs_no_key_and_costs_no_budget(t: Server) {
        t.set("cors.allowed_origins", json!(["https://app.example.com"])).await;
        for _ in 0..100 {
            let asked = preflight(&t, "/v1/auth/login", "https://app.example.com");
            let asked = asked.header("access-control-request-headers", "content-type,x-api-key").send().await;
            assert_eq!((asked.status, asked.text()), (204, ""));
            assert_eq!(lets_read(&asked), Some("https://app.example.com"));
            assert_eq!(asked.header("access-control-allow-methods"), Some("GET, POST, PUT, PATCH, DELETE, OPTIONS"));
            assert_eq!(asked.header("access-control-allow-headers"), Some("authorization, content-type, x-api-key"));
            assert_eq!(asked.header("ratelimit"), None);
        }
        let login = t.rakomi().login("nobody@example.org", "wrong").await;
        assert_eq!(login.header("ratelimit"), Some("limit=60, remaining=59, reset=60"));
    }

    async fn w04_another_projects_origin_passes_the_preflight_and_reads_nothing_of_this_one(t: Server) {
        let other = t.another_project("other").await;
        let by = vestibule_testkit::operator();
        let list = json!(["https://other.example.com"]);
        vestibule_ops::admin::projects::set(t.core(), &by, other.project.id, "cors.allowed_origins", list).await.unwrap();

        let asked = preflight(&t, "/v1/auth/login", "https://other.example.com").send().await;
        let login = async |key: &str| {
            let request = t.rakomi().with_key(key).request("POST", "/v1/auth/login").header("origin", "https://other.example.com");
            request.json(&json!({"email": "nobody@example.org", "password": "wrong"})).send().await
        };

        assert_eq!((asked.status, lets_read(&asked)), (204, Some("https://other.example.com")));
        assert_eq!(lets_read(&login(&t.keys.live.api).await), None);
        assert_eq!(lets_read(&login(&other.keys.live.api).await), Some("https://other.example.com"));
    }

    async fn the_public_documents_may_be_read_from_any_page(t: Server) {
        for target in ["/v1/health", "/.well-known/jwks.json", "/p/default/.well-known/jwks.json"] {
            let answer = t.request("GET", target).header("origin", "https://evil.tld").send().await;
            assert_eq!((answer.status, lets_read(&answer)), (200, Some("*")), "{target}");
            let asked = preflight(&t, target, "https://evil.tld").send().await;
            assert_eq!((asked.status, lets_read(&asked)), (204, Some("*")), "{target}");
        }
    }

    async fn w09_every_answer_carries_the_security_headers(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let answers = [
            app.me().await, app.get("/v1/nonsense").await, app.get("/v1/auth/login").await, app.login("a", "b").await, login_with(&t, "{").await,
            t.request("GET", "/").send().await, t.request("GET", "/v1/health").send().await, t.request("GET", "/.well-known/jwks.json").send().await,
            app.refresh(&"x".repeat(1 << 17)).await, app.logout().await, app.oauth_revoke("x").await, preflight(&t, "/v1/auth/login", "https://evil.tld").send().await,
            t.request("GET", &format!("/{}", "x".repeat(9_000))).send().await,
        ];
        for answer in answers {
            for (name, value) in [
                ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"), ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{answer}");
            }
            let id = answer.header("x-request-id").unwrap();
            assert!(id.len() == 36 && id.starts_with("req_"), "{answer}");
            assert_eq!(answer.header("server").or(answer.header("x-powered-by")), None, "{answer}");
            assert!(answer.header("cache-control").is_some(), "{answer}");
            if !answer.body.is_empty() {
                let kind = answer.header("content-type").unwrap();
                assert!(["application/json", "application/problem+json"].contains(&kind), "{answer}");
            }
        }
    }

    async fn a_request_id_is_ours_and_new_for_every_request(t: Server) {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let request = t.request("GET", "/v1/nonsense").header("x-request-id", "req_00000000000000000000000000000000");
            let answer = request.send().await;
            answer.refused(404, "route/not_found");
            assert!(seen.insert(answer.header("x-request-id").unwrap().to_owned()));
        }
        assert!(!seen.contains("req_00000000000000000000000000000000"));
    }

    async fn w11_f02_no_name_that_a_client_gives_us_reaches_a_token_or_a_mail(t: Server) {
        let ada = t.user("ada@example.org").await;
        let names = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "forwarded", "x-original-host", "x-original-url", "x-rewrite-url", "origin", "referer"];
        let post = async |path: &str, body: Value| {
            let request = t.rakomi().request("POST", path).json(&body);
            names.iter().fold(request, |request, name| request.header(name, "https://evil.tld")).send().await
        };
        let login = post("/v1/auth/login", json!({"email": ada.email, "password": ada.password})).await.ok(200);
        let token = t.rakomi().with_tokens(&login).claims().claims;
        post("/v1/auth/forgot-password", json!({"email": ada.email})).await.ok(200);
        let mail = t.mail_to(&ada.email).await;

        assert!(!token.contains("evil"), "{token}");
        assert!(mail.link.clone().unwrap().starts_with(PUBLIC_URL), "{mail:?}");
        assert!(!mail.text.contains("evil") && !mail.html.contains("evil"), "{mail:?}");
    }

    async fn w11_a_request_for_another_host_is_not_served(t: Server) {
        let front = t.with_pages();
        for host in ["evil.tld", "auth.example.com.evil.tld", "auth.example.com@evil.tld", "evil.tld:443", "localhost.evil.tld", ""] {
            for path in ["/v1/health", "/v1/auth/me", "/verify-email", "/nonsense"] {
                let answer = front.send(t.request("GET", path).header("host", host)).await;
                assert!([400, 421].contains(&answer.status), "{host} {path}: {answer}");
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer}");
            }
        }
        let twice = front.send(t.request("GET", "/v1/health").header("host", "auth.example.com").header("host", "evil.tld")).await;
        assert!([400, 421].contains(&twice.status), "{twice}");
        for host in ["auth.example.com", "AUTH.example.com", "auth.example.com:443", "localhost", "127.0.0.1:7373", "[::1]:7373"] {
            front.send(t.request("GET", "/v1/health").header("host", host)).await.ok(200);
        }
    }

    async fn w13_nothing_of_the_workshop_is_open_in_production(t: Server) {
        let front = t.with_pages();
        for path in [
            "/", "/docs", "/docs/rakomi", "/dev/inbox", "/dev/inbox.json", "/metrics", "/debug", "/admin", "/.env", "/.git/config", "/server-status", "/swagger", "/actuator",
        ] {
            let answer = front.send(t.request("GET", path)).await;
            assert_eq!(answer.status, 404, "{path}: {answer}");
            let body = r#"{"type":"about:blank","title":"Not Found","status":404,"request_id":"req_…"}"#;
            assert_eq!((answer.header("content-type"), answer.body_as_documented().as_str()), (Some("application/problem+json"), body));
        }
        for method in ["TRACE", "TRACK", "CONNECT"] {
            for path in ["/v1/auth/me", "/v1/health"] {
                let answer = front.send(t.request(method, path).header("x-secret", "canary")).await;
                answer.refused(405, "route/method_not_allowed");
                assert!(!answer.text().contains("canary"), "{answer}");
            }
        }
    }

    async fn a_page_names_the_methods_that_it_takes(t: Server) {
        let front = t.front(Way { dev: true, ..Way::default() });
        for (path, allowed) in [("/", "GET,HEAD"), ("/dev/inbox.json", "GET,HEAD"), ("/verify-email", "GET,HEAD,POST")] {
            for method in ["POST", "DELETE", "PROPFIND"] {
                if allowed.split(',').any(|it| it == method) {
                    continue;
                }
                let answer = front.send(t.request(method, path)).await;
                let body = r#"{"type":"about:blank","title":"Method Not Allowed","status":405,"request_id":"req_…"}"#;
                assert_eq!((answer.status, answer.header("content-type"), answer.body_as_documented().as_str()), (405, Some("application/problem+json"), body));
                assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
            }
        }
    }

    async fn an_unknown_path_is_refused_in_the_envelope_of_its_prefix(t: Server) {
        refused!(t.request("GET", "/v1/nonsense").send().await, 404, @r#"{"type":"about:blank","title":"Not Found","status":404,"code":"route/not_found","detail":"There is no such route","request_id":"req_…","error":{"code":"route/not_found","message":"There is no such route","request_id":"req_…"}}"#);
        for path in ["/v1", "/v1/auth", "/v1/auth/sessions", "/v1/auth/me/sessions/1/2", "/.well-known/openid-configuration", "/p/default", "/oauth"] {
            let answer = t.rakomi().get(path).await;
            answer.refused(404, "route/not_found");
            assert_eq!(answer.header("allow"), None);
        }
        for path in ["/", "/v2/auth/login", "/v11", "/nonsense", "/apiary"] {
            let answer = t.rakomi().get(path).await;
            let body = r#"{"type":"about:blank","title":"Not Found","status":404,"request_id":"req_…"}"#;
            assert_eq!((answer.status, answer.header("content-type"), answer.body_as_documented().as_str()), (404, Some("application/problem+json"), body), "{path}");
        }
    }

    async fn a_known_path_names_the_methods_that_it_takes(t: Server) {
        for route in routes_of("rakomi") {
            let path = route.path.replace("{id}", "x").replace("{project}", "default");
            let allowed = if route.method == "GET" { "GET, HEAD".to_owned() } else { route.method.to_string() };
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get"] {
                if allowed.split(", ").any(|it| it == method) {
                    continue;
                }
                let answer = t.request(method, &path).send().await;
                answer.refused(405, "route/method_not_allowed");
                assert_eq!(answer.header("allow"), Some(allowed.as_str()), "{method} {path}");
            }
        }
        refused!(t.request("PUT", "/v1/auth/login").send().await, 405, @r#"{"type":"about:blank","title":"Method Not Allowed","status":405,"code":"route/method_not_allowed","detail":"This route does not take that method; see the Allow header","request_id":"req_…","error":{"code":"route/method_not_allowed","message":"This route does not take that method; see the Allow header","request_id":"req_…"}}"#);
    }

    async fn head_is_get_without_a_body(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for path in ["/v1/health", "/.well-known/jwks.json", "/v1/auth/me", "/v1/auth/me/sessions", "/v1/nonsense"] {
            let (get, head) = (app.get(path).await, app.request("HEAD", path).send().await);
            assert_eq!((head.status, head.text(), head.header("content-type")), (get.status, "", get.header("content-type")), "{path}");
            let length = head.header("content-length").and_then(|length| length.parse().ok());
            assert_eq!(length, Some(get.body.len()), "{path}");
        }
    }

    async fn a_method_is_not_overridden_by_a_header_or_a_parameter(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let get = app.request("GET", "/v1/auth/logout?_method=POST").header(name, "POST").send().await;
            get.refused(405, "route/method_not_allowed");
        }
        app.me().await.ok(200);
    }

    async fn health_says_whether_the_database_answers(t: Server) {
        let health = t.request("GET", "/v1/health").send().await;
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!((health.status, health.text()), (200, format!(r#"{{"status":"ok","version":"{version}"}}"#).as_str()));
        t.lose_the_database().await;
        let health = t.request("GET", "/v1/health").send().await;
        assert_eq!((health.status, health.text()), (503, format!(r#"{{"status":"unavailable","version":"{version}"}}"#).as_str()));
    }

    async fn i10_what_two_servers_could_read_differently_is_not_read(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        let post = |headers: &str, body: &str| format!("POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n{body}");
        for (what, request) in [
            ("two lengths", post("Content-Length: 5\r\nContent-Length: 6", "aaaaaa")),
            ("a signed length", post("Content-Length: +5", "aaaaa")),
            ("a negative length", post("Content-Length: -5", "aaaaa")),
            ("a list of lengths", post("Content-Length: 5, 6", "aaaaaa")),
            ("two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", SMUGGLED)),
            ("an unknown coding", post("Transfer-Encoding: xchunked", SMUGGLED)),
            ("chunked not last", post("Transfer-Encoding: chunked, identity", SMUGGLED)),
            ("a folded header", post("X-Folded: a\r\n b", "")),
            ("a space before the colon", post("Content-Length : 5", "aaaaa")),
            ("a header without a name", post(": 5", "aaaaa")),
            ("a bare carriage return", post("X-Split: a\rContent-Length: 5", "aaaaa")),
            ("no version", "GET /v1/health\r\n\r\n".to_owned()),
            ("a control character", "GET /v1/he\u{1}alth HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()),
            ("nonsense", "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n".to_owned()),
        ] {
            let heard = wire.say(request).await;
            assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 400"), "{what}: {heard}");
            assert!(answers(&heard) <= 1, "{what}: {heard}");
        }
    }

    /// RFC 9112 §6.1 lets a server go by the coding where both are there, if it closes the connection afterwards.
    async fn i10_with_both_a_length_and_a_coding_nothing_after_the_body_is_a_request(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        for both in ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"] {
            let heard = wire.say(format!("POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\n{both}\r\n\r\n{SMUGGLED}")).await;
            assert_eq!((answers(&heard), heard.contains("connection: close")), (1, true), "{heard}");
        }
    }

    async fn i10_a_bad_chunk_ends_the_connection(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        for chunks in ["zz\r\n", "-1\r\nabc", "+5\r\naaaaa\r\n0\r\n\r\n", "5\r\naaaaaX\r\n", "FFFFFFFFFFFFFFFFF\r\n", "5;a\nb\r\naaaaa\r\n0\r\n\r\n"] {
            let head = format!("POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", t.keys.live.api);
            let heard = wire.say(head + chunks).await;
            assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 400"), "{chunks:?}: {heard}");
            assert!(answers(&heard) <= 1, "{heard}");
        }
    }

    async fn an_empty_chunked_body_is_none_where_a_body_is_optional(t: Server) {
        let (wire, ada) = (t.front(Way::default()).listen().await, t.user("ada@example.org").await);
        let app = t.rakomi().signed_in(&ada).await;
        let head = format!("POST /v1/auth/logout HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nAuthorization: Bearer {}\r\n", t.keys.live.api, app.access());
        for (chunks, said) in [("2\r\n{}\r\n0\r\n\r\n", "HTTP/1.1 415"), ("0\r\n\r\n", "HTTP/1.1 204")] {
            let heard = wire.say(format!("{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")).await;
            assert!(heard.starts_with(said), "{heard}");
        }
    }

    async fn i02_a_body_without_end_is_cut_and_the_connection_closed(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        let key = &t.keys.live.api;
        let head = format!("POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).into_bytes();
        let endless = std::iter::once(head.into_bytes()).chain(std::iter::repeat_n(chunk, 64 << 10));

        let (heard, said) = wire.pour(endless).await;

        assert!(heard.starts_with("HTTP/1.1 413"), "{heard}");
        assert!(said < 32 << 20, "{said} of 256 MiB were taken");
        let announced = format!("POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n");
        let heard = wire.say(announced).await;
        assert!(heard.starts_with("HTTP/1.1 413"), "refused by its announced length: {heard}");
    }

    async fn i13_many_or_large_header_fields_are_refused_on_the_wire(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        let with = |fields: String| format!("GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n");
        let many = |count: usize| (0..count).map(|number| format!("X-{number}: 1\r\n")).collect::<Vec<_>>().concat();

        assert!(wire.say(with(many(90))).await.starts_with("HTTP/1.1 200"));
        assert!(wire.say(with(many(101))).await.starts_with("HTTP/1.1 431"));
        assert!(wire.say(with(format!("X-Large: {}\r\n", "x".repeat(17 * 1024)))).await.starts_with("HTTP/1.1 431"));
        let larger = wire.say(with(format!("X-Large: {}\r\n", "x".repeat(1 << 20)))).await;
        assert!(larger.is_empty() || larger.starts_with("HTTP/1.1 431"), "{larger}");
        let long = wire.say(format!("GET /{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "x".repeat(9 * 1024))).await;
        assert!(long.starts_with("HTTP/1.1 414"), "{long}");
    }

    async fn the_wire_serves_one_request_after_the_other(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        let heard = wire.say("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert_eq!((heard.matches("HTTP/1.1 200").count(), heard.matches(r#""status":"ok""#).count()), (3, 2), "{heard}");
        let absolute = wire.say("GET http://localhost/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(absolute.starts_with("HTTP/1.1 200"), "{absolute}");
        let old = wire.say("GET /v1/health HTTP/1.0\r\n\r\n").await;
        assert!(old.starts_with("HTTP/1.0 200"), "{old}");
    }

    async fn w11_a_request_names_its_host_once_and_a_target_that_names_one_wins(t: Server) {
        let wire = t.front(Way::default()).listen().await;
        for (target, hosts, said) in [
            ("/v1/health", "", "HTTP/1.1 400"),
            ("/v1/health", "Host: localhost\r\nHost: localhost\r\n", "HTTP/1.1 400"),
            ("http://evil.tld/v1/health", "", "HTTP/1.1 400"),
            ("http://evil.tld/v1/health", "Host: localhost\r\n", "HTTP/1.1 421"),
            ("http://localhost/v1/health", "Host: evil.tld\r\n", "HTTP/1.1 200"),
        ] {
            let close = if said.ends_with("200") { "Connection: close\r\n" } else { "" };
            let heard = wire.say(format!("GET {target} HTTP/1.1\r\n{hosts}{close}\r\n")).await;
            assert!(heard.starts_with(said) && heard.contains("connection: close"), "{target} {hosts}: {heard}");
        }
    }

    async fn the_document_describes_every_route(t: Server) {
        let document = t.request("GET", "/openapi/rakomi.json").send().await.ok(200).json();
        for route in routes_of("rakomi") {
            let method = route.method.as_str().to_lowercase();
            assert!(document["paths"][route.path][&method].is_object(), "{method} {}", route.path);
        }
        assert_eq!(document["servers"][0]["url"], PUBLIC_URL);
        let every_post_is_known = POSTS.iter().all(|path| document["paths"][path]["post"].is_object());
        assert!(every_post_is_known);
    }
}

/// An empty chunked body, and what a careless reader takes for the next request.
const SMUGGLED: &str = "0\r\n\r\nGET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How many requests were answered.
fn answers(heard: &str) -> usize {
    heard.matches("HTTP/1.1 ").count()
}

/// The routes of Rakomi and one that panics.
fn with_a_defect() -> Vec<Route> {
    let mut routes = (dialect("rakomi").routes)();
    routes.push(Route::get(
        "/v1/defect",
        Endpoint::Health,
        public(|_| async { panic!("a canary in a panic") }),
    ));
    routes
}

fn refused_as_internal(answer: &Answer) {
    answer.refused(500, "server/internal");
}

/// Whether a header can carry the text.
fn http_text(text: &str) -> bool {
    !text.contains(['\r', '\n', '\u{1b}'])
}
