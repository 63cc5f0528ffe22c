//! What is written down, what is logged and counted, and what a stolen or restored database is good for.

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_model::SystemClock;
use vestibule_ops::admin::{instance, users};
use vestibule_server::config::{Config, Profile};
use vestibule_server::instance::{Setup, open};
use vestibule_store::Role;
use vestibule_store::audit::{Entry, Outcome};
use vestibule_testkit::{Act, Answer, BEGINNING, Environment, PASSWORD, SOMEWHERE, Sql, operator, stories};

const CANARY: &str = "canary-2b91-sings-below-the-hill";
const OTHER_CANARY: &str = "canary-77c0-sleeps-in-the-attic";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Asserts one audit row: who, when, from where, through which door, what, how it ended, and the answer that told it.
#[track_caller]
fn is_row(rows: &[Entry], act: Act, outcome: Outcome, actor: &str, answer: Option<&Answer>) -> Entry {
    let [row] = rows else {
        panic!("one row, not {rows:?}")
    };
    assert_eq!(
        (row.act, row.outcome, row.actor.as_str(), row.at),
        (act, outcome, actor, BEGINNING),
        "{row:?}"
    );
    if let Some(answer) = answer {
        assert_eq!(row.request_id, answer.header("x-request-id").unwrap(), "{row:?}");
        assert_eq!(
            (row.dialect.as_str(), row.ip.clone(), row.user_agent.as_deref()),
            ("rakomi", Some(SOMEWHERE.to_string()), Some("story/1.0")),
            "{row:?}"
        );
    }
    row.clone()
}

/// An instance's configuration with this data folder.
fn configuration(folder: &Path) -> Config {
    let mut config = Config::default();
    config.server.data_dir = folder.to_owned();
    config.hashing.workers = Some(1);
    config
}

fn setup() -> Setup {
    Setup {
        profile: Profile::Production,
        role: Role::Server,
        clock: Arc::new(SystemClock::start()),
        entropy: Arc::new(SystemEntropy),
        create: true,
    }
}

