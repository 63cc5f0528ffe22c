//! Sessions: how they end, and who sees them.

use crate::rakomi::forge::{Forgery, live, signed_rs256_by};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Barrier;
use vestibule_ops::admin::{sessions, users};
use vestibule_testkit::{Act, Answer, PASSWORD, Rakomi, Server, answered, operator, races, refused, stories};

const SECOND: Duration = Duration::from_secs(1);
/// Longer than an access token lives, with its leeway.
const ACCESS_LIFETIME: Duration = Duration::from_secs(900 + 30);

/// Nothing that the session ever gave opens anything any more.
async fn is_over(app: &Rakomi<'_>) {
    app.me().await.refused(401, "token/revoked");
    app.sessions().await.refused(401, "token/revoked");
    app.change_password(PASSWORD, "a new and better one")
        .await
        .refused(401, "token/revoked");
    app.refresh(app.refresh_token())
        .await
        .refused(401, "auth/session_revoked");
}

async fn is_live(app: &Rakomi<'_>) {
    app.me().await.ok(200);
    app.refresh(app.refresh_token()).await.ok(200);
}

/// The ids in a list of sessions, in its order.
fn ids(answer: &Answer) -> Vec<String> {
    let listed = answer.clone().ok(200).json();
    listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["id"].as_str().unwrap().to_owned())
        .collect()
}

