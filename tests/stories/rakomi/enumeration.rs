//! Family E: nobody learns from an answer, or from the work behind it, who has an account.

use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{Answer, PASSWORD, Server, Tally, stories};

const NOBODY: &str = "nobody@example.org";

/// Two requests that must not be told apart: the same answer, byte for byte, after the same work.
#[track_caller]
fn alike((one, first): (Answer, Tally), (other, second): (Answer, Tally)) {
    assert_eq!(one.masked(), other.masked());
    assert_eq!(first, second);
}

async fn login(t: &Server, email: &str, password: &str) -> (Answer, Tally) {
    t.cost_of(t.rakomi().login(email, password)).await
}

async fn post(t: &Server, target: &str, body: Value) -> (Answer, Tally) {
    t.cost_of(t.rakomi().post(target, body)).await
}

stories! {
    async fn e01_e02_an_unknown_address_and_a_wrong_password_get_the_same_answer_after_the_same_work(t: Server) {
        let ada = t.user("ada@example.org").await;

        let (known, unknown) = (login(&t, &ada.email, "wrong").await, login(&t, NOBODY, "wrong").await);

        known.0.refused(401, "auth/invalid_credentials");
        assert_eq!(known.1.hashes, 1);
        alike(known, unknown);
    }

    async fn e03_a_wrong_password_does_not_tell_accounts_of_any_kind_apart(t: Server) {
        t.set("dialects.rakomi.verified_email", true).await;
        let unverified = t.user("unverified@example.org").await;
        let disabled = t.user("disabled@example.org").disabled().await;
        let passwordless = t.user("passwordless@example.org").passwordless().await;
        let bcrypt = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
        let imported = t.user("imported@example.org").imported(bcrypt, PASSWORD).await;

        for persona in [unverified, disabled, passwordless, imported] {
            let unknown = login(&t, &format!("no-{}", persona.email), "wrong").await;
            unknown.0.refused(401, "auth/invalid_credentials");
            alike(login(&t, &persona.email, "wrong").await, unknown);
        }
    }

    async fn e03_a_locked_account_looks_like_a_locked_name_that_is_nobodys(t: Server) {
        let ada = t.user("ada@example.org").locked().await;
        for _ in 0..10 {
            t.rakomi().login(NOBODY, "wrong").await.refused(401, "auth/invalid_credentials");
        }

        let (known, unknown) = (login(&t, &ada.email, "wrong").await, login(&t, NOBODY, "wrong").await);

        known.0.refused(429, "auth/account_locked");
        assert_eq!((known.0.header("retry-after"), known.1.hashes), (Some("60"), 0));
        alike(login(&t, &ada.email, &ada.password).await, login(&t, NOBODY, "right").await);
        alike(known, unknown);
    }

    async fn e04_disabled_is_said_only_to_who_knows_the_password(t: Server) {
        let ada = t.user("ada@example.org").disabled().await;
        let app = t.rakomi();

        app.login(&ada.email, "wrong").await.refused(401, "auth/invalid_credentials");
        app.login(&ada.email, &ada.password).await.refused(403, "auth/user_disabled");
    }

    async fn e04_unverified_is_said_only_to_who_knows_the_password(t: Server) {
        t.set("dialects.rakomi.verified_email", true).await;
        let (ada, app) = (t.user("ada@example.org").await, t.rakomi());

        app.login(&ada.email, "wrong").await.refused(401, "auth/invalid_credentials");
        app.login(&ada.email, &ada.password).await.refused(403, "auth/email_not_verified");

        let verified = t.user("verified@example.org").verified().await;
        app.login(&verified.email, &verified.password).await.ok(200);
    }

    async fn e05_asking_for_a_reset_is_the_same_for_known_and_unknown_and_mails_afterwards(t: Server) {
        let ada = t.user("ada@example.org").await;
        let ask = async |email: &str| post(&t, "/v1/auth/forgot-password", json!({"email": email})).await;

        let (known, unknown) = (ask(&ada.email).await, ask(NOBODY).await);

        known.0.clone().ok(200);
        assert_eq!((known.1.rows["outbox"], known.1.rows["mailed_secrets"], known.1.rows["audit"]), (1, 1, 1));
        alike(known, unknown);
        alike(ask("").await, ask("").await);
        alike(ask("not an address").await, ask(NOBODY).await);
        assert_eq!(t.mails_waiting().await, 4, "nothing has left before the answers");
        assert_eq!((t.mails_to(&ada.email).await.len(), t.mails_to(NOBODY).await.len()), (1, 0));
        assert_eq!(t.mails_waiting().await, 0);
    }

    async fn e06_asking_for_verification_is_the_same_for_unknown_unverified_and_verified(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").verified().await);
        let ask = async |email: &str| post(&t, "/v1/auth/resend-verification", json!({"email": email})).await;

        let unverified = ask(&ada.email).await;

        unverified.0.clone().ok(200);
        alike(unverified.clone(), ask(&eve.email).await);
        alike(unverified, ask(NOBODY).await);
        let counts = [t.mails_to(&ada.email).await.len(), t.mails_to(&eve.email).await.len(), t.mails_to(NOBODY).await.len()];
        assert_eq!(counts, [1, 0, 0]);
    }

    async fn e07_where_a_project_hides_it_a_taken_address_registers_like_a_new_one(t: Server) {
        t.set("registration.hide_existing", true).await;
        let ada = t.user("ada@example.org").await;
        let body = |email: &str| json!({"email": email, "password": "another good one"});
        let register = async |email: &str| post(&t, "/v1/auth/register", body(email)).await;

        let (taken, hashed) = register(&ada.email).await;
        let (free, as_much) = register("bob@example.org").await;

        let shape = |answer: Answer| {
            let mut body = answer.json();
            let id = body["user_id"].take();
            assert_eq!((id.as_str().unwrap().len(), id == json!(ada.id.to_string())), (36, false), "{id}");
            body["email"].take();
            body
        };
        assert_eq!((taken.status, free.status), (201, 201));
        assert_eq!(shape(taken.clone()), shape(free));
        assert_eq!((hashed.hashes, as_much.hashes), (1, 1));
        assert_eq!(taken.string("email"), ada.email);
        let told = t.mail_to(&ada.email).await;
        assert!(told.link.is_none() && told.text.contains("already"), "{told:?}");
        t.rakomi().login(&ada.email, "another good one").await.refused(401, "auth/invalid_credentials");
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn e08_a_conflict_is_told_after_equal_hash_work_and_five_times_an_hour_at_most(t: Server) {
        let ada = t.user("ada@example.org").await;
        let body = || json!({"email": &ada.email, "password": PASSWORD});

        let (conflict, cost) = post(&t, "/v1/auth/register", body()).await;
        conflict.refused(409, "auth/email_taken");
        assert_eq!((cost.hashes, cost.rows["users"]), (1, 0));
        for _ in 1..5 {
            t.rakomi().register(&ada.email, PASSWORD).await.refused(409, "auth/email_taken");
        }
        let sixth = t.rakomi().register(&ada.email, PASSWORD).await;
        sixth.refused(429, "rate_limit/exceeded");
        t.rakomi().from("198.51.100.4").register(&ada.email, PASSWORD).await.refused(409, "auth/email_taken");
        t.advance(Duration::from_mins(61));
        t.rakomi().register(&ada.email, PASSWORD).await.refused(409, "auth/email_taken");
    }

    async fn e09_mailed_secrets_are_judged_without_regard_to_user_ids_in_the_body(t: Server) {
        let ada = t.user("ada@example.org").await;
        let real = ada.id.to_string();
        for path in ["/v1/auth/verify-email", "/v1/auth/reset-password"] {
            let body = |id: &str| json!({"token": "guessed", "password": "a new and better one", "user_id": id, "id": id});
            let (known, random) = (post(&t, path, body(&real)).await, post(&t, path, body("0")).await);
            known.0.refused(400, "auth/token_invalid");
            alike(known, random);
        }
    }

    async fn e09_a_code_for_an_unknown_address_is_as_wrong_as_a_wrong_one(t: Server) {
        let ada = t.user("ada@example.org").await;
        t.rakomi().resend(&ada.email).await.ok(200);
        let code = t.mail_to(&ada.email).await.wrong_code();
        let guess = |email: &str| json!({"email": email, "code": &code});

        let known = post(&t, "/v1/auth/verify-email", guess(&ada.email)).await;

        known.0.refused(400, "auth/token_invalid");
        alike(known, post(&t, "/v1/auth/verify-email", guess(NOBODY)).await);
    }

    async fn e11_e12_the_lock_and_the_budget_count_alike_for_known_and_unknown_names(t: Server) {
        let ada = t.user("ada@example.org").await;
        let mut answers = Vec::new();
        for (from, email) in [("198.51.100.1", ada.email.as_str()), ("198.51.100.2", NOBODY)] {
            let app = t.rakomi().from(from);
            let mut seen = Vec::new();
            for _ in 0..13 {
                let answer = app.login(email, "wrong").await;
                let header = |name| answer.header(name).map(str::to_owned);
                seen.push((header("ratelimit"), header("retry-after"), answer.status, answer.clone().masked()));
            }
            answers.push(seen);
        }
        assert_eq!(answers[0], answers[1]);
        let statuses: Vec<_> = answers[0].iter().map(|(.., status, _)| *status).collect();
        assert_eq!((&statuses[..10], &statuses[10..]), (&[401; 10][..], &[429; 3][..]));
        assert_eq!(answers[0][0].0.as_deref(), Some("limit=60, remaining=59, reset=60"));
    }

    async fn e14_the_session_of_another_is_as_absent_as_one_that_never_was(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (ada, eve) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&eve).await);

        let theirs = t.cost_of(eve.end_session(&ada.session())).await;
        let random = t.cost_of(eve.end_session("01926f1a-0000-7000-8000-000000000000")).await;

        theirs.0.refused(404, "session/not_found");
        alike(theirs, random);
        ada.me().await.ok(200);
    }

    async fn e15_a_public_key_opens_no_list_of_users(t: Server) {
        let app = t.rakomi().with_key(&t.keys.live.publishable);
        for path in ["/v1/users", "/v1/users?search=ada", "/v1/auth/users", "/v1/auth/invite", "/v1/admin/users"] {
            app.get(path).await.refused(404, "route/not_found");
        }
    }

    async fn e16_what_cannot_be_read_is_refused_before_anybody_is_looked_up(t: Server) {
        let ada = t.user("ada@example.org").await;
        let send = async |email: &str, kind: &str, body: String| {
            let body = body.replace("EMAIL", email);
            let request = t.rakomi().request("POST", "/v1/auth/login").header("content-type", kind).body(body);
            t.cost_of(request.send()).await
        };
        let json = "application/json";
        for (kind, body, status) in [
            (json, r#"{"email":"EMAIL","password":"#.to_owned(), 400),
            (json, r#"{"email":"EMAIL","password":1}"#.to_owned(), 400),
            (json, r#"{"email":"EMAIL","password":""}"#.to_owned(), 400),
            (json, r#"{"email":"EMAIL"}"#.to_owned(), 400),
            (json, r#"{"email":"EMAIL","email":"EMAIL","password":"x"}"#.to_owned(), 400),
            (json, format!(r#"{{"email":"EMAIL","password":"{}"}}"#, "x".repeat(1 << 17)), 413),
            ("text/plain", r#"{"email":"EMAIL","password":"x"}"#.to_owned(), 415),
        ] {
            let known = send(&ada.email, kind, body.clone()).await;
            assert_eq!((known.0.status, known.1.hashes, known.1.rows["login_attempts"]), (status, 0, 0), "{}", known.0);
            alike(known, send("bob@example.org", kind, body).await);
        }
    }
}
