//! Who may call what, and what stays apart: projects, environments, keys.

use serde_json::{Value, json};
use std::fmt::Write as _;
use vestibule_model::id::ApiKeyId;
use vestibule_ops::ApiKeyKind;
use vestibule_ops::admin::{api_keys, projects};
use vestibule_testkit::{
    Answer, Environment, OtherProject, PASSWORD, Rakomi, Request, Server, insta, operator, refused,
    routes_of, stories,
};

/// An API key of the default project and its id.
async fn key(t: &Server, environment: Environment) -> (String, ApiKeyId) {
    let made = api_keys::create(
        t.core(),
        &operator(),
        t.project.realm(environment),
        ApiKeyKind::Api,
        "story",
    )
    .await
    .unwrap();
    (made.text, made.row.id)
}

/// Somebody of another project, who registered there.
async fn stranger<'t>(t: &'t Server, other: &OtherProject, email: &str, password: &str) -> Rakomi<'t> {
    let app = t.rakomi().with_key(&other.keys.live.api);
    app.register(email, password).await.ok(201);
    let login = app.login(email, password).await.ok(200);
    app.with_tokens(&login)
}

/// A caller of the matrix: a column.
struct Caller<'t> {
    name: &'static str,
    app: Rakomi<'t>,
}

/// What requests are about: an account of the default project's live environment, its sessions, and its SDK's client.
struct Ground<'t> {
    /// A session that requests try to end.
    victim: Rakomi<'t>,
    /// A session that nobody tries to end.
    spare: Rakomi<'t>,
    client: String,
}

/// What a request to a route carries beside its caller's credentials.
fn filled<'t>(request: Request<'t>, path: &str, column: usize, ground: &Ground<'_>) -> Request<'t> {
    let nonsense = "nonsense";
    let body = match path {
        "/v1/auth/register" => json!({"email": format!("new{column}@example.org"), "password": PASSWORD}),
        "/v1/auth/login" => json!({"email": "ada@example.org", "password": PASSWORD}),
        "/v1/auth/refresh" => json!({"refresh_token": ground.spare.refresh_token()}),
        "/v1/auth/verify-email" => json!({"token": nonsense}),
        "/v1/auth/reset-password" => json!({"token": nonsense, "password": "a new and better one"}),
        "/v1/auth/forgot-password" | "/v1/auth/resend-verification" => json!({"email": "ada@example.org"}),
        "/v1/auth/change-password" => {
            json!({"current_password": "wrong", "new_password": "a new and better one"})
        }
        "/v1/auth/logout" => json!({"session_id": ground.victim.session()}),
        "/oauth/token" => {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", ground.spare.refresh_token()),
                ("client_id", &ground.client),
            ];
            return request.form(&form);
        }
        "/oauth/revoke" => return request.form(&[("token", nonsense)]),
        _ => return request,
    };
    request.json(&body)
}

/// Status and code.
fn verdict(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = body["code"]
        .as_str()
        .or(body["error"].as_str())
        .unwrap_or_default();
    format!("{} {code}", answer.status).trim_end().to_owned()
}

