//! The gateway's check, asked by another proxy.

use super::upstream::{ask, shown, until_refused};
use std::time::Duration;
use vestibule_testkit::{Front, PASSWORD, Rakomi, Way, insta, refused, stories};

const CHECK: &str = "/forward-auth/rakomi";

/// The status of a check with this query, and whom it named.
async fn checked(front: &Front, app: &Rakomi<'_>, query: &str) -> (u16, String) {
    let answer = ask(front, app, "GET", &format!("{CHECK}{query}")).await;
    let named = answer.header("x-auth-email").unwrap_or_default().to_owned();
    (answer.status, named)
}

stories! {
    async fn a_proxy_learns_who_sends_a_request(t: Server) {
        let front = t.front(Way::default());
        let ada = t.user("Ada@Example.org").await;
        let app = t.rakomi().signed_in(&ada).await.without_key();
        let answer = ask(&front, &app, "GET", CHECK).await;
        assert_eq!(answer.header("x-auth-user-id"), Some(ada.id.to_string().as_str()));
        assert!(answer.body.is_empty());
        insta::assert_snapshot!(shown(answer).replace(&ada.id.to_string(), "(ada)"), @r"
        200
        cache-control: no-store
        x-auth-user-id: (ada)
        x-auth-email: ada@example.org
        x-auth-roles:
        strict-transport-security: max-age=31536000; includeSubDomains
        vary: Origin
        x-content-type-options: nosniff
        referrer-policy: no-referrer
        cross-origin-opener-policy: same-origin
        cross-origin-resource-policy: same-origin
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        ");
        let head = ask(&front, &app, "HEAD", CHECK).await.ok(200);
        assert_eq!(head.header("x-auth-email"), Some("ada@example.org"));
    }

    async fn without_a_good_token_the_dialect_answers(t: Server) {
        let front = t.front(Way::default());
        let anonymous = t.rakomi().without_key();
        let answer = ask(&front, &anonymous, "GET", CHECK).await;
        assert_eq!(answer.header("x-auth-email"), None);
        refused!(answer, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/not_authenticated","detail":"A valid access token is required","request_id":"req_…","error":{"code":"auth/not_authenticated","message":"A valid access token is required","request_id":"req_…"}}"#);
        let bad = ask(&front, &anonymous.bearing("nonsense"), "GET", CHECK).await;
        assert_eq!((bad.status, bad.header("www-authenticate")), (401, Some(r#"Bearer realm="vestibule", error="invalid_token""#)));
        assert_eq!(front.send(t.request("GET", "/forward-auth/nobody")).await.status, 404);
        assert_eq!(front.send(t.request("GET", "/forward-auth/")).await.status, 404);
    }

    async fn g01_what_a_client_says_of_its_request_chooses_nothing(t: Server) {
        let ada = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        let proxied = t.front(Way { trusted_proxies: vec!["203.0.113.7/32"], ..Way::default() });
        for front in [t.front(Way::default()), proxied] {
            for (name, value) in [
                ("x-forwarded-uri", "/v1/health"),
                ("x-forwarded-uri", "/public"),
                ("x-forwarded-host", "localhost"),
                ("x-forwarded-method", "OPTIONS"),
                ("x-original-url", "http://localhost/v1/health"),
                ("x-original-uri", "/v1/health"),
                ("x-auth-request-redirect", "/v1/health"),
                ("x-auth-user-id", "1"),
            ] {
                let asked = t.request("GET", CHECK).header(name, value).header("x-forwarded-for", "127.0.0.1");
                assert_eq!(front.send(asked).await.status, 401, "{name}");
                let asked = ada.request("GET", CHECK).header(name, value);
                assert_eq!(front.send(asked).await.ok(200).header("x-auth-email"), Some("ada@example.org"));
            }
        }
    }

    /// As Envoy asks: with the client's own method, path and query behind ours.
    async fn g02_the_clients_path_behind_the_check_changes_nothing(t: Server) {
        let front = t.front(Way::default());
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        for target in ["/", "/?x", "/films", "/films/%2e%2e//;x", "/../v1/health", "/films?roles=admin&project=other&environment=test"] {
            for method in ["GET", "POST", "DELETE", "OPTIONS"] {
                let target = format!("{CHECK}{target}");
                assert_eq!(ask(&front, &app, method, &target).await.status, 200, "{method} {target}");
                assert_eq!(ask(&front, &app.clone().anonymous(), method, &target).await.status, 401, "{method} {target}");
            }
        }
    }

    async fn s08_who_is_disabled_deleted_or_signed_out_is_nobody(t: Server) {
        let front = t.front(Way::default());
        let people = [t.user("a@example.org").await, t.user("b@example.org").await, t.user("c@example.org").await];
        let mut apps = Vec::new();
        for person in &people {
            let app = t.rakomi().signed_in(person).await;
            assert_eq!(checked(&front, &app, "").await, (200, person.email.clone()));
            apps.push(app);
        }
        t.disable(&people[0]).await;
        t.delete(&people[1]).await;
        apps[2].logout().await.ok(204);
        for app in &apps {
            assert_eq!(checked(&front, app, "").await, (401, String::new()));
        }
        let dan = t.rakomi().signed_in(&t.user("d@example.org").await).await;
        t.advance(Duration::from_secs(931));
        assert_eq!(checked(&front, &dan, "").await, (401, String::new()));
    }

    async fn g04_trouble_is_never_a_yes(t: Server) {
        let front = t.front(Way::default());
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for wrong in ["?role=admin", "?roles=", "?roles=admin&roles=editor", "?environment=prod", "?project=nobodys", "?project=", "/?roles=admin"] {
            let (status, named) = checked(&front, &app, wrong).await;
            assert!(matches!(status, 400 | 404) && named.is_empty(), "{wrong}: {status}");
        }
        t.set("dialects.rakomi.enabled", false).await;
        assert_eq!(checked(&front, &app, "").await.0, 404);
        t.set("dialects.rakomi.enabled", true).await;
        assert_eq!(checked(&front, &app, "").await.0, 200);
        t.lose_the_database().await;
        let refused = until_refused(&front, &app, CHECK).await;
        assert_eq!((refused.status, refused.header("x-auth-email")), (503, None));
        assert_eq!(checked(&front, &app.without_key(), "").await, (503, String::new()));
    }

    async fn roles_can_be_demanded(t: Server) {
        let front = t.front(Way::default());
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let answer = ask(&front, &app, "GET", &format!("{CHECK}?roles=admin,editor")).await;
        answer.refused(403, "auth/insufficient_permissions");
    }

    /// A client could otherwise bring a key and an account of another project, in which it may be anybody.
    async fn x13_the_project_is_not_the_clients_to_choose(t: Server) {
        let front = t.front(Way::default());
        let other = t.another_project("other").await;
        let eve = t.rakomi().with_key(&other.keys.live.api);
        eve.register("eve@example.org", PASSWORD).await.ok(201);
        let eve = eve.clone().with_tokens(&eve.login("eve@example.org", PASSWORD).await.ok(200));
        let ada = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for app in [eve.clone(), eve.clone().without_key(), eve.clone().with_key(&t.keys.live.api)] {
            assert_eq!(checked(&front, &app, "").await, (401, String::new()));
        }
        assert_eq!(checked(&front, &eve, "?project=other").await, (200, "eve@example.org".to_owned()));
        assert_eq!(checked(&front, &eve.without_key(), "?project=other").await, (200, "eve@example.org".to_owned()));
        for app in [ada.clone(), ada.without_key()] {
            assert_eq!(checked(&front, &app, "?project=other").await, (401, String::new()));
            assert_eq!(checked(&front, &app, "?project=default").await, (200, "ada@example.org".to_owned()));
        }
    }

    async fn x04_test_users_are_nobody_unless_they_are_meant(t: Server) {
        let front = t.front(Way::default());
        let bob = t.rakomi().signed_in(&t.user("bob@example.org").in_test().await).await;
        for app in [bob.clone(), bob.clone().without_key()] {
            assert_eq!(checked(&front, &app, "").await, (401, String::new()));
            assert_eq!(checked(&front, &app, "?environment=live").await, (401, String::new()));
        }
        // As this dialect says it where a key and a token do not fit.
        let misfit = bob.with_key(&t.keys.live.api);
        ask(&front, &misfit, "GET", CHECK).await.refused(403, "auth/environment_mismatch");
        let bob = t.rakomi().signed_in(&t.user("b@example.org").in_test().await).await;
        assert_eq!(checked(&front, &bob, "?environment=test").await, (200, "b@example.org".to_owned()));
        assert_eq!(checked(&front, &bob.without_key(), "?environment=test").await, (200, "b@example.org".to_owned()));
    }

    /// There is no Basic authentication here, so that every spelling of it is the same: nobody, counted once each.
    async fn g05_no_spelling_of_basic_opens_another_budget(t: Server) {
        let front = t.front(Way::default());
        let basic = |scheme: &str| t.request("GET", CHECK).header("authorization", &format!("{scheme} YWRhOmFkYQ=="));
        for number in 0..600 {
            let scheme = ["Basic", "basic", "BASIC", "bAsIc"][number % 4];
            assert_eq!(front.send(basic(scheme)).await.status, 401);
        }
        for scheme in ["Basic", "basic", "BaSiC", "Digest"] {
            assert_eq!(front.send(basic(scheme)).await.status, 429);
        }
    }

    async fn l19_a_proxy_that_asks_for_all_of_its_users_is_not_limited(t: Server) {
        let front = t.front(Way::default());
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for _ in 0..700 {
            assert_eq!(checked(&front, &app, "").await.0, 200);
        }
        let stranger = t.rakomi().without_key();
        for _ in 0..700 {
            checked(&front, &stranger, "").await;
        }
        assert_eq!(checked(&front, &stranger, "").await.0, 429);
        assert_eq!(checked(&front, &app, "").await.0, 200);
    }

    async fn w11_an_unknown_host_is_not_served(t: Server) {
        let front = t.front(Way::default());
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let asked = app.request("GET", CHECK).header("host", "evil.example");
        assert_eq!(front.send(asked).await.status, 421);
    }
}
