//! Family P: what a password may be, and how it is kept.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{PASSWORD, Persona, Server, Sql, Value, stories};

/// What is stored of somebody's password.
async fn stored_hash(t: &Server, persona: &Persona) -> String {
    t.words(
        Sql::same("SELECT hash FROM credentials WHERE user_id = $1"),
        &[Value::from(persona.id.bytes())],
    )
    .await
}

async fn tamper_with_hash(t: &Server, persona: &Persona, hash: &str) {
    let bind = vec![Value::from(persona.id.bytes()), Value::from(hash)];
    t.tamper(
        Sql::same("UPDATE credentials SET hash = $2 WHERE user_id = $1"),
        bind,
    )
    .await;
}

/// Resolves when a password is being hashed.
async fn begun(t: &Server) {
    while t.core().pool.stats().busy == 0 {
        tokio::task::yield_now().await;
    }
}

/// Registers with a password, and asserts that it and nothing else logs in.
async fn holds(t: &Server, number: usize, password: &str, others: &[&str]) {
    let email = format!("user-{number}@example.org");
    let app = t.rakomi().from(&format!("198.51.100.{}", number % 250));
    app.register(&email, password).await.ok(201);
    app.login(&email, password).await.ok(200);
    for other in others {
        app.login(&email, other)
            .await
            .refused(401, "auth/invalid_credentials");
    }
}

