//! Who does not pass.

use super::upstream::{FILMS, Upstream, ask, gateway, rule, until_refused};
use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{PASSWORD, refused, stories};

stories! {
    async fn without_a_good_token_the_dialect_answers_and_the_upstream_hears_nothing(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let anonymous = t.rakomi().without_key();
        refused!(ask(&front, &anonymous, "GET", FILMS).await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/not_authenticated","detail":"A valid access token is required","request_id":"req_…","error":{"code":"auth/not_authenticated","message":"A valid access token is required","request_id":"req_…"}}"#);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        let (good, refresh) = (app.access().to_owned(), app.refresh_token().to_owned());
        let (head, signature) = good.rsplit_once('.').unwrap();
        for token in [&refresh, "nonsense", &format!("{head}."), &format!("{head}.x{signature}"), head, "a.b.c"] {
            let answer = ask(&front, &app.clone().bearing(token), "POST", FILMS).await;
            assert_eq!(answer.status, 401, "{token}: {answer}");
            assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="vestibule", error="invalid_token""#));
        }
        t.advance(Duration::from_secs(931));
        let expired = ask(&front, &app, "GET", FILMS).await;
        assert_eq!(expired.status, 401, "{expired}");
        assert!(films.heard().is_empty());
    }

    async fn t27_ambiguous_credentials_open_nothing(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        let bearer = format!("Bearer {}", app.access());
        for second in [&bearer, "Bearer x", "Basic YTpi"] {
            assert_eq!(front.send(app.request("GET", FILMS).header("authorization", second)).await.status, 401);
        }
        for other in [format!("{bearer}, {bearer}"), format!("{bearer} "), bearer.replace(' ', "  ")] {
            let request = app.request("GET", FILMS).without("authorization").header("authorization", &other);
            assert_eq!(front.send(request).await.status, 401, "{other}");
        }
        let in_query = t.request("GET", &format!("{FILMS}?access_token={}", app.access()));
        assert_eq!(front.send(in_query).await.status, 401);
        assert!(films.heard().is_empty());
    }

    async fn s08_who_is_disabled_deleted_or_signed_out_does_not_pass(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        for end in ["log out", "disable", "delete", "change password"] {
            let email = format!("{}@example.org", end.replace(' ', "-"));
            let ada = t.user(&email).await;
            let app = t.rakomi().signed_in(&ada).await;
            ask(&front, &app, "GET", FILMS).await.ok(200);
            match end {
                "log out" => drop(app.logout().await.ok(204)),
                "disable" => t.disable(&ada).await,
                "delete" => t.delete(&ada).await,
                _ => {
                    let elsewhere = t.rakomi().signed_in(&ada).await;
                    elsewhere.change_password(PASSWORD, "another good password").await.ok(200);
                }
            }
            assert_eq!(films.heard().len(), 1);
            assert_eq!(ask(&front, &app, "GET", FILMS).await.status, 401, "{end}");
            assert!(films.heard().is_empty(), "{end}");
        }
    }

    async fn g02_a11_i14_another_spelling_of_a_path_leads_nowhere(t: Server) {
        let (films, admin) = (Upstream::films().await, Upstream::films().await);
        let stricter = rule(&json!({"prefix": "/api/films/admin", "upstream": admin.url(), "roles": ["admin"]}));
        let wire = gateway(&t, vec![films.rule(), stricter]).listen().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let said = async |target: &str| {
            let bearer = app.access();
            wire.say(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {bearer}\r\n\r\n"))
                .await
        };
        for target in ["/api/films/admin", "/api/films/admin/", "/api/films/admin/x", "/api/films/admin?x", "/api/films/admin#x"] {
            assert!(said(target).await.starts_with("HTTP/1.1 403"), "{target}");
        }
        for target in [
            "/api/films/Admin", "/api/films/ADMIN/x", "/api/films/%61dmin", "/api/films/admi%6e", "/api/films//admin",
            "//api/films/admin", "/api/films/./admin", "/api/films/x/../admin", "/api/films/%2e/admin", "/api/films/x/%2E%2e/admin",
            "/api/films/admin;x", "/api/films/admin;x=1/y", "/api/films/;/admin", "/api/films/x/..;/admin", "/api/films/admin%3bx",
            "/api/films/admin%2f", "/api/films%2fadmin", "/api/films/admin%00", "/api/films/admin%0a", "/api/films\\admin",
            "/api/films/%5cadmin", "/api/films/%c0%ae%c0%ae/admin", "/api/films/%25%61dmin", "/api/films/%2561dmin", "/API/films/admin",
            "/api/Films/x", "/api/films/adm%C4%B1n%", "/api/films/\u{ff41}dmin", "*",
        ] {
            let heard = said(target).await;
            assert!(heard.starts_with("HTTP/1.1 404") || heard.starts_with("HTTP/1.1 400"), "{target}: {heard}");
        }
        assert!(films.heard().is_empty() && admin.heard().is_empty());
    }

    /// No header chooses another path, method or caller.
    async fn a11_a12_headers_change_nothing_about_who_passes(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        for (name, value) in [
            ("user-agent", "kube-probe/1.31"),
            ("user-agent", "ELB-HealthChecker/2.0"),
            ("x-original-url", "/v1/health"),
            ("x-rewrite-url", "/v1/health"),
            ("x-original-uri", "/v1/health"),
            ("x-forwarded-uri", "/v1/health"),
            ("x-forwarded-method", "OPTIONS"),
            ("x-http-method-override", "OPTIONS"),
            ("x-auth-user-id", "1"),
            ("x-internal", "true"),
            ("x-envoy-internal", "true"),
            ("via", "1.1 vestibule"),
        ] {
            assert_eq!(front.send(t.request("GET", FILMS).header(name, value)).await.status, 401, "{name}");
        }
        assert!(films.heard().is_empty());
    }

    async fn w13_trace_is_not_passed_on(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        assert_eq!(ask(&front, &app, "TRACE", FILMS).await.status, 404);
        assert!(films.heard().is_empty());
    }

    async fn g04_without_the_database_nobody_passes(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let ada = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        ask(&front, &ada, "GET", FILMS).await.ok(200);
        films.heard();
        t.lose_the_database().await;
        until_refused(&front, &ada, FILMS).await.refused(503, "server/unavailable");
        films.heard();
        ask(&front, &ada.clone().without_key(), "POST", FILMS).await.refused(503, "server/unavailable");
        ask(&front, &ada.anonymous(), "GET", FILMS).await.refused(503, "server/unavailable");
        assert!(films.heard().is_empty());
    }

    async fn a_user_without_an_allowed_role_is_told_so(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![rule(&json!({"upstream": films.url(), "roles": ["admin", "editor"]}))]);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        refused!(ask(&front, &app, "GET", FILMS).await, 403, @r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"auth/insufficient_permissions","detail":"You do not have permission to do this","request_id":"req_…","error":{"code":"auth/insufficient_permissions","message":"You do not have permission to do this","request_id":"req_…"}}"#);
        assert!(films.heard().is_empty());
    }

    async fn a_route_of_a_dialect_comes_first(t: Server) {
        let films = Upstream::films().await;
        let front = gateway(&t, vec![rule(&json!({"prefix": "/v1/auth", "upstream": films.url()}))]);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        assert_eq!(ask(&front, &app, "GET", "/v1/auth/me").await.ok(200).string("email"), "ada@example.org");
        ask(&front, &app, "DELETE", "/v1/auth/me").await.refused(405, "route/method_not_allowed");
        assert!(films.heard().is_empty());
        ask(&front, &app, "GET", "/v1/auth/films").await.ok(200);
    }

    async fn x01_x13_the_default_projects_paths_are_its_users_alone(t: Server) {
        let (films, theirs) = (Upstream::films().await, Upstream::films().await);
        let front = films.behind(&t);
        let other = t.another_project("other").await;
        let eve = t.rakomi().with_key(&other.keys.live.api);
        eve.register("eve@example.org", PASSWORD).await.ok(201);
        let eve = eve.clone().with_tokens(&eve.login("eve@example.org", PASSWORD).await.ok(200));

        assert_eq!(ask(&front, &eve, "GET", FILMS).await.status, 404);
        assert_eq!(ask(&front, &eve.clone().without_key(), "GET", FILMS).await.status, 401);
        let key = t.keys.live.api.clone();
        assert_eq!(ask(&front, &eve.clone().with_key(&key), "GET", FILMS).await.status, 401);
        assert!(films.heard().is_empty());

        t.set_of(&other, "gateway", json!([rule(&json!({"upstream": theirs.url()}))])).await;
        ask(&front, &eve, "GET", FILMS).await.ok(200);
        assert_eq!((films.heard().len(), theirs.heard().len()), (0, 1));
        let ada = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        ask(&front, &ada, "GET", FILMS).await.ok(200);
        assert_eq!(ask(&front, &ada.with_key(&other.keys.live.api), "GET", FILMS).await.status, 401);
        assert_eq!((films.heard().len(), theirs.heard().len()), (1, 0));
    }

    async fn the_default_projects_own_paths_stand_in_place_of_the_configurations(t: Server) {
        let (films, own) = (Upstream::films().await, Upstream::films().await);
        let front = films.behind(&t);
        t.set("gateway", json!([rule(&json!({"prefix": "/films", "upstream": own.url()}))])).await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        ask(&front, &app, "GET", "/films").await.ok(200);
        assert_eq!(ask(&front, &app, "GET", FILMS).await.status, 404);
        t.set("gateway", serde_json::Value::Null).await;
        assert_eq!(ask(&front, &app, "GET", "/films").await.status, 404);
        ask(&front, &app, "GET", FILMS).await.ok(200);
        assert_eq!((films.heard().len(), own.heard().len()), (1, 1));
    }

    async fn x04_test_users_do_not_reach_what_is_for_live_ones(t: Server) {
        let (films, stage) = (Upstream::films().await, Upstream::films().await);
        let live = gateway(&t, vec![films.rule()]);
        let staged = rule(&json!({"upstream": stage.url(), "environment": "test"}));
        let both = gateway(&t, vec![rule(&json!({"upstream": films.url(), "environment": "live"})), staged]);
        let ada = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let bob = t.rakomi().signed_in(&t.user("bob@example.org").in_test().await).await;
        for front in [&live, &both] {
            ask(front, &ada, "GET", FILMS).await.ok(200);
            assert_eq!(films.heard().len(), 1);
            for app in [bob.clone().without_key(), bob.clone().with_key(&t.keys.live.api), ada.clone().with_key(&t.keys.test.api)] {
                let answer = ask(front, &app, "GET", FILMS).await;
                assert!(matches!(answer.status, 401 | 403 | 404), "{answer}");
            }
            assert!(films.heard().is_empty() && stage.heard().is_empty());
        }
        assert_eq!(ask(&live, &bob, "GET", FILMS).await.status, 404);
        ask(&both, &bob, "GET", FILMS).await.ok(200);
        assert_eq!((films.heard().len(), stage.heard().len()), (0, 1));
    }

    async fn x05_a_bad_key_is_never_ignored(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for key in ["akm_live_nonsense", "", &t.keys.live.secret] {
            assert_eq!(ask(&front, &app.clone().with_key(key), "GET", FILMS).await.status, 401, "{key}");
        }
        let twice = app.request("GET", FILMS).header("x-api-key", &t.keys.live.api);
        assert_eq!(front.send(twice).await.status, 401);
        assert!(films.heard().is_empty());
    }

    async fn x12_a_dialect_that_is_off_guards_nothing(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        t.set("dialects.rakomi.enabled", false).await;
        assert_eq!(ask(&front, &app, "GET", FILMS).await.status, 404);
        assert!(films.heard().is_empty());
    }

    /// What passes is the upstream's traffic. What does not is counted, and never shuts those out who may pass.
    async fn l19_only_refusals_are_counted(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        let stranger = t.rakomi().without_key();
        for _ in 0..600 {
            assert_eq!(ask(&front, &stranger, "GET", FILMS).await.status, 401);
        }
        let refused = ask(&front, &stranger, "GET", FILMS).await;
        refused.refused(429, "rate_limit/exceeded");
        assert_eq!(refused.header("retry-after"), Some("60"));
        for _ in 0..700 {
            ask(&front, &app, "GET", FILMS).await.ok(200);
        }
        assert_eq!(films.heard().len(), 700);
    }

    async fn w11_an_unknown_host_is_not_served(t: Server) {
        let films = Upstream::films().await;
        let front = films.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        assert_eq!(front.send(app.request("GET", FILMS).header("host", "evil.example")).await.status, 421);
        assert!(films.heard().is_empty());
    }
}
