//! Who is refused, and in which words.

use super::{refused, says};
use vestibule_testkit::{Act, PASSWORD, answered, stories};

stories! {
    async fn e04_what_is_wrong_with_an_account_is_said_only_to_who_knows_its_password(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let disabled = t.user("disabled@example.org").verified().disabled().await;
        let unverified = t.user("unverified@example.org").await;
        let passwordless = t.user("passwordless@example.org").passwordless().await;
        let app = t.koolbase();

        let wrong = app.login(&ada.email, "wrong").await;
        answered!(wrong, 400, @r#"{"error":"Wrong email or password","code":"invalid_credentials"}"#);
        for email in [disabled.email.as_str(), &unverified.email, &passwordless.email, "nobody@example.org", "no address"] {
            assert_eq!(app.login(email, "wrong").await.masked(), wrong.clone().masked(), "{email}");
        }

        answered!(app.login(&disabled.email, PASSWORD).await, 403, @r#"{"error":"Account has been disabled by project admin","code":"user_disabled"}"#);
        answered!(app.login(&unverified.email, PASSWORD).await, 400, @r#"{"error":"User must verify email before logging in","code":"email_not_verified"}"#);
        t.audited([Act::LoginRefused; 8]).await;
    }

    async fn e08_a_taken_address_is_told_after_the_same_work_or_not_at_all(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        answered!(t.koolbase().register("ADA@example.org", PASSWORD).await, 409, @r#"{"error":"Email already registered","code":"email_taken"}"#);
        t.audited([Act::UserRegisteredAgain]).await;
        t.set("registration.hide_existing", true).await;
        let hidden = t.koolbase().register(&ada.email, PASSWORD).await.ok(201).json();
        assert_eq!((&hidden["verified"], &hidden["verification_required"]), (&false.into(), &true.into()));
        t.koolbase().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn e11_a_locked_account_answers_alike_whether_or_not_it_exists(t: Server) {
        let ada = t.user("ada@example.org").verified().locked().await;
        let locked = t.koolbase().login(&ada.email, &ada.password).await;
        answered!(locked, 429, @r#"{"error":"Too many failed attempts: account temporarily locked; see the Retry-After header","code":"account_locked"}"#);
        assert_eq!(locked.header("retry-after"), Some("60"));
        for _ in 0..10 {
            refused(&t.koolbase().login("nobody@example.org", "wrong").await, 400, "invalid_credentials");
        }
        assert_eq!(t.koolbase().login("nobody@example.org", "wrong").await.masked(), locked.masked());
    }

    async fn x05_every_request_needs_a_good_key_before_anything_else_is_read(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let app = t.koolbase().signed_in(&ada).await;
        let missing = app.clone().without_key().me().await;
        answered!(missing, 401, @r#"{"error":"Missing or invalid API key","code":"unauthorized"}"#);
        for key in ["", "junk", "pk_live_unknown", "pk_test_", &t.keys.live.secret] {
            let app = app.clone().with_key(key);
            assert_eq!(app.me().await.masked(), missing.clone().masked(), "{key}");
            let unread = app.request("POST", "/login").body("junk").send().await;
            assert_eq!(unread.text(), missing.text(), "{key}");
        }
        for key in [&t.keys.live.api, &t.keys.live.publishable] {
            app.clone().with_key(key).me().await.ok(200);
        }
        let twice = app.request("GET", "/me").header("x-api-key", &t.keys.live.publishable).send().await;
        refused(&twice, 401, "unauthorized");
    }

    async fn a_refused_token_is_challenged(t: Server) {
        let missing = t.koolbase().me().await;
        answered!(missing, 401, @r#"{"error":"Missing or invalid session token","code":"unauthorized"}"#);
        assert_eq!(missing.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
        let bad = t.koolbase().bearing("a.b.c").me().await;
        assert_eq!((bad.text(), bad.header("www-authenticate")), (missing.text(), Some(r#"Bearer realm="vestibule", error="invalid_token""#)));
        let login = t.koolbase().login("nobody@example.org", "wrong").await;
        assert_eq!(login.header("www-authenticate"), None);
    }

    async fn l16_a_spent_budget_says_so(t: Server) {
        for _ in 0..60 {
            refused(&t.koolbase().without_key().login("a", "b").await, 401, "unauthorized");
        }
        let spent = t.koolbase().without_key().login("a", "b").await;
        answered!(spent, 429, @r#"{"error":"Too many requests; see the Retry-After header","code":"rate_limit"}"#);
        assert_eq!(spent.header("ratelimit"), Some("limit=60, remaining=0, reset=60"));
    }

    async fn what_is_not_there_is_said_in_this_doors_envelope(t: Server) {
        for path in ["/v1/sdk", "/v1/sdk/nonsense", "/v1/sdk/auth", "/v1/sdk/auth/me/", "/v1/sdk/sdk/sdk/auth/me"] {
            let answer = t.koolbase().request_to("GET", path).send().await;
            says(&answer, 404, r#"{"error":"There is no such route","code":"not_found"}"#);
        }
        let method = t.koolbase().request("PUT", "/me").send().await;
        answered!(method, 405, @r#"{"error":"This route does not take that method; see the Allow header","code":"method_not_allowed"}"#);
        let allowed: Vec<_> = method.header("allow").unwrap().split(", ").collect();
        assert!(["GET", "HEAD", "PATCH", "DELETE"].iter().all(|method| allowed.contains(method)) && allowed.len() == 4, "{allowed:?}");
        t.set("dialects.koolbase.enabled", false).await;
        refused(&t.koolbase().login("ada@example.org", PASSWORD).await, 404, "not_found");
    }

    async fn a_closed_project_registers_nobody(t: Server) {
        t.set("registration.open", false).await;
        answered!(t.koolbase().register("ada@example.org", PASSWORD).await, 403, @r#"{"error":"Registration is closed for this project","code":"registration_closed"}"#);
    }

    async fn without_its_database_the_door_is_shut(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        t.koolbase().signed_in(&ada).await;
        t.lose_the_database().await;
        let answer = t.koolbase().login(&ada.email, &ada.password).await;
        answered!(answer, 503, @r#"{"error":"The server cannot do this now; nothing was done, try again","code":"unavailable"}"#);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}
