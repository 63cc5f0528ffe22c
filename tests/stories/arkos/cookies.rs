//! The cookie: families S and W as a browser meets them.

use serde_json::json;
use vestibule_testkit::{Answer, Arkos, PUBLIC_URL, set_cookie, stories};

const NOT_LOGGED_IN: &str = "You are not logged in! Please log in to get access.";
const NOT_PERMITTED: &str = "You do not have permission to perform this action";

/// A change of the profile from a page, with what the browser says of that page.
async fn change_from(app: &Arkos<'_>, headers: &[(&str, &str)]) -> Answer {
    let request = app.request("PATCH", "/api/users/me").json(&json!({"bio": "b"}));
    let told = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(name, value));
    told.send().await
}

stories! {
    async fn s02_the_cookie_has_every_attribute_that_protects_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        let login = t.arkos().login(&ada.email, &ada.password).await.ok(200);
        let (value, attributes) = set_cookie(&login);
        assert_eq!(value, login.string("accessToken"));
        assert_eq!(attributes, "Path=/; Expires=Thu, 02 Apr 2026 12:00:00 GMT; HttpOnly; SameSite=Lax; Secure");

        let logout = t.arkos().keeping(&value).logout().await.ok(204);
        let (value, attributes) = set_cookie(&logout);
        assert_eq!((value.as_str(), attributes.as_str()), ("", "Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax; Secure"));
    }

    async fn s03_the_cookie_fits_into_every_browser(t: Server) {
        let long = format!("{}@{}.example", "a".repeat(64), ["d".repeat(60), "e".repeat(60), "f".repeat(50)].join("."));
        let ada = t.user(&long).await;
        let login = t.arkos().login(&ada.email, &ada.password).await.ok(200);
        assert!(login.header("set-cookie").unwrap().len() <= 4_096);
    }

    async fn s01_a_planted_cookie_is_never_valid_and_a_login_replaces_it(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let planted = t.arkos().in_browser(&eve).await;
        let login = planted.login(&ada.email, &ada.password).await.ok(200);
        let (own, _) = set_cookie(&login);
        assert_ne!(Some(&own), planted.cookie.as_ref());
        assert_eq!(t.arkos().keeping(&own).me().await.ok(200).json()["data"]["email"], json!(ada.email));
        let invented = t.arkos().keeping("planted");
        invented.me().await.refused_by_arkos(401, NOT_LOGGED_IN);
        let login = invented.login(&ada.email, &ada.password).await.ok(200);
        assert_ne!(set_cookie(&login).0, own, "each login is a session of its own");
        invented.me().await.refused_by_arkos(401, NOT_LOGGED_IN);
    }

    async fn s06_logging_out_twice_is_logging_out(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        for _ in 0..2 {
            let answer = app.logout().await.ok(204);
            assert_eq!(set_cookie(&answer).0, "");
        }
        app.me().await.refused_by_arkos(401, NOT_LOGGED_IN);
        t.arkos().logout().await.refused_by_arkos(401, NOT_LOGGED_IN);
        t.arkos().keeping("no-token").logout().await.refused_by_arkos(401, NOT_LOGGED_IN);
    }

    async fn s15_a_cookie_that_is_broken_signs_nobody_in(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        let token = app.access().to_owned();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let broken = [
            token[..token.len() - 1].to_owned(), token[..20].to_owned(), format!("{head}."), format!("{head}.{}", signature.to_lowercase()),
            format!("{token}; arkos_access_token={token}"), format!("\"{token}\""), format!("{token}%20"), "é".to_owned(), "x".repeat(12_000), "no-token".to_owned(), String::new(),
        ];
        for value in broken {
            t.arkos().keeping(&value).me().await.refused_by_arkos(401, NOT_LOGGED_IN);
        }
        t.arkos().keeping(&format!("{token}; other=1")).me().await.ok(200);
        t.arkos().keeping(&format!("{token}; lang=français")).me().await.ok(200);
    }

    async fn t27_the_header_wins_whatever_the_cookie_holds(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (by_header, by_cookie) = (t.arkos().signed_in(&ada).await, t.arkos().in_browser(&eve).await);
        let both = by_header.clone().keeping(by_cookie.access());
        assert_eq!(both.me().await.ok(200).json()["data"]["email"], json!(ada.email));
        both.clone().keeping("broken").me().await.ok(200);
        both.bearing("broken").me().await.refused_by_arkos(401, NOT_LOGGED_IN);
        let odd = by_cookie.request("GET", "/api/users/me").header("authorization", "Basic YTpi");
        odd.send().await.refused_by_arkos(401, NOT_LOGGED_IN);
    }

    async fn w01_a_page_of_another_site_changes_nothing_with_the_cookie(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        t.set("cors.allowed_origins", json!(["https://app.example.com"])).await;
        let before = t.tally().await;
        for headers in [
            &[("sec-fetch-site", "cross-site")][..], &[("sec-fetch-site", "same-site")], &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            &[("origin", "https://evil.example")], &[("origin", "null")],
        ] {
            change_from(&app, headers).await.refused_by_arkos(403, NOT_PERMITTED);
            for (method, path) in [("DELETE", "/api/auth/logout"), ("DELETE", "/api/users/me"), ("POST", "/api/auth/update-password")] {
                let request = app.clone().from("198.51.100.1").request(method, path);
                let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
                request.send().await.refused_by_arkos(403, NOT_PERMITTED);
            }
            t.advance(std::time::Duration::from_secs(5));
        }
        assert_eq!(t.tally().await, before);
        let own = [("sec-fetch-site", "same-origin"), ("origin", PUBLIC_URL)];
        change_from(&app, &own).await.ok(200);
        change_from(&app, &[("origin", PUBLIC_URL)]).await.ok(200);
        // A proxy may put the name of this server in `Host`.
        change_from(&app, &[("origin", PUBLIC_URL), ("host", "localhost:7373")]).await.ok(200);
        change_from(&app, &[("origin", "https://localhost:7373"), ("host", "localhost:7373")]).await.ok(200);
        change_from(&app, &[]).await.ok(200);
        change_from(&app, &[("sec-fetch-site", "none")]).await.ok(200);
        change_from(&app, &[("sec-fetch-site", "cross-site"), ("origin", "https://app.example.com")]).await.ok(200);
        let by_header = t.arkos().bearing(app.access());
        change_from(&by_header, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]).await.ok(200);
    }

    async fn w01_w02_what_a_form_of_another_site_can_send_is_not_read(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().in_browser(&ada).await;
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            for (method, path) in [("POST", "/api/auth/login"), ("POST", "/api/auth/signup"), ("PATCH", "/api/users/me"), ("POST", "/api/auth/update-password")] {
                let request = app.clone().from(&format!("198.51.100.{}", content_type.len())).request(method, path);
                let body = json!({"username": ada.email, "password": ada.password}).to_string();
                let answer = request.header("content-type", content_type).body(body).send().await;
                answer.refused_by_arkos(415, "The request body must be uncompressed application/json");
                assert_eq!(answer.header("set-cookie"), None, "nobody is signed in by another site's form");
            }
        }
    }

    async fn w04_credentials_are_allowed_to_listed_origins_and_to_no_other(t: Server) {
        t.set("cors.allowed_origins", json!(["https://app.example.com"])).await;
        let ask = async |origin| {
            let answer = t.arkos().request("GET", "/api/users/me").header("origin", origin).send().await;
            ["access-control-allow-origin", "access-control-allow-credentials", "vary"].map(|name| answer.header(name).map(str::to_owned))
        };
        let [origin, credentials, vary] = ask("https://app.example.com").await;
        assert_eq!((origin.as_deref(), credentials.as_deref(), vary.as_deref()), (Some("https://app.example.com"), Some("true"), Some("Origin")));
        for evil in ["https://evil.example", "null", "https://app.example.com.evil.example"] {
            assert_eq!(ask(evil).await[..2], [None, None], "{evil}");
        }
    }

    async fn s01_a_login_that_sets_no_cookie_clears_the_one_from_before(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let browser = t.arkos().in_browser(&eve).await;
        t.set("dialects.arkos.send_access_token_through", "response-only").await;
        for cookie in [browser.access(), "broken", "no-token", ""] {
            let answer = t.arkos().keeping(cookie).login(&ada.email, &ada.password).await.ok(200);
            let (value, attributes) = set_cookie(&answer);
            assert_eq!((value.as_str(), attributes.as_str()), ("", "Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax; Secure"));
            t.arkos().bearing(&answer.string("accessToken")).me().await.ok(200);
        }
        let refused = browser.login(&ada.email, "wrong").await;
        refused.refused_by_arkos(401, "Incorrect email or password");
        assert_eq!(refused.header("set-cookie"), None, "nothing has changed for the browser");
        let others = t.arkos().request("POST", "/api/auth/login").header("cookie", "theme=dark; xarkos_access_token=1");
        let answer = others.json(&json!({"username": ada.email, "password": ada.password})).send().await.ok(200);
        assert_eq!(answer.header("set-cookie"), None);
    }

    async fn the_token_is_delivered_as_the_project_sets_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.set("dialects.arkos.send_access_token_through", "response-only").await;
        let answer = t.arkos().login(&ada.email, &ada.password).await.ok(200);
        assert_eq!(answer.header("set-cookie"), None);
        t.arkos().bearing(&answer.string("accessToken")).me().await.ok(200);

        t.set("dialects.arkos.send_access_token_through", "cookie-only").await;
        let answer = t.arkos().login(&ada.email, &ada.password).await.ok(200);
        assert_eq!((answer.text(), answer.header("content-type")), ("", None));
        t.arkos().keeping(&set_cookie(&answer).0).me().await.ok(200);
    }
}