stories! {
    async fn p01_long_passwords_are_taken_whole(t: Server) {
        let text: String = (0..).map(|n: u32| format!("{:x}", n.wrapping_mul(2_654_435_761))).take(200).collect();
        for (number, length) in [64, 128, 256, 1024].into_iter().enumerate() {
            holds(&t, number, &text[..length], &[&text[..length - 1], &text[1..length]]).await;
        }
    }

    async fn p02_beyond_1024_bytes_a_password_is_refused_on_set_and_simply_wrong_at_login(t: Server) {
        let ada = t.user("ada@example.org").await;
        let long = "0123456789abcdef".repeat(64) + "x";
        let app = t.rakomi();

        app.register("bob@example.org", &long).await.refused(400, "auth/weak_password");
        app.clone().signed_in(&ada).await.change_password(&ada.password, &long).await.refused(400, "auth/weak_password");
        let (long, as_long) = (t.cost_of(app.login(&ada.email, &long)).await, t.cost_of(app.login(&ada.email, "wrong")).await);

        long.0.refused(401, "auth/invalid_credentials");
        assert_eq!((long.0.masked(), long.1.hashes), (as_long.0.masked(), as_long.1.hashes));
    }

    async fn p03_a_body_beyond_the_limit_is_refused_without_any_hash(t: Server) {
        let ada = t.user("ada@example.org").await;
        let (answer, cost) = t.cost_of(t.rakomi().login(&ada.email, &"x".repeat(1 << 20))).await;

        answer.refused(413, "request/too_large");
        assert_eq!((cost.hashes, cost.rows["login_attempts"]), (0, 0));
    }

    async fn p04_passwords_that_are_equal_in_72_bytes_are_not_interchangeable(t: Server) {
        let head = "a0b1c2d3e4f5g6h7i8j9k0l1m2n3o4p5q6r7s8t9u0v1w2x3y4z5A6B7C8D9E0F1G2H3I4J5";
        assert_eq!(head.len(), 72);
        holds(&t, 1, &format!("{head}one"), &[&format!("{head}two"), head]).await;
    }

    async fn p04_an_imported_bcrypt_hash_takes_no_longer_password_and_is_replaced_at_the_first_login(t: Server) {
        let bcrypt = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
        let (ada, app) = (t.user("ada@example.org").imported(bcrypt, PASSWORD).await, t.rakomi());

        let longer = format!("{PASSWORD}\u{1}{}", "x".repeat(72));
        app.login(&ada.email, &longer).await.refused(401, "auth/invalid_credentials");
        assert!(stored_hash(&t, &ada).await.contains(bcrypt));
        app.login(&ada.email, PASSWORD).await.ok(200);

        assert!(stored_hash(&t, &ada).await.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
        app.login(&ada.email, PASSWORD).await.ok(200);
        app.login(&ada.email, "wrong").await.refused(401, "auth/invalid_credentials");
    }

    async fn p05_a_nul_is_refused_never_an_end(t: Server) {
        let (ada, app) = (t.user("ada@example.org").await, t.rakomi());
        let with_nul = format!("{PASSWORD}\0x");

        assert_eq!(app.register("bob@example.org", &with_nul).await.status, 400);
        assert_eq!(app.login(&ada.email, &with_nul).await.status, 400);
    }

    async fn p06_one_normalisation_composes_and_folds_nothing_else(t: Server) {
        let composed = "caf\u{e9} cr\u{e8}me br\u{fb}l\u{e9}e";
        let decomposed = "cafe\u{301} cre\u{300}me bru\u{302}le\u{301}e";
        holds(&t, 1, composed, &["cafe creme brulee"]).await;
        t.rakomi().login("user-1@example.org", decomposed).await.ok(200);
        holds(&t, 2, "order \u{2460} of the phoenix", &["order 1 of the phoenix"]).await;
        holds(&t, 3, "the \u{fb01}sh in the pond", &["the fish in the pond"]).await;
    }

    async fn p07_p09_nothing_of_a_password_is_trimmed_folded_or_dropped(t: Server) {
        for (number, (password, others)) in [
            ("  two spaces before", vec!["two spaces before", " two spaces before"]),
            ("two spaces after  ", vec!["two spaces after", "two spaces after "]),
            ("two  spaces  within", vec!["two spaces within"]),
            ("Case Matters Always", vec!["case matters always", "cASE mATTERS aLWAYS"]),
            ("\u{1f511}\u{1f40e}\u{1f50b}\u{1f4ce} keys", vec!["\u{1f511}\u{1f40e}\u{1f50b} keys", "???? keys"]),
            ("\u{5e1}\u{5d9}\u{5e1}\u{5de}\u{5d4} \u{5d8}\u{5d5}\u{5d1}\u{5d4}", vec!["\u{5d8}\u{5d5}\u{5d1}\u{5d4} \u{5e1}\u{5d9}\u{5e1}\u{5de}\u{5d4}"]),
            ("zero\u{200b}width matters", vec!["zerowidth matters"]),
        ].into_iter().enumerate() {
            holds(&t, number, password, &others).await;
        }
    }

    async fn p08_what_is_not_unicode_is_refused_never_replaced(t: Server) {
        let app = t.rakomi();
        for path in ["/v1/auth/register", "/v1/auth/login"] {
            for password in [&b"good password \xff\xfe"[..], b"good password \xc3\x28", b"good password \xed\xa0\x80", br"good password \ud800"] {
                let body = [br#"{"email":"ada@example.org","password":""#, password, br#""}"#].concat();
                app.request("POST", path).raw_json(body).send().await.refused(400, "request/invalid_body");
            }
        }
    }

    async fn p10_common_passwords_are_refused_at_every_door_where_one_is_set(t: Server) {
        let common = [
            "password", "12345678", "123456789", "1234567890", "qwertyuiop", "iloveyou", "password1", "sunshine", "princess",
            "football", "baseball", "superman", "trustno1", "letmein1", "1q2w3e4r", "qwerty123", "passw0rd", "Password1",
        ];
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let token = {
            app.forgot(&ada.email).await.ok(200);
            t.mail_to(&ada.email).await.token()
        };
        for (number, password) in common.into_iter().enumerate() {
            let app = app.clone().from(&format!("198.51.100.{number}"));
            app.register("bob@example.org", password).await.refused(400, "auth/weak_password");
            app.change_password(&ada.password, password).await.refused(400, "auth/weak_password");
            app.reset(&token, password).await.refused(400, "auth/weak_password");
            assert!(t.user("bob@example.org").password(password).try_make().await.is_err(), "an operator set {password}");
        }
        app.anonymous().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn p10_the_documents_sample_passwords_are_taken(t: Server) {
        for (number, sample) in
            ["SecureP@ss123", "securepassword", "newSecurePassword123", "StrongP@ss123", "EvenStronger@456"].into_iter().enumerate()
        {
            holds(&t, number, sample, &[]).await;
        }
    }

    async fn p13_no_mix_of_characters_is_demanded(t: Server) {
        for (number, password) in ["meadowlarkfountain", "8402759163047", "JUNIPERVALLEYCROW"].into_iter().enumerate() {
            holds(&t, number, password, &[]).await;
        }
    }

    async fn p12_ones_own_address_is_no_password(t: Server) {
        for address in ["70john.smith1980@example.org", "70JOHN.SMITH1980@EXAMPLE.ORG"] {
            t.rakomi().register("70john.smith1980@example.org", address).await.refused(400, "auth/weak_password");
        }
    }

    async fn p14_length_is_counted_in_characters_and_its_minimum_is_a_setting(t: Server) {
        let app = t.rakomi();
        let seven = "\u{1f511}\u{1f40e}\u{1f50b}\u{1f4ce}\u{1f98a}\u{1f335}\u{1f3bb}";
        let refused = app.register("ada@example.org", seven).await;
        assert_eq!(refused.refused(400, "auth/weak_password").string("detail"), "The password must have at least 8 characters");
        app.register("ada@example.org", &format!("{seven}\u{1fa81}")).await.ok(201);

        t.set("dialects.rakomi.password_minimum", 15).await;
        app.register("bob@example.org", "meadowlark-cro").await.refused(400, "auth/weak_password");
        app.register("bob@example.org", "meadowlark-crow").await.ok(201);
        app.login("ada@example.org", &format!("{seven}\u{1fa81}")).await.ok(200);
    }

    async fn p15_a_change_needs_the_current_password_and_failures_count_towards_the_lock(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.audit_rows().await;

        let answer = app.post("/v1/auth/change-password", json!({"new_password": "a new and better one"})).await;
        assert_eq!(answer.wrong_fields(), ["current_password"]);
        for _ in 0..5 {
            app.change_password("wrong", "a new and better one").await.refused(400, "auth/current_password_incorrect");
            app.clone().anonymous().login(&ada.email, "wrong").await.refused(401, "auth/invalid_credentials");
        }

        app.change_password(&ada.password, "a new and better one").await.refused(429, "auth/account_locked");
        app.clone().anonymous().login(&ada.email, &ada.password).await.refused(429, "auth/account_locked");
        t.advance(Duration::from_secs(61));
        app.change_password(&ada.password, "a new and better one").await.ok(200);
    }

    async fn p16_hashes_of_boundless_cost_are_refused_at_import_and_at_login(t: Server) {
        let salt_and_hash = "c2FsdHNhbHRzYWx0c2FsdA$BVMRKqdiVYikKAaPR1wucsKUKvw4TuPLkdEYtoSHas4";
        for (number, hash) in [
            format!("$argon2id$v=19$m=8388608,t=1,p=1${salt_and_hash}"),
            format!("$argon2id$v=19$m=19456,t=1000,p=1${salt_and_hash}"),
            "$2b$20$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS".to_owned(),
            format!("$scrypt$ln=31,r=8,p=1${salt_and_hash}"),
            format!("$pbkdf2-sha256$i=1000000000,l=32${salt_and_hash}"),
            "$6$rounds=999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5".to_owned(),
        ]
        .into_iter()
        .enumerate()
        {
            assert!(t.user("bob@example.org").imported(&hash, PASSWORD).try_make().await.is_err(), "{hash}");
            let ada = t.user(&format!("ada-{number}@example.org")).await;
            tamper_with_hash(&t, &ada, &hash).await;
            t.rakomi().login(&ada.email, &ada.password).await.refused(401, "auth/invalid_credentials");
        }
    }

    async fn p17_a_stored_hash_that_cannot_be_read_lets_nobody_in(t: Server) {
        let ada = t.user("ada@example.org").await;
        let good = stored_hash(&t, &ada).await;
        for (number, damaged) in ["", "$", "plain", "$argon2id$v=19$m=19456,t=2,p=1$", "$unknown$x$y", "p\u{e4}ssword", &good[..good.len() / 2], &good[1..]]
            .into_iter()
            .enumerate()
        {
            tamper_with_hash(&t, &ada, damaged).await;
            let app = t.rakomi().from(&format!("198.51.100.{number}"));
            let (answer, cost) = t.cost_of(app.login(&ada.email, &ada.password)).await;
            answer.refused(401, "auth/invalid_credentials");
            assert_eq!(cost.hashes, 1, "{damaged}");
        }
        tamper_with_hash(&t, &ada, &good).await;
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn p18_who_has_no_password_logs_in_with_none(t: Server) {
        let (ada, app) = (t.user("ada@example.org").passwordless().await, t.rakomi());

        for absent in [json!({"email": &ada.email}), json!({"email": &ada.email, "password": null}), json!({"email": &ada.email, "password": ""})] {
            assert_eq!(app.post("/v1/auth/login", absent).await.wrong_fields(), ["password"]);
        }
        app.login(&ada.email, " ").await.refused(401, "auth/invalid_credentials");
        app.login(&ada.email, "null").await.refused(401, "auth/invalid_credentials");
    }

    async fn p20_a_hash_is_finished_although_its_client_has_gone(t: Server) {
        let ada = t.user("ada@example.org").await;
        let done = t.hashes().await;
        for number in 0..3 {
            let app = t.rakomi();
            tokio::select! {
                answer = app.login(&ada.email, "wrong") => panic!("answered before its hash began: {answer}"),
                () = begun(&t) => {}
            }
            assert_eq!(t.core().pool.stats().busy, 1, "the worker goes on although the request is gone");
            assert_eq!(t.hashes().await - done, number + 1);
        }
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
        assert_eq!(t.hashes().await - done, 4);
    }

    async fn p21_an_outdated_hash_is_replaced_and_a_change_of_password_always_wins(t: Server) {
        let weak = "pbkdf2_sha256$1000$saltsalt$2vLrmxK8YFROnGTL6oinO4bfT02gvTppeFbz7HWz5X0=";
        for round in 0..8 {
            let ada = t.user(&format!("ada-{round}@example.org")).imported(weak, PASSWORD).await;
            let app = t.rakomi().from(&format!("198.51.100.{round}"));
            let signed_in = app.clone().signed_in(&ada).await;
            assert!(stored_hash(&t, &ada).await.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
            tamper_with_hash(&t, &ada, weak).await;

            let change = signed_in.change_password(PASSWORD, "a new and better one");
            let (changed, _) = tokio::join!(change, app.login(&ada.email, PASSWORD));

            changed.ok(200);
            app.login(&ada.email, PASSWORD).await.refused(401, "auth/invalid_credentials");
            app.login(&ada.email, "a new and better one").await.ok(200);
        }
    }

    async fn p23_a_server_whose_hashes_would_be_cheaper_than_the_floor_does_not_start(t: Server) {
        for (memory, iterations) in [(19_455, 2), (19_456, 1), (1_024, 10)] {
            let refusal = t.refusal_to_start(|config| {
                (config.hashing.memory, config.hashing.iterations) = (memory, iterations);
            });
            let refusal = refusal.await;
            assert!(refusal.contains("hashing") && refusal.contains("19456"), "{refusal}");
        }
    }

    async fn p24_passwords_and_tokens_are_nowhere_on_disk_in_no_log_and_in_no_answer(t: Server) {
        let logs = t.logs();
        let canary = "canary-7f3a-swings-above-the-lake";
        let app = t.rakomi();
        let mut answers = vec![app.register("ada@example.org", canary).await, app.login("ada@example.org", canary).await];
        let app = app.with_tokens(&answers[1]);
        answers.push(app.change_password(canary, "password").await);
        answers.push(app.change_password(&canary[1..], canary).await);
        answers.push(app.me().await);
        let mail = t.mail_to("ada@example.org").await;

        let eve = t.user("eve@example.org").password(canary).await;
        tamper_with_hash(&t, &eve, "damaged").await;
        answers.push(t.rakomi().login(&eve.email, canary).await);
        let logs = logs.so_far();
        assert!(logs.contains("a stored password hash cannot be verified"), "what is logged is seen: {logs}");
        for answer in &answers {
            assert!(!answer.text().contains(canary), "{answer}");
        }
        let disk = t.bytes_on_disk();
        assert!(disk.len() > 100_000, "the database is there");
        let access = app.access().to_owned();
        let link = mail.link.clone().unwrap();
        for secret in [canary, app.refresh_token(), &access[access.len() - 60..], &mail.token(), &link, &t.keys.live.api] {
            let found = disk.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "{secret} is on disk");
            assert!(!logs.contains(secret), "{secret} is in the log");
        }
        let known = disk.windows(15).any(|bytes| bytes == b"ada@example.org");
        assert!(known, "the search finds what is there");
    }
}
