//! The refresh family, row by row of the state table of `STORE.md` §2, and what lies around it.

use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;
use vestibule_model::id::SessionId;
use vestibule_ops::admin::users;
use vestibule_ops::upkeep;
use vestibule_store::secret_keys;
use vestibule_testkit::{Act, Rakomi, Server, Sql, Value, answered, operator, races, refused, stories};

/// `tokens.refresh_overlap`.
const OVERLAP: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

const LEAF: Sql = Sql::same("SELECT leaf FROM sessions WHERE id = $1");
const PARENT: Sql = Sql::same("SELECT parent FROM sessions WHERE id = $1");
const END: Sql = Sql::same("SELECT expires_at FROM sessions WHERE id = $1");

fn id(app: &Rakomi<'_>) -> SessionId {
    app.session().parse().unwrap()
}

fn bind(app: &Rakomi<'_>) -> [Value; 1] {
    [Value::from(id(app).bytes())]
}

/// The live generation of a session, and the one whose consumption made it.
async fn family(t: &Server, app: &Rakomi<'_>) -> (i64, i64) {
    (
        t.number(LEAF, &bind(app)).await,
        t.number(PARENT, &bind(app)).await,
    )
}

/// The refresh token of `app` is the live one, and nothing has ended its session.
async fn is_live(app: &Rakomi<'_>) {
    app.refresh(app.refresh_token()).await.ok(200);
}