stories! {
    /// Every route of this door, from the router itself: one that is missing here changes the table.
    async fn a01_a02_every_route_answers_each_caller_as_the_table_says(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let tess = t.user("tess@example.org").in_test().await;
        let other = t.another_project("other").await;
        let mallory = stranger(&t, &other, "mallory@example.org", PASSWORD).await;
        let (revoked, id) = key(&t, Environment::Live).await;
        api_keys::revoke(t.core(), &operator(), id).await.unwrap();
        let (live, test) = (t.keys.live.clone(), t.keys.test.clone());
        let user = t.rakomi().signed_in(&ada).await;
        let (victim, spare) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        let ground = Ground { victim, spare, client: live.publishable.clone() };
        let nobody = t.rakomi().anonymous();
        let of_test = t.rakomi().with_key(&test.api).signed_in(&tess).await;
        let caller = |name, app| Caller { name, app };
        let callers = [
            caller("nobody", nobody.clone().without_key()),
            caller("publishable key", nobody.clone().with_key(&live.publishable)),
            caller("API key", nobody.clone()),
            caller("secret key", nobody.clone().with_key(&live.secret)),
            caller("revoked key", nobody.clone().with_key(&revoked)),
            caller("test key", nobody.clone().with_key(&test.api)),
            caller("other project's key", nobody.clone().with_key(&other.keys.live.api)),
            caller("Ada", user.clone()),
            caller("Ada, publishable key", user.clone().with_key(&live.publishable)),
            caller("Ada, no key", user.clone().without_key()),
            caller("Ada, revoked key", user.clone().with_key(&revoked)),
            caller("Ada, test key", user.clone().with_key(&test.api)),
            caller("Ada, other project's key", user.clone().with_key(&other.keys.live.api)),
            caller("Eve, another user", t.rakomi().signed_in(&eve).await),
            caller("Tess of test, live key", of_test.with_key(&live.api)),
            caller("Mallory of another project, our key", mallory.with_key(&live.api)),
        ];
        let mut table = String::new();
        for route in routes_of("rakomi") {
            let path = route.path.replace("{id}", &ground.victim.session()).replace("{project}", "default");
            writeln!(table, "{} {}", route.method, route.path).unwrap();
            let mut said: Vec<(String, Vec<&str>)> = Vec::new();
            for (column, Caller { name, app }) in callers.iter().enumerate() {
                let request = app.clone().from(&format!("10.0.0.{column}")).request(route.method.as_str(), &path);
                let verdict = verdict(&filled(request, route.path, column, &ground).send().await);
                match said.iter_mut().find(|(known, _)| *known == verdict) {
                    Some((_, names)) => names.push(name),
                    None => said.push((verdict, vec![name])),
                }
            }
            for (verdict, names) in said {
                writeln!(table, "  {verdict}: {}", if names.len() == callers.len() { "everybody".to_owned() } else { names.join("; ") }).unwrap();
            }
        }
        insta::assert_snapshot!(table, @r#"
        GET /v1/health
          200: everybody
        GET /.well-known/jwks.json
          200: everybody
        GET /p/{project}/.well-known/jwks.json
          200: everybody
        POST /v1/auth/register
          401 api_key/missing: nobody; Ada, no key
          201: publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
        POST /v1/auth/login
          401 api_key/missing: nobody; Ada, no key
          200: publishable key; API key; Ada; Ada, publishable key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          401 auth/invalid_credentials: test key; other project's key; Ada, test key; Ada, other project's key
        POST /v1/auth/refresh
          401 api_key/missing: nobody; Ada, no key
          200: publishable key; API key; Ada; Ada, publishable key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          401 auth/invalid_refresh_token: test key; other project's key; Ada, test key; Ada, other project's key
        POST /v1/auth/logout
          401 api_key/missing: nobody
          401 auth/not_authenticated: publishable key; API key; test key; other project's key; Ada, other project's key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          204: Ada; Ada, publishable key; Ada, no key
          403 auth/environment_mismatch: Ada, test key; Tess of test, live key
          404 session/not_found: Eve, another user
        GET /v1/auth/me
          401 api_key/missing: nobody
          401 auth/not_authenticated: publishable key; API key; test key; other project's key; Ada, other project's key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          200: Ada; Ada, publishable key; Ada, no key; Eve, another user
          403 auth/environment_mismatch: Ada, test key; Tess of test, live key
        GET /v1/auth/me/sessions
          401 api_key/missing: nobody
          401 auth/not_authenticated: publishable key; API key; test key; other project's key; Ada, other project's key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          200: Ada; Ada, publishable key; Ada, no key; Eve, another user
          403 auth/environment_mismatch: Ada, test key; Tess of test, live key
        DELETE /v1/auth/me/sessions/{id}
          401 api_key/missing: nobody
          401 auth/not_authenticated: publishable key; API key; test key; other project's key; Ada, other project's key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          204: Ada; Ada, publishable key; Ada, no key
          403 auth/environment_mismatch: Ada, test key; Tess of test, live key
          404 session/not_found: Eve, another user
        POST /v1/auth/change-password
          401 api_key/missing: nobody
          401 auth/not_authenticated: publishable key; API key; test key; other project's key; Ada, other project's key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
          400 auth/current_password_incorrect: Ada; Ada, publishable key; Ada, no key; Eve, another user
          403 auth/environment_mismatch: Ada, test key; Tess of test, live key
        POST /v1/auth/verify-email
          401 api_key/missing: nobody; Ada, no key
          400 auth/token_invalid: publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
        POST /v1/auth/resend-verification
          401 api_key/missing: nobody; Ada, no key
          200: publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
        POST /v1/auth/forgot-password
          401 api_key/missing: nobody; Ada, no key
          200: publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
        POST /v1/auth/reset-password
          401 api_key/missing: nobody; Ada, no key
          400 auth/token_invalid: publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 api_key/invalid: secret key; revoked key; Ada, revoked key
        POST /oauth/token
          200: nobody; publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, no key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 invalid_client: secret key; revoked key; Ada, revoked key
        POST /oauth/revoke
          200: nobody; publishable key; API key; test key; other project's key; Ada; Ada, publishable key; Ada, no key; Ada, test key; Ada, other project's key; Eve, another user; Tess of test, live key; Mallory of another project, our key
          401 invalid_client: secret key; revoked key; Ada, revoked key
        "#);
    }

    async fn x01_x13_a_token_of_one_project_opens_nothing_at_another(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (app, other) = (t.rakomi().signed_in(&ada).await, t.another_project("other").await);
        let mallory = stranger(&t, &other, &ada.email, &ada.password).await;
        app.me().await.ok(200);
        mallory.me().await.ok(200);

        for (app, key) in [(&app, &other.keys.live.api), (&app, &other.keys.test.api), (&mallory, &t.keys.live.api), (&mallory, &t.keys.test.publishable)] {
            let app = app.clone().with_key(key);
            app.me().await.refused(401, "auth/not_authenticated");
            app.sessions().await.refused(401, "auth/not_authenticated");
            app.end_session(&app.session()).await.refused(401, "auth/not_authenticated");
            app.change_password(PASSWORD, "a new and better one").await.refused(401, "auth/not_authenticated");
            app.logout().await.refused(401, "auth/not_authenticated");
            app.refresh(app.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
        }
        mallory.end_session(&app.session()).await.refused(404, "session/not_found");
        mallory.logout_by(json!({"session_id": app.session()})).await.refused(404, "session/not_found");

        app.me().await.ok(200);
        mallory.me().await.ok(200);
    }

    async fn x04_live_and_test_are_two_worlds(t: Server) {
        let (live, test) = (t.user("ada@example.org").await, t.user("ada@example.org").password("another fine phrase").in_test().await);
        let (app, sandbox) = (t.rakomi().signed_in(&live).await, t.rakomi().signed_in(&test).await);

        refused!(app.clone().with_key(&t.keys.test.api).me().await, 403, @r#"{"type":"about:blank","title":"Forbidden","status":403,"code":"auth/environment_mismatch","detail":"The API key and the access token belong to different environments","request_id":"req_…","error":{"code":"auth/environment_mismatch","message":"The API key and the access token belong to different environments","request_id":"req_…"}}"#);
        sandbox.clone().with_key(&t.keys.live.api).me().await.refused(403, "auth/environment_mismatch");
        app.clone().with_key(&t.keys.test.api).logout().await.refused(403, "auth/environment_mismatch");
        app.clone().with_key(&t.keys.test.api).end_session(&app.session()).await.refused(403, "auth/environment_mismatch");
        app.login(&live.email, &test.password).await.refused(401, "auth/invalid_credentials");
        sandbox.login(&test.email, &live.password).await.refused(401, "auth/invalid_credentials");
        sandbox.end_session(&app.session()).await.refused(404, "session/not_found");
        assert_ne!(app.me().await.string("user_id"), sandbox.me().await.string("user_id"));

        let only_live = t.user("eve@example.org").await;
        sandbox.forgot(&only_live.email).await.ok(200);
        sandbox.resend(&only_live.email).await.ok(200);
        assert!(t.mails_to(&only_live.email).await.is_empty(), "mail of the other world");
        app.forgot(&live.email).await.ok(200);
        let mailed = t.mail_to(&live.email).await;
        sandbox.reset(&mailed.token(), "a new and better one").await.refused(400, "auth/token_invalid");
        app.reset(&mailed.token(), "a new and better one").await.ok(200);
        sandbox.me().await.ok(200);
        sandbox.login(&test.email, &test.password).await.ok(200);
    }

    async fn x05_a_bad_key_is_refused_before_the_body_is_read_and_before_any_hash(t: Server) {
        let ada = t.user("ada@example.org").await;
        let good = t.keys.live.api.clone();
        let (revoked, id) = key(&t, Environment::Live).await;
        api_keys::revoke(t.core(), &operator(), id).await.unwrap();
        let last = if good.ends_with('0') { "1" } else { "0" };
        let typo = format!("{}{last}", &good[..good.len() - 1]);
        let bad = [
            "", "nonsense", "akm_live_", "akm_test_0", &good[..good.len() - 1], &typo, &good.replace("live", "test"), &good.replace("akm", "pk"),
            &good.to_uppercase(), &format!("{good}x"), &revoked, &t.keys.live.secret, &t.keys.test.secret, &"a".repeat(8_000),
        ];
        for key in bad {
            let app = t.rakomi().with_key(key);
            let (answers, cost) = t.cost_of(Box::pin(async {
                [
                    app.login(&ada.email, &ada.password).await,
                    app.request("POST", "/v1/auth/login").raw_json("{").send().await,
                    app.request("POST", "/v1/auth/login").body("x".repeat(1 << 17)).send().await,
                    app.register("eve@example.org", PASSWORD).await,
                    app.me().await,
                ]
            })).await;
            for answer in answers {
                answer.refused(401, "api_key/invalid");
            }
            assert_eq!((cost.hashes, cost.rows["users"], cost.rows["audit"], cost.rows["login_attempts"]), (0, 0, 0, 0), "{key}");
        }
        let (missing, cost) = t.cost_of(t.rakomi().without_key().login(&ada.email, &ada.password)).await;
        refused!(missing, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"api_key/missing","detail":"An API key is required: send it in the X-API-Key header","request_id":"req_…","error":{"code":"api_key/missing","message":"An API key is required: send it in the X-API-Key header","request_id":"req_…"}}"#);
        assert_eq!(cost.hashes, 0);
        refused!(t.rakomi().with_key("nonsense").login(&ada.email, &ada.password).await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"api_key/invalid","detail":"The API key is not valid","request_id":"req_…","error":{"code":"api_key/invalid","message":"The API key is not valid","request_id":"req_…"}}"#);
    }

    async fn x07_of_a_key_only_a_hash_is_kept_and_a_typo_is_told_from_a_key(t: Server) {
        for text in [&t.keys.live.api, &t.keys.live.publishable, &t.keys.live.secret, &t.keys.test.api, &t.keys.test.publishable, &t.keys.test.secret] {
            let (_, random) = text.rsplit_once('_').unwrap();
            // 62 letters and digits: 22 of them are 131 bits; what is more is the checksum.
            assert!(random.len() >= 22 + 4 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            let stored = t.bytes_on_disk();
            assert!(!contains(&stored, text.as_bytes()) && !contains(&stored, &random.as_bytes()[..12]), "{text} is on disk");
        }
        let good = &t.keys.live.api;
        let (head, random) = good.split_at("akm_live_".len());
        for place in 0..random.len() {
            let mut wrong = random.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'z' { b'y' } else { b'z' };
            let wrong = format!("{head}{}", String::from_utf8(wrong).unwrap());
            assert!(wrong == *good || vestibule_keys::secret_text::ApiKeyText::parse(&wrong).is_err(), "{wrong} passes for a key");
        }
        let listed = api_keys::list(t.core(), t.project.id, 100).await.unwrap();
        assert!(listed.iter().all(|row| row.hint.len() == 4), "only the last four characters are kept to recognise a key by");
    }

    async fn x10_a_revoked_key_opens_nothing_at_once(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (text, id) = key(&t, Environment::Live).await;
        let app = t.rakomi().with_key(&text);
        let login = app.login(&ada.email, &ada.password).await.ok(200);
        let app = app.with_tokens(&login);
        app.me().await.ok(200);

        assert!(api_keys::revoke(t.core(), &operator(), id).await.unwrap());

        app.me().await.refused(401, "api_key/invalid");
        app.login(&ada.email, &ada.password).await.refused(401, "api_key/invalid");
        app.refresh(app.refresh_token()).await.refused(401, "api_key/invalid");
        app.clone().with_key(&t.keys.live.api).me().await.ok(200);
        app.without_key().me().await.ok(200);
    }

    async fn x14_two_projects_with_the_same_people_never_see_each_other(t: Server) {
        let ada = t.user("ada@example.org").profile("name", "Ada of default").await;
        let other = t.another_project("other").await;
        let theirs = t.rakomi().with_key(&other.keys.live.api);
        let body = json!({"email": ada.email, "password": "another fine phrase", "name": "Ada of other"});
        theirs.post("/v1/auth/register", body).await.ok(201);
        let here = t.rakomi().signed_in(&ada).await;
        let login = theirs.login(&ada.email, "another fine phrase").await.ok(200);
        let there = theirs.with_tokens(&login);
        for _ in 0..3 {
            for (app, name) in [(&here, "Ada of default"), (&there, "Ada of other")] {
                let me = app.me().await.ok(200).json();
                assert_eq!((me["name"].as_str(), me["data"].as_array().unwrap().len()), (Some(name), 1));
                assert_eq!(app.clone().without_key().me().await.ok(200).json()["name"], name);
            }
        }
        here.login(&ada.email, "another fine phrase").await.refused(401, "auth/invalid_credentials");
        there.login(&ada.email, &ada.password).await.refused(401, "auth/invalid_credentials");
        assert_ne!(here.claims().claim("tenant_id"), there.claims().claim("tenant_id"));
        for number in 0..10 {
            there.login(&ada.email, &format!("wrong {number}")).await;
        }
        there.login(&ada.email, "another fine phrase").await.refused(429, "auth/account_locked");
        here.login(&ada.email, &ada.password).await.ok(200);
    }

    async fn x16_a_disabled_or_deleted_project_is_shut_at_once(t: Server) {
        let other = t.another_project("other").await;
        let mallory = stranger(&t, &other, "mallory@example.org", PASSWORD).await;
        mallory.me().await.ok(200);
        let document = async || t.request("GET", "/p/other/.well-known/jwks.json").send().await;
        document().await.ok(200);

        projects::disable(t.core(), &operator(), other.project.id).await.unwrap();

        let is_shut = async || {
            mallory.me().await.refused(401, "api_key/invalid");
            mallory.clone().without_key().me().await.refused(401, "api_key/missing");
            mallory.refresh(mallory.refresh_token()).await.refused(401, "api_key/invalid");
            let by_oauth = mallory.oauth_token(mallory.refresh_token(), &other.keys.live.publishable).await;
            assert_eq!((by_oauth.status, by_oauth.string("error").as_str()), (401, "invalid_client"));
            document().await.refused(404, "route/not_found");
        };
        is_shut().await;
        projects::enable(t.core(), &operator(), other.project.id).await.unwrap();
        mallory.me().await.ok(200);
        projects::delete(t.core(), &operator(), other.project.id, |_| {}).await.unwrap();
        is_shut().await;
    }

    async fn a_dialect_that_is_switched_off_has_no_routes(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        t.set("dialects.rakomi.enabled", false).await;

        app.me().await.refused(404, "route/not_found");
        app.login(&ada.email, &ada.password).await.refused(404, "route/not_found");
        t.set("dialects.rakomi.enabled", true).await;
        app.me().await.ok(200);
    }

    async fn an_sdk_that_refreshes_by_a_test_key_stays_in_the_test_environment(t: Server) {
        let tess = t.user("tess@example.org").in_test().await;
        let app = t.rakomi().signed_in(&tess).await;

        let answer = app.oauth_token(app.refresh_token(), &t.keys.test.publishable).await.ok(200);

        let app = app.with_tokens(&answer);
        assert_eq!(app.claims().claim("rkm_env"), "test");
        app.me().await.ok(200);
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