stories! {
    async fn s05_logging_out_ends_the_access_and_the_refresh_token_of_this_session_at_once(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (phone, laptop) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        phone.me().await.ok(200);
        t.audit_rows().await;

        let answer = phone.logout().await;

        assert_eq!((answer.status, answer.text(), answer.header("content-type")), (204, "", None));
        t.audited([Act::SessionRevoked]).await;
        is_over(&phone).await;
        is_live(&laptop).await;
        assert_eq!(ids(&laptop.sessions().await), [laptop.session()]);
    }

    async fn s06_logging_out_again_is_answered_alike_and_does_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let first = app.logout().await.ok(204);
        t.audit_rows().await;

        for _ in 0..3 {
            assert_eq!(app.logout().await.masked(), first.clone().masked());
        }
        t.advance(ACCESS_LIFETIME);
        assert_eq!(app.logout().await.masked(), first.clone().masked());
        assert_eq!(app.logout_by(json!({"refresh_token": app.refresh_token()})).await.masked(), first.masked());

        t.audited([]).await;
    }

    async fn s06_an_expired_access_token_still_logs_its_live_session_out(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.advance(ACCESS_LIFETIME);
        app.me().await.refused(401, "token/expired");

        app.logout().await.ok(204);

        app.refresh(app.refresh_token()).await.refused(401, "auth/session_revoked");
    }

    async fn logout_401_is_only_for_no_token_or_one_that_is_not_ours(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let foreign = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let forged = signed_rs256_by(&foreign, &Forgery::of(&app).message());
        let genuine = signed_rs256_by(&live(), &Forgery::of(&app).message());

        refused!(t.rakomi().logout().await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/not_authenticated","detail":"A valid access token is required","request_id":"req_…","error":{"code":"auth/not_authenticated","message":"A valid access token is required","request_id":"req_…"}}"#);
        let refused = t.rakomi().bearing(&forged).logout().await;
        refused.refused(401, "auth/not_authenticated");
        assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer realm="vestibule", error="invalid_token""#));
        t.rakomi().logout_by(json!({"session_id": app.session()})).await.refused(401, "auth/not_authenticated");
        t.rakomi().without_key().logout().await.refused(401, "api_key/missing");
        t.rakomi().without_key().bearing(&forged).logout().await.refused(401, "api_key/missing");
        t.rakomi().with_key(&t.keys.test.api).bearing(app.access()).logout().await.refused(403, "auth/environment_mismatch");

        is_live(&app).await;
        t.rakomi().bearing(&genuine).logout().await.ok(204);
    }

    async fn logout_by_id_is_204_for_ones_own_sessions_and_404_for_all_others(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (phone, laptop) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        let eve = t.rakomi().signed_in(&eve).await;
        let unknown = phone.session().replace("-7", "-8");

        for id in ["", "nonsense", &unknown, &phone.session().to_uppercase(), &phone.session().replace('-', "")] {
            eve.logout_by(json!({"session_id": id})).await.refused(404, "session/not_found");
        }
        let others = eve.logout_by(json!({"session_id": phone.session()})).await;
        let nobodys = eve.logout_by(json!({"session_id": unknown})).await;
        assert_eq!(others.masked(), nobodys.masked(), "e14 another's session looks like none");
        is_live(&phone).await;
        is_live(&eve).await;
        for _ in 0..2 {
            laptop.logout_by(json!({"session_id": phone.session()})).await.ok(204);
        }
        is_over(&phone).await;
        is_live(&laptop).await;
        laptop.logout_by(json!({"session_id": laptop.session()})).await.ok(204);
        is_over(&laptop).await;
        laptop.logout_by(json!({"session_id": laptop.session()})).await.ok(204);
    }

    async fn a_session_that_has_ended_ends_no_other_one(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (stolen, laptop) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        laptop.end_session(&stolen.session()).await.ok(204);

        let ended = stolen.logout_by(json!({"session_id": laptop.session()})).await;

        ended.refused(401, "token/revoked");
        stolen.end_session(&laptop.session()).await.refused(401, "token/revoked");
        is_live(&laptop).await;
    }

    async fn logout_by_refresh_token_needs_no_bearer_and_any_generation_of_ours_will_do(t: Server) {
        let ada = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&ada).await;
        let after = before.clone().refreshed().await;
        let anonymous = t.rakomi();

        anonymous.logout_by(json!({"refresh_token": "rt_nonsense"})).await.refused(401, "auth/invalid_refresh_token");
        let both = after.logout_by(json!({"refresh_token": after.refresh_token(), "session_id": after.session()})).await;
        assert_eq!(both.wrong_fields(), ["session_id"]);
        for wrong in [json!(1), json!([]), json!({}), json!(true)] {
            assert_eq!(after.logout_by(json!({"session_id": wrong})).await.wrong_fields(), ["session_id"]);
            assert_eq!(after.logout_by(json!({"refresh_token": wrong})).await.wrong_fields(), ["refresh_token"]);
        }
        is_live(&after).await;

        anonymous.logout_by(json!({"refresh_token": before.refresh_token()})).await.ok(204);
        is_over(&after).await;
    }

    async fn logout_takes_an_empty_body_of_any_type_and_an_empty_object(t: Server) {
        let ada = t.user("ada@example.org").await;
        for content_type in [None, Some("text/plain"), Some("application/json")] {
            let app = t.rakomi().signed_in(&ada).await;
            let request = app.request("POST", "/v1/auth/logout");
            let request = content_type.map_or(request.clone(), |it| request.header("content-type", it));
            request.send().await.ok(204);
            is_over(&app).await;
        }
        let app = t.rakomi().signed_in(&ada).await;
        app.logout_by(json!({"session_id": null, "refresh_token": null, "unknown": 1})).await.ok(204);
        is_over(&app).await;
    }

    async fn s07_ending_one_session_ends_that_one_and_ending_all_ends_all(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let mut apps = Vec::new();
        for _ in 0..4 {
            apps.push(t.rakomi().signed_in(&ada).await);
        }
        let eve = t.rakomi().signed_in(&eve).await;

        apps[0].end_session(&apps[2].session()).await.ok(204);

        is_over(&apps[2]).await;
        let left: HashSet<_> = ids(&apps[0].sessions().await).into_iter().collect();
        assert_eq!(left, [0, 1, 3].map(|app| apps[app].session()).into());
        t.audit_rows().await;
        let user = t.stored(&ada).await.unwrap();
        assert_eq!(sessions::revoke_all(t.core(), &operator(), &user).await.unwrap(), 3);
        t.audited([Act::SessionsRevoked]).await;
        for app in &apps {
            is_over(app).await;
        }
        is_live(&eve).await;
    }

    async fn s08_a_disabled_user_is_refused_everywhere_at_once(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.me().await.ok(200);
        let user = t.stored(&ada).await.unwrap();

        users::disable(t.core(), &operator(), &user).await.unwrap();

        is_over(&app).await;
        let by_oauth = app.oauth_token(app.refresh_token(), &t.keys.live.publishable).await;
        assert_eq!((by_oauth.status, by_oauth.string("error").as_str()), (400, "invalid_grant"));
        app.login(&ada.email, &ada.password).await.refused(403, "auth/user_disabled");
        app.logout().await.ok(204);
        users::enable(t.core(), &operator(), &user).await.unwrap();
        is_over(&app).await;
        app.login(&ada.email, &ada.password).await.ok(200);
    }

    async fn s08_a_deleted_user_is_refused_everywhere_at_once(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.me().await.ok(200);
        let user = t.stored(&ada).await.unwrap();

        users::delete(t.core(), &operator(), &user).await.unwrap();

        app.me().await.refused(401, "token/revoked");
        app.refresh(app.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
        app.login(&ada.email, &ada.password).await.refused(401, "auth/invalid_credentials");
        app.logout().await.ok(204);
    }

    async fn s09_e14_sessions_are_ones_own_and_another_users_looks_like_none(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (ada, eve) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&eve).await);

        assert_eq!(ids(&ada.sessions().await), [ada.session()]);
        assert_eq!(ids(&eve.sessions().await), [eve.session()]);
        let others = eve.end_session(&ada.session()).await;
        let nobodys = eve.end_session(&ada.session().replace("-7", "-8")).await;

        refused!(others, 404, @r#"{"type":"about:blank","title":"Not Found","status":404,"code":"session/not_found","detail":"There is no such session","request_id":"req_…","error":{"code":"session/not_found","message":"There is no such session","request_id":"req_…"}}"#);
        assert_eq!(others.masked(), nobodys.masked());
        is_live(&ada).await;
    }

    async fn s09_a_session_without_a_user_agent_is_listed_with_null(t: Server) {
        let ada = t.user("ada@example.org").await;
        let body = json!({"email": ada.email, "password": ada.password});
        let request = t.rakomi().request("POST", "/v1/auth/login").without("user-agent").json(&body);
        let app = t.rakomi().with_tokens(&request.send().await);

        answered!(app.sessions().await, 200, @r#"{"data":[{"id":"019cb391-c200-7c7f-9d44-1eaf80abba61","user_agent":null,"ip_hash":"901950b3240f835eb1a55837621b2245","created_at":"2026-03-03T12:00:00.000Z","last_used_at":"2026-03-03T12:00:00.000Z","expires_at":"2026-04-02T12:00:00.000Z","is_current":true}]}"#);
    }

    async fn me_and_the_list_show_the_same_sessions_newest_first_and_without_ended_ones(t: Server) {
        let ada = t.user("ada@example.org").await;
        let mut apps = Vec::new();
        for _ in 0..3 {
            apps.push(t.rakomi().signed_in(&ada).await);
            t.advance(SECOND);
        }
        for app in &apps {
            let listed = app.sessions().await.ok(200).json();
            assert_eq!(listed["data"], app.me().await.ok(200).json()["data"]);
            let current: Vec<_> = listed["data"].as_array().unwrap().iter().filter(|it| it["is_current"] == true).collect();
            assert_eq!(current.iter().map(|it| it["id"].as_str().unwrap()).collect::<Vec<_>>(), [app.session()]);
        }
        assert_eq!(ids(&apps[0].sessions().await), [2, 1, 0].map(|app| apps[app].session()));

        apps[1].logout().await.ok(204);

        assert_eq!(ids(&apps[0].me().await), [2, 0].map(|app| apps[app].session()));
        t.advance(Duration::from_secs(30 * 24 * 3_600 - 3));
        let last = apps.remove(2).refreshed().await;
        assert_eq!(ids(&last.me().await), [last.session()], "the oldest has just ended by itself");
    }

    async fn a_session_shows_when_it_was_last_used_and_when_it_ends(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.advance(Duration::from_mins(5));
        let app = app.refreshed().await;

        let listed = app.sessions().await.ok(200).json();

        let times = ["created_at", "last_used_at", "expires_at"].map(|it| listed["data"][0][it].clone());
        assert_eq!(times, ["2026-03-03T12:00:00.000Z", "2026-03-03T12:05:00.000Z", "2026-04-02T12:00:00.000Z"].map(Value::from));
    }

    async fn s13_a_token_in_the_query_opens_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let (access, key) = (app.access(), &t.keys.live.api);
        let anonymous = t.rakomi();

        for name in ["access_token", "token", "authorization", "Authorization", "bearer"] {
            anonymous.get(&format!("/v1/auth/me?{name}={access}")).await.refused(401, "auth/not_authenticated");
        }
        for name in ["api_key", "x-api-key", "X-API-Key", "key"] {
            let target = format!("/v1/auth/login?{name}={key}");
            let body = json!({"email": ada.email, "password": ada.password});
            t.request("POST", &target).json(&body).send().await.refused(401, "api_key/missing");
        }
    }

    async fn s14_nothing_with_a_token_or_a_profile_in_it_may_be_stored(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();
        let login = app.login(&ada.email, &ada.password).await.ok(200);
        let app = app.with_tokens(&login);
        let answers = [
            login,
            app.me().await.ok(200),
            app.sessions().await.ok(200),
            app.refresh(app.refresh_token()).await.ok(200),
            app.oauth_token(app.refresh_token(), &t.keys.live.publishable).await.ok(200),
            app.register("eve@example.org", PASSWORD).await.ok(201),
            app.change_password(PASSWORD, "a new and better one").await.ok(200),
            app.login(&ada.email, "wrong").await,
            app.logout().await.ok(204),
            app.me().await,
        ];
        for answer in answers {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
        }
    }

    async fn s17_a_huge_user_agent_is_cut_and_html_in_it_is_only_text(t: Server) {
        let ada = t.user("ada@example.org").await;
        let agent = format!("<script>alert(1)</script>\"'\t\u{202e}é{}", "é".repeat(5_000));

        let app = t.rakomi().agent(&agent).signed_in(&ada).await;

        let listed = app.sessions().await.ok(200);
        assert_eq!(listed.header("content-type"), Some("application/json"));
        let shown = listed.json()["data"][0]["user_agent"].as_str().unwrap().to_owned();
        assert!((509..=512).contains(&shown.len()), "{} bytes", shown.len());
        assert!(agent.starts_with(&shown));
    }

    async fn the_address_of_a_session_is_shown_as_a_hash_that_only_this_project_and_environment_shares(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let test = t.user("ada@example.org").in_test().await;
        let hash = async |app: Rakomi<'_>| {
            let listed = app.sessions().await.ok(200).json();
            let own = listed["data"].as_array().unwrap().iter().find(|session| session["is_current"] == true);
            own.unwrap()["ip_hash"].as_str().unwrap().to_owned()
        };
        let here = hash(t.rakomi().from("192.0.2.1").signed_in(&ada).await).await;

        assert_eq!(hash(t.rakomi().from("192.0.2.1").signed_in(&eve).await).await, here);
        assert_ne!(hash(t.rakomi().from("192.0.2.2").signed_in(&eve).await).await, here);
        assert_ne!(hash(t.rakomi().from("192.0.2.1").signed_in(&test).await).await, here);
        assert!(here.len() == 32 && here.bytes().all(|byte| byte.is_ascii_hexdigit()), "{here}");
    }

    async fn f14_changing_the_password_ends_the_four_other_sessions_and_keeps_this_one(t: Server) {
        let ada = t.user("ada@example.org").await;
        let mut apps = Vec::new();
        for _ in 0..5 {
            apps.push(t.rakomi().signed_in(&ada).await);
        }
        let this = apps.swap_remove(2);

        this.change_password(PASSWORD, "a new and better one").await.ok(200);

        for app in &apps {
            is_over(app).await;
        }
        is_live(&this).await;
    }
}