stories! {
    async fn d01_d05_o14_no_secret_is_in_a_log_line_or_on_disk_after_a_whole_life(t: Server) {
        let logs = t.logs();
        let app = t.rakomi();
        app.register("ada@example.org", CANARY).await.ok(201);
        let verify = t.mail_to("ada@example.org").await;
        app.verify(&verify.token()).await.ok(200);
        app.login("ada@example.org", OTHER_CANARY).await.refused(401, "auth/invalid_credentials");
        app.login("nobody@example.org", OTHER_CANARY).await.refused(401, "auth/invalid_credentials");
        let login = app.login("ada@example.org", CANARY).await.ok(200);
        let first = app.clone().with_tokens(&login);
        let second = first.clone().refreshed().await;
        second.me().await.ok(200);
        let third = second.clone().refreshed().await;
        third.change_password(CANARY, OTHER_CANARY).await.ok(200);
        app.forgot("ada@example.org").await.ok(200);
        let waiting = t.bytes_on_disk();
        let reset = t.mails_to("ada@example.org").await.into_iter().find(|mail| mail.link.is_some()).unwrap();
        app.reset(&reset.token(), &format!("{CANARY} again")).await.ok(200);
        let login = app.login("ada@example.org", &format!("{CANARY} again")).await.ok(200);
        let last = app.clone().with_tokens(&login);
        first.refresh(first.refresh_token()).await;
        last.request("POST", "/v1/auth/login").raw_json(format!(r#"{{"email":"{CANARY}","password":["{CANARY}"]}}"#)).send().await.refused(400, "request/invalid_body");
        last.get(&format!("/v1/auth/me?access_token={}", last.access())).await.ok(200);
        last.get(&format!("/v1/{CANARY}")).await.refused(404, "route/not_found");
        last.clone().with_key(&format!("akm_live_{CANARY}")).me().await.refused(401, "api_key/invalid");
        last.clone().bearing(&format!("{CANARY}.{CANARY}.{CANARY}")).me().await.refused(401, "auth/not_authenticated");
        last.refresh(&format!("rt_{CANARY}")).await.refused(401, "auth/invalid_refresh_token");
        last.logout().await.ok(204);
        t.lose_the_database().await;
        last.login("ada@example.org", CANARY).await.refused(503, "server/unavailable");

        let logs = logs.so_far();
        assert!(!logs.is_empty(), "something is logged at trace level");
        let disk = t.bytes_on_disk();
        assert!(disk.len() > 100_000, "the database is there");
        let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
        let secrets = [
            CANARY.to_owned(), OTHER_CANARY.to_owned(), signature(first.access()), signature(third.access()), signature(last.access()),
            signature(first.refresh_token()), signature(third.refresh_token()), signature(last.refresh_token()), verify.token(), reset.token(),
            t.keys.live.api.clone(), t.keys.live.secret.clone(), t.keys.test.publishable.clone(),
        ];
        for secret in &secrets {
            assert!(!logs.contains(secret), "{secret} is in a log line");
            assert!(!contains(&disk, secret), "{secret} is on disk");
            assert!(!contains(&waiting, secret), "{secret} is on disk while mail waits");
        }
        for mail in [&verify, &reset] {
            let link = mail.link.clone().unwrap();
            assert!(!contains(&waiting, &link) && !contains(&disk, &link), "{link} is on disk");
            assert!(!contains(&disk, &format!("\"{}\"", mail.code())), "the code is on disk");
        }
        let private: &[u8] = include_bytes!("../../../crates/testkit/src/keys/live.pk8");
        assert!(!disk.windows(32).any(|window| window == &private[100..132]), "a private key is on disk");
    }

    async fn d02_what_a_client_says_writes_no_line_of_the_log_and_moves_no_cursor(t: Server) {
        let logs = t.logs();
        let forged = "x\u{1b}[31mred\r\n2026-03-03T12:00:00Z ERROR forged: line\u{2028}\u{85}";
        let app = t.rakomi().agent("x\u{2028}forged: agent\u{85}");
        for email in [forged, &format!("{forged}@example.org")] {
            app.login(email, forged).await.refused(401, "auth/invalid_credentials");
            app.forgot(email).await.ok(200);
            app.register(email, PASSWORD).await.refused(400, "request/invalid_body");
        }
        app.refresh(forged).await.refused(401, "auth/invalid_refresh_token");
        app.logout_by(json!({"session_id": forged})).await.refused(401, "auth/not_authenticated");
        t.lose_the_database().await;
        app.login(forged, forged).await.refused(503, "server/unavailable");

        let logs = logs.so_far();
        assert!(!logs.is_empty());
        assert!(logs.lines().all(|line| !line.starts_with("2026-03-03T12:00:00Z ERROR forged")), "{logs}");
        assert!(!logs.contains('\u{1b}') && !logs.contains('\u{2028}') && !logs.contains('\u{85}'), "{logs}");
    }

    async fn d03_every_act_is_written_down_with_who_when_where_and_how_it_ended(t: Server) {
        let app = t.rakomi();
        let register = app.register("ada@example.org", PASSWORD).await.ok(201);
        let row = is_row(&t.audit_rows().await, Act::UserRegistered, Outcome::Success, "user", Some(&register));
        let user = row.user.unwrap();
        assert_eq!(user.to_string(), register.string("user_id"));

        let unknown = app.login("nobody@example.org", "wrong").await;
        let row = is_row(&t.audit_rows().await, Act::LoginRefused, Outcome::Refused, "client", Some(&unknown));
        assert_eq!((row.user, row.detail.as_deref()), (None, Some("wrong password")));
        let wrong = app.login("ada@example.org", "wrong").await;
        let row = is_row(&t.audit_rows().await, Act::LoginRefused, Outcome::Refused, "client", Some(&wrong));
        assert_eq!(row.user, Some(user));
        let login = app.login("ada@example.org", PASSWORD).await.ok(200);
        let app = app.with_tokens(&login);
        let row = is_row(&t.audit_rows().await, Act::LoginSucceeded, Outcome::Success, "user", Some(&login));
        assert_eq!((row.user, row.session.map(|session| session.to_string())), (Some(user), Some(app.session())));

        let verify = app.verify(&t.mail_to("ada@example.org").await.token()).await.ok(200);
        assert_eq!(is_row(&t.audit_rows().await, Act::EmailVerified, Outcome::Success, "user", Some(&verify)).user, Some(user));
        let guessed = app.verify("nonsense").await;
        is_row(&t.audit_rows().await, Act::SecretRefused, Outcome::Refused, "client", Some(&guessed));
        let forgot = app.forgot("ada@example.org").await.ok(200);
        let row = is_row(&t.audit_rows().await, Act::MailRequested, Outcome::Success, "client", Some(&forgot));
        assert_eq!(row.user, Some(user));
        let refused = app.change_password("wrong", "a new and better one").await;
        is_row(&t.audit_rows().await, Act::PasswordChangeRefused, Outcome::Refused, "client", Some(&refused));
        let changed = app.change_password(PASSWORD, "a new and better one").await.ok(200);
        let row = is_row(&t.audit_rows().await, Act::PasswordChanged, Outcome::Success, "user", Some(&changed));
        assert_eq!(row.session.map(|session| session.to_string()), Some(app.session()));

        let old = app.clone();
        let app = app.refreshed().await.refreshed().await;
        assert!(t.audit_rows().await.is_empty(), "a refresh is no act");
        let reused = old.refresh(old.refresh_token()).await;
        let row = is_row(&t.audit_rows().await, Act::RefreshReused, Outcome::Refused, "client", Some(&reused));
        assert_eq!((row.user, row.session.map(|session| session.to_string())), (Some(user), Some(app.session())));
        let login = app.login("ada@example.org", "a new and better one").await.ok(200);
        t.audit_rows().await;
        let logout = app.clone().with_tokens(&login).logout().await.ok(204);
        is_row(&t.audit_rows().await, Act::SessionRevoked, Outcome::Success, "user", Some(&logout));

        let stored = users::find(t.core(), t.project.realm(Environment::Live), user).await.unwrap().unwrap();
        users::disable(t.core(), &operator(), &stored).await.unwrap();
        let row = is_row(&t.audit_rows().await, Act::UserDisabled, Outcome::Success, "operator:story", None);
        assert_eq!((row.user, row.dialect.as_str(), row.ip), (Some(user), "", None));
    }

    async fn d03_what_cannot_be_written_down_is_not_done(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (app, other) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&eve).await);
        app.forgot(&ada.email).await.ok(200);
        let reset = t.mail_to(&ada.email).await.token();
        app.resend(&ada.email).await.ok(200);
        let verify = t.mail_to(&ada.email).await.token();
        let before = t.tally().await;
        let refuse = Sql::pair(
            "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'on purpose'); END",
            "CREATE TRIGGER refuse BEFORE INSERT ON audit EXECUTE FUNCTION on_purpose()",
        );
        t.tamper(refuse, vec![]).await;

        let answers = [
            app.register("new@example.org", PASSWORD).await, app.login(&ada.email, &ada.password).await, app.verify(&verify).await,
            app.reset(&reset, "a new and better one").await, app.change_password(PASSWORD, "a new and better one").await,
            app.logout().await, app.forgot(&eve.email).await, other.end_session(&other.session()).await,
        ];
        for answer in answers {
            assert!(answer.status >= 500, "{answer}");
        }
        let user = t.stored(&ada).await.unwrap();
        assert!(users::disable(t.core(), &operator(), &user).await.is_err());
        t.tamper(Sql::pair("DROP TRIGGER refuse", "DROP TRIGGER refuse ON audit"), vec![]).await;

        let mut after = t.tally().await;
        (after.hashes, after.rows) = (before.hashes, { let mut rows = after.rows; rows.insert("login_attempts", before.rows["login_attempts"]); rows });
        assert_eq!(after, before, "no row of any kind");
        app.me().await.ok(200);
        other.me().await.ok(200);
        assert_eq!(app.me().await.json()["email_verified"], json!(false));
        app.login(&ada.email, PASSWORD).await.ok(200);
        app.verify(&verify).await.ok(200);
        app.reset(&reset, "a new and better one").await.ok(200);
    }

    async fn d08_a_restored_backup_revives_no_session_and_no_mailed_secret(t: Server) {
        let (ada, tess) = (t.user("ada@example.org").await, t.user("tess@example.org").in_test().await);
        let apps = [t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await, t.rakomi().with_key(&t.keys.test.api).signed_in(&tess).await];
        for app in &apps {
            app.me().await.ok(200);
        }
        apps[0].forgot(&ada.email).await.ok(200);
        let reset = t.mail_to(&ada.email).await.token();
        apps[0].resend(&ada.email).await.ok(200);
        let verify = t.mail_to(&ada.email).await;
        t.audit_rows().await;

        let ended = instance::after_restore(t.core(), &operator(), |_| {}).await.unwrap();

        assert!(ended >= 5, "{ended} sessions and secrets");
        t.audited([Act::Restored]).await;
        for app in &apps {
            app.me().await.refused(401, "token/revoked");
            app.refresh(app.refresh_token()).await.refused(401, "auth/session_revoked");
        }
        apps[0].reset(&reset, "a new and better one").await.refused(400, "auth/token_invalid");
        apps[0].verify(&verify.token()).await.refused(400, "auth/token_invalid");
        apps[0].verify_by_code(&ada.email, &verify.code()).await.refused(400, "auth/token_invalid");
        apps[0].login(&ada.email, &ada.password).await.ok(200);
        apps[2].login(&tess.email, &tess.password).await.ok(200);
    }

    async fn d12_no_figure_names_a_person_an_address_or_a_secret(t: Server) {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.me().await.ok(200);
        app.login(&ada.email, "wrong").await;
        app.forgot(&ada.email).await.ok(200);
        app.get("/v1/canary").await;
        app.get(&format!("/canary/{}", ada.id)).await;
        app.request("CANARY", "/v1/auth/me").send().await;
        app.end_session(&app.session()).await.ok(204);

        let figures = handle.render();

        assert!(figures.contains(r#"endpoint="login""#) && figures.contains(r#"endpoint="revoke_session""#), "{figures}");
        for secret in ["ada@", "example.org", "canary", "CANARY", &ada.id.to_string(), &app.session(), &SOMEWHERE.to_string(), "story/1.0", &t.project.id.to_string()] {
            assert!(!figures.contains(secret), "{secret}: {figures}");
        }
    }
}

/// D06: never a new key in the place of a lost one.
#[tokio::test]
async fn d06_with_a_wrong_or_missing_master_key_the_server_refuses_to_start_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let (config, key) = (configuration(folder.path()), folder.path().join("master.key"));
    let core = open(&config, "https://auth.example.com", &setup()).await.unwrap();
    core.store.db.close().await;
    drop(core);
    let right = std::fs::read_to_string(&key).unwrap();
    let name = |text: &str| vestibule_keys::MasterKey::parse(text).unwrap().id().to_string();
    let refused = async || match open(&config, "https://auth.example.com", &setup()).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    };

    std::fs::remove_file(&key).unwrap();
    let missing = refused().await;
    assert!(
        missing.contains(&name(&right))
            && missing.contains(key.to_str().unwrap())
            && missing.contains("is missing"),
        "{missing}"
    );
    assert!(!key.exists(), "a new key was made in its place");

    let wrong = vestibule_keys::MasterKey::generate(&SystemEntropy);
    keep(&key, &wrong.text());
    let told = refused().await;
    assert!(
        told.contains(&name(&right))
            && told.contains(&wrong.id().to_string())
            && told.contains("is not the one"),
        "{told}"
    );

    keep(&key, "nonsense");
    assert!(refused().await.contains(key.to_str().unwrap()));

    keep(&key, &right);
    open(&config, "https://auth.example.com", &setup())
        .await
        .unwrap()
        .store
        .db
        .close()
        .await;
}

/// Writes a file that only its owner can read.
fn keep(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The file is made private, and a server that finds it exposed does not start.
#[tokio::test]
async fn d09_a_master_key_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (config, key) = (configuration(folder.path()), folder.path().join("master.key"));
    open(&config, "https://auth.example.com", &setup())
        .await
        .unwrap()
        .store
        .db
        .close()
        .await;
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o604)).unwrap();

    let Err(refused) = open(&config, "https://auth.example.com", &setup()).await else {
        panic!("it starts")
    };

    assert!(refused.to_string().contains("chmod 600"), "{refused}");
}