stories! {
    async fn rt10_row_0_what_is_not_a_refresh_token_of_ours_is_unknown_and_harms_nobody(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (app, other) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        let (head, body) = app.refresh_token().split_once('.').unwrap();
        let other_head = other.refresh_token().split_once('.').unwrap().0;
        let mut forged = vec![
            "rt_".to_owned(),
            "rt_nonsense".to_owned(),
            "rt_' OR 1=1 --".to_owned(),
            app.access().to_owned(),
            head.to_owned(),
            format!("{other_head}.{body}"),
            format!("{}.{body}", head.replace("rt_0", "rt_1")),
            format!("{head}.{body}="),
            format!(" {head}.{body}"),
            format!("{head}.{}", &body[..47]),
            format!("RT{}.{body}", &head[2..]),
            format!("{head}.{body}").to_uppercase(),
            format!("rt_{}", "a".repeat(60_000)),
        ];
        for place in [0, 3, 5, 6, 20, 47] {
            let mut body = body.as_bytes().to_vec();
            body[place] = if body[place] == b'A' { b'B' } else { b'A' };
            forged.push(format!("{head}.{}", String::from_utf8(body).unwrap()));
        }

        for forged in &forged {
            app.refresh(forged).await.refused(401, "auth/invalid_refresh_token");
        }

        refused!(app.refresh("rt_nonsense").await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/invalid_refresh_token","detail":"The refresh token is unknown or has expired","request_id":"req_…","error":{"code":"auth/invalid_refresh_token","message":"The refresh token is unknown or has expired","request_id":"req_…"}}"#);
        app.refresh(&"r".repeat(1 << 20)).await.refused(413, "request/too_large");
        assert_eq!(app.refresh("").await.wrong_fields(), ["refresh_token"]);
        is_live(&app).await;
        is_live(&other).await;
    }

    async fn row_0_a_generation_that_a_restore_undid_is_unknown_and_ends_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let first = t.rakomi().signed_in(&ada).await;
        let second = first.clone().refreshed().await;
        t.advance(OVERLAP);
        let third = second.clone().refreshed().await;
        let undo = Sql::same("UPDATE sessions SET leaf = 2, parent = 1 WHERE id = $1");
        t.tamper(undo, bind(&first).to_vec()).await;

        third.refresh(third.refresh_token()).await.refused(401, "auth/invalid_refresh_token");

        is_live(&second).await;
    }

    async fn row_1_of_a_revoked_session_even_the_live_token_is_refused(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.logout().await.ok(204);

        refused!(app.refresh(app.refresh_token()).await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/session_revoked","detail":"The session of this refresh token has ended","request_id":"req_…","error":{"code":"auth/session_revoked","message":"The session of this refresh token has ended","request_id":"req_…"}}"#);

        t.advance(Duration::from_hours(24 * 31));
        app.refresh(app.refresh_token()).await.refused(401, "auth/session_revoked");
    }

    async fn rt06_s04_row_2_a_thousand_rotations_do_not_move_the_absolute_end(t: Server) {
        let ada = t.user("ada@example.org").await;
        let mut app = t.rakomi().signed_in(&ada).await;
        let end = t.number(END, &bind(&app)).await;
        for _ in 0..1_000 {
            t.advance(Duration::from_mins(43));
            app = app.refreshed().await;
        }
        assert_eq!((t.number(END, &bind(&app)).await, family(&t, &app).await), (end, (1_001, 1_000)));

        t.advance(Duration::from_secs((30 * 24 * 60 - 43 * 1_000) * 60 - 1));
        let last = app.refresh(app.refresh_token()).await.ok(200);
        t.advance(SECOND);

        assert_eq!(last.json()["expires_in"], 1, "no access token outlives its session");
        app.refresh(app.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
        app.refresh(&last.string("refresh_token")).await.refused(401, "auth/invalid_refresh_token");
    }

    async fn row_3_the_live_token_gives_the_next_generation(t: Server) {
        let ada = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&ada).await;
        t.advance(Duration::from_mins(1));
        t.audit_rows().await;

        let answer = before.refresh(before.refresh_token()).await;

        let after = before.clone().with_tokens(&answer);
        let fields: Vec<_> = answer.clone().ok(200).json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["access_token", "refresh_token", "token_type", "expires_in"]);
        assert_eq!((answer.string("token_type").as_str(), &answer.json()["expires_in"]), ("Bearer", &json!(900)));
        assert_eq!((before.claims().claim("jti"), after.claims().claim("jti")), (format!("{}.1", id(&before)), format!("{}.2", id(&before))));
        assert_eq!((number(&after, "iat") - number(&before, "iat"), number(&after, "exp") - number(&after, "iat")), (60, 900));
        assert_eq!(family(&t, &after).await, (2, 1));
        before.me().await.ok(200);
        after.me().await.ok(200);
        t.audited([]).await;
    }

    async fn rt03_row_4_within_the_overlap_a_consumed_token_gives_the_very_same_successor(t: Server) {
        let ada = t.user("ada@example.org").await;
        let tab = t.rakomi().signed_in(&ada).await;
        let first = tab.refresh(tab.refresh_token()).await.ok(200);
        tab.clone().with_tokens(&first).me().await.ok(200);
        t.advance(Duration::from_secs(9));

        let second = tab.refresh(tab.refresh_token()).await.ok(200);

        for field in ["access_token", "refresh_token", "token_type"] {
            assert_eq!(first.string(field), second.string(field));
        }
        assert_eq!(second.json()["expires_in"], 891, "counted from the moment that is in the token");
        assert_eq!(family(&t, &tab).await, (2, 1));
    }

    async fn rt03_row_5_later_a_successor_that_nobody_used_is_replaced(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let lost = app.clone().refreshed().await;
        t.advance(OVERLAP);

        let found = app.clone().refreshed().await;

        assert_ne!(lost.refresh_token(), found.refresh_token());
        assert_eq!(family(&t, &app).await, (3, 1));
        let again = app.clone().refreshed().await;
        assert_eq!(again.refresh_token(), found.refresh_token(), "the overlap begins anew");
        refused!(lost.me().await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"token/revoked","detail":"The session of this access token has ended","request_id":"req_…","error":{"code":"token/revoked","message":"The session of this access token has ended","request_id":"req_…"}}"#);
        found.me().await.ok(200);
        is_live(&found).await;
    }

    async fn rt01_row_5_the_access_token_of_a_replaced_generation_is_refused_without_ending_the_session(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let lost = app.clone().refreshed().await;
        t.advance(OVERLAP);
        let found = app.clone().refreshed().await;
        t.audit_rows().await;

        for _ in 0..3 {
            lost.me().await.refused(401, "token/revoked");
            lost.sessions().await.refused(401, "token/revoked");
        }

        t.audited([]).await;
        app.me().await.ok(200);
        found.me().await.ok(200);
        is_live(&found).await;
    }

    async fn row_6_once_the_successors_access_token_was_used_the_consumed_token_is_reuse(t: Server) {
        let ada = t.user("ada@example.org").await;
        for written in [false, true] {
            let stolen = t.rakomi().signed_in(&ada).await;
            let owner = stolen.clone().refreshed().await;
            owner.me().await.ok(200);
            if written {
                upkeep::mark_used(t.core()).await.unwrap();
            }
            t.advance(OVERLAP);
            t.audit_rows().await;

            stolen.refresh(stolen.refresh_token()).await.refused(401, "auth/refresh_token_reused");

            t.audited([Act::RefreshReused]).await;
            owner.me().await.refused(401, "token/revoked");
            stolen.me().await.refused(401, "token/revoked");
            owner.refresh(owner.refresh_token()).await.refused(401, "auth/session_revoked");
            stolen.refresh(stolen.refresh_token()).await.refused(401, "auth/session_revoked");
            t.audited([]).await;
        }
    }

    async fn rt01_rt04_row_7_a_grandparent_is_reuse_at_once(t: Server) {
        let ada = t.user("ada@example.org").await;
        let first = t.rakomi().signed_in(&ada).await;
        let second = first.clone().refreshed().await;
        let third = second.clone().refreshed().await;
        t.audit_rows().await;

        first.refresh(first.refresh_token()).await.refused(401, "auth/refresh_token_reused");

        t.audited([Act::RefreshReused]).await;
        for token in [&first, &second, &third] {
            token.me().await.refused(401, "token/revoked");
            token.refresh(token.refresh_token()).await.refused(401, "auth/session_revoked");
        }
    }

    async fn row_7_a_replaced_successor_is_reuse(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let replaced = app.clone().refreshed().await;
        t.advance(OVERLAP);
        let live = app.clone().refreshed().await;

        replaced.refresh(replaced.refresh_token()).await.refused(401, "auth/refresh_token_reused");

        live.refresh(live.refresh_token()).await.refused(401, "auth/session_revoked");
    }

    async fn reuse_ends_only_the_session_of_the_token(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (phone, laptop) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        phone.clone().refreshed().await.refreshed().await;

        phone.refresh(phone.refresh_token()).await.refused(401, "auth/refresh_token_reused");

        laptop.me().await.ok(200);
        is_live(&laptop).await;
    }

    async fn the_overlap_is_a_setting_and_without_it_a_second_use_replaces_at_once(t: Server) {
        t.set("tokens.refresh_overlap", 0).await;
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        let (lost, found) = (app.clone().refreshed().await, app.clone().refreshed().await);

        assert_ne!(lost.refresh_token(), found.refresh_token());
        assert_eq!(family(&t, &app).await, (3, 1));
    }

    async fn rt07_a_token_is_unknown_in_another_environment_or_project_and_stays_good_at_home(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let other = t.another_project("other").await;
        t.audit_rows().await;

        for key in [&t.keys.test.api, &other.keys.live.api, &other.keys.test.publishable] {
            let stranger = t.rakomi().with_key(key);
            stranger.refresh(app.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
            let logout = stranger.logout_by(json!({"refresh_token": app.refresh_token()})).await;
            logout.refused(401, "auth/invalid_refresh_token");
        }

        t.audited([]).await;
        is_live(&app).await;
    }

    async fn rt09_a_disabled_or_deleted_users_session_gives_no_more_tokens(t: Server) {
        for delete in [false, true] {
            let ada = t.user("ada@example.org").await;
            let app = t.rakomi().signed_in(&ada).await;
            let user = t.stored(&ada).await.unwrap();
            if delete {
                users::delete(t.core(), &operator(), &user).await.unwrap();
                app.refresh(app.refresh_token()).await.refused(401, "auth/invalid_refresh_token");
            } else {
                users::disable(t.core(), &operator(), &user).await.unwrap();
                app.refresh(app.refresh_token()).await.refused(401, "auth/session_revoked");
                users::enable(t.core(), &operator(), &user).await.unwrap();
                app.refresh(app.refresh_token()).await.refused(401, "auth/session_revoked");
                users::delete(t.core(), &operator(), &user).await.unwrap();
            }
        }
    }

    async fn rt09_the_claims_of_a_new_token_are_those_of_the_present(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let rename = Sql::same("UPDATE users SET email = 'countess@example.org' WHERE id = $1");
        t.tamper(rename, vec![Value::from(ada.id.bytes())]).await;

        let app = app.refreshed().await;

        assert_eq!(app.claims().claim("email"), "countess@example.org");
    }

    async fn rt12_a_logout_that_the_database_did_not_take_is_never_answered_like_one_that_it_did(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let refuse = Sql::pair(
            "CREATE TRIGGER refuse BEFORE UPDATE ON sessions BEGIN SELECT RAISE(FAIL, 'on purpose'); END",
            "CREATE TRIGGER refuse BEFORE UPDATE ON sessions EXECUTE FUNCTION on_purpose()",
        );
        t.tamper(refuse, vec![]).await;

        let by_access = app.logout().await;
        let by_refresh = app.clone().anonymous().logout_by(json!({"refresh_token": app.refresh_token()})).await;
        let by_oauth = app.oauth_revoke(app.refresh_token()).await;

        for answer in [by_access, by_refresh, by_oauth] {
            assert!(answer.status >= 500, "{answer}");
        }
        app.me().await.ok(200);
        t.tamper(Sql::pair("DROP TRIGGER refuse", "DROP TRIGGER refuse ON sessions"), vec![]).await;
        app.logout().await.ok(204);
        app.me().await.refused(401, "token/revoked");
    }

    async fn rt12_without_a_database_whoever_logs_out_or_refreshes_hears_503(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.lose_the_database().await;

        for answer in [app.logout().await, app.refresh(app.refresh_token()).await] {
            answer.refused(503, "server/unavailable");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        let answer = app.oauth_revoke(app.refresh_token()).await;
        assert_eq!((answer.status, answer.string("error").as_str()), (503, "temporarily_unavailable"));
    }

    async fn rt13_a_refresh_whose_access_token_cannot_be_signed_consumes_nothing(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let (topic, project) = (secret_keys::TOPIC, t.project.id.bytes());
        let damage = Sql::pair(
            "UPDATE secret_keys SET sealed = CAST(sealed || x'00' AS BLOB) WHERE purpose = 'signing'",
            "UPDATE secret_keys SET sealed = sealed || CAST('\\x00' AS BYTEA) WHERE purpose = 'signing'",
        );
        t.tamper_and_tell(damage, vec![], topic, project).await;

        let refused = app.refresh(app.refresh_token()).await;

        assert!(refused.status >= 500, "{refused}");
        assert_eq!(family(&t, &app).await, (1, 0));
        let mend = Sql::same("UPDATE secret_keys SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE purpose = 'signing'");
        t.tamper_and_tell(mend, vec![], topic, project).await;
        is_live(&app).await;
    }

    async fn rt16_a_token_is_refreshed_by_post_and_from_the_body_alone(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let target = format!("/v1/auth/refresh?refresh_token={}", app.refresh_token());

        let by_get = app.get(&target).await;
        by_get.refused(405, "route/method_not_allowed");
        assert_eq!(by_get.header("allow"), Some("POST"));
        let from_the_query = app.post(&target, json!({})).await;
        assert_eq!(from_the_query.wrong_fields(), ["refresh_token"]);
        let by_oauth = t.request("GET", &format!("/oauth/token?refresh_token={}", app.refresh_token())).send().await;
        assert_eq!((by_oauth.status, by_oauth.header("allow")), (405, Some("POST")));

        assert_eq!(family(&t, &app).await, (1, 0));
    }

    async fn x18_the_visible_id_of_a_session_is_not_the_secret(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        let (visible, secret) = app.refresh_token().split_once('.').unwrap();

        assert_eq!(visible, format!("rt_{}", app.session()));
        assert_eq!(secret.len(), 48, "a generation of 32 bits and a MAC of 256");
    }

    async fn both_refresh_routes_answer_alike(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        let by_oauth = app.oauth_token(app.refresh_token(), &t.keys.live.publishable).await;
        let by_auth = app.refresh(app.refresh_token()).await;

        assert_eq!((by_oauth.status, by_oauth.text()), (200, by_auth.text()));
        answered!(app.oauth_token("rt_nonsense", &t.keys.live.publishable).await, 400, @r#"{"error":"invalid_grant","error_description":"The refresh token is unknown or has expired"}"#);
    }
}

fn number(app: &Rakomi<'_>, claim: &str) -> i64 {
    let claims: serde_json::Value = serde_json::from_str(&app.claims().claims).unwrap();
    claims[claim].as_i64().unwrap()
}

/// How many clients present the same token at once.
const RACERS: usize = 16;

/// One race: everybody waits at the gate, then everybody presents the same token. Answers with the bodies.
async fn race(t: &Arc<Server>, token: &str) -> Vec<(u16, String)> {
    let gate = Arc::new(Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            let (t, gate, token) = (Arc::clone(t), Arc::clone(&gate), token.to_owned());
            tokio::spawn(async move {
                let app = t.rakomi().from(&format!("198.51.100.{racer}"));
                gate.wait().await;
                let answer = app.refresh(&token).await;
                (answer.status, answer.text().to_owned())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        answers.push(racer.await.unwrap());
    }
    answers
}

races! {
    /// At most one live leaf, at least one working pair, and an honest client with many tabs stays logged in.
    async fn rt02_of_sixteen_racers_all_get_the_one_successor_and_the_family_never_forks(t: Arc<Server>) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let mut token = app.refresh_token().to_owned();
        for round in 1..=30 {
            let answers = race(&t, &token).await;

            assert!(
                answers
                    .iter()
                    .all(|answer| *answer == answers[0] && answer.0 == 200),
                "round {round}: {answers:?}"
            );
            assert_eq!(family(&t, &app).await, (round + 1, round));
            let body: serde_json::Value = serde_json::from_str(&answers[0].1).unwrap();
            body["refresh_token"].as_str().unwrap().clone_into(&mut token);
            t.advance(OVERLAP);
        }
        t.rakomi().refresh(&token).await.ok(200);
    }
}

races! {
    /// The same where nobody has used the successor and its overlap is over (row 5).
    async fn rt02_rt03_of_sixteen_racers_one_replaces_the_lost_successor_and_the_others_get_the_same(t: Arc<Server>) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.refresh(app.refresh_token()).await.ok(200);
        for round in 1..=20 {
            t.advance(OVERLAP);

            let answers = race(&t, app.refresh_token()).await;

            assert!(
                answers
                    .iter()
                    .all(|answer| *answer == answers[0] && answer.0 == 200),
                "round {round}: {answers:?}"
            );
            assert_eq!(family(&t, &app).await, (round + 2, 1));
        }
    }
}