/// Other sessions per round; each presents its newest token again and again while the password is being changed.
const OTHERS: usize = 4;
const ROUNDS: usize = 25;

races! {
    /// No family from before the commit refreshes after it, whichever side of the change each refresh falls on.
    async fn f15_after_a_change_of_password_no_other_session_refreshes_however_the_two_raced(t: Arc<Server>) {
        let ada = t.user("ada@example.org").await;
        let mut passwords = [PASSWORD, "a new and better one"];
        let mut came_before = 0;
        for _ in 0..ROUNDS {
            t.advance(Duration::from_mins(1));
            let login = async || {
                t.rakomi()
                    .with_tokens(&t.rakomi().login(&ada.email, passwords[0]).await.ok(200))
            };
            let owner = login().await;
            let (gate, changed) = (
                Arc::new(Barrier::new(OTHERS + 1)),
                Arc::new(AtomicBool::new(false)),
            );
            let mut racers = Vec::new();
            for racer in 0..OTHERS {
                let (t, gate, changed) = (Arc::clone(&t), Arc::clone(&gate), Arc::clone(&changed));
                let token = login().await.refresh_token().to_owned();
                racers.push(tokio::spawn(async move {
                    gate.wait().await;
                    refresh_to_the_end(&t, racer, token, &changed).await
                }));
            }
            gate.wait().await;
            owner.change_password(passwords[0], passwords[1]).await.ok(200);
            changed.store(true, Ordering::SeqCst);

            for racer in racers {
                came_before += racer.await.unwrap();
            }
            is_live(&owner).await;
            passwords.reverse();
        }
        assert!(
            came_before > 4 * ROUNDS,
            "{came_before} refreshes came before a change"
        );
    }
}

/// Refreshes from a token on until its session is ended, and answers how often; what begins after the change was answered
/// must be refused. It moves from address to address, so that no budget ends it.
async fn refresh_to_the_end(t: &Server, racer: usize, mut token: String, changed: &AtomicBool) -> usize {
    for refreshed in 0.. {
        let too_late = changed.load(Ordering::SeqCst);
        let app = t.rakomi().from(&format!("10.{racer}.{}.1", refreshed / 500));
        let answer = app.refresh(&token).await;
        if answer.status != 200 {
            answer.refused(401, "auth/session_revoked");
            return refreshed;
        }
        assert!(!too_late, "a session from before the change refreshes after it");
        token = answer.string("refresh_token");
    }
    unreachable!("the change of password ends the session")
}
