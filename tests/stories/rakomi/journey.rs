//! The main journey, with whole bodies.

use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{Act, PASSWORD, answered, stories};

stories! {
    async fn registering_answers_201_with_the_new_user_and_mails_a_link_and_a_code(t: Server) {
        let answer = t.rakomi().register("Ada@Example.org", PASSWORD).await;

        answered!(answer, 201, @r#"{"user_id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","email_verified":false,"created_at":"2026-03-03T12:00:00.000Z"}"#);
        t.audited([Act::UserRegistered]).await;
        let mail = t.mail_to("ada@example.org").await;
        assert!(mail.link.clone().unwrap().starts_with("https://auth.example.com/verify-email?token="), "{mail:?}");
        assert!(mail.link.clone().unwrap().ends_with("&action=verify_email"), "{mail:?}");
        assert_eq!((mail.token().len(), mail.code().len()), (43, 6));
    }

    async fn registering_takes_a_name_and_metadata_and_me_shows_them(t: Server) {
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "Ada Lovelace",
            "consent": true, "public_metadata": {"plan": "free", "seats": [1, 2]}});
        let app = t.rakomi();
        app.post("/v1/auth/register", body).await.ok(201);
        let login = app.login("ada@example.org", PASSWORD).await.ok(200);

        let me = app.with_tokens(&login).me().await;

        let me = me.ok(200).json();
        assert_eq!((&me["name"], &me["public_metadata"]), (&json!("Ada Lovelace"), &json!({"plan": "free", "seats": [1, 2]})));
    }

    async fn logging_in_answers_four_fields_and_begins_a_session(t: Server) {
        let ada = t.user("ada@example.org").await;

        let answer = t.rakomi().login("ADA@example.org", &ada.password).await.ok(200);

        let fields: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["access_token", "refresh_token", "token_type", "expires_in"]);
        assert_eq!((answer.string("token_type").as_str(), &answer.json()["expires_in"]), ("Bearer", &json!(900)));
        assert!(answer.string("refresh_token").starts_with("rt_01"), "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        t.audited([Act::LoginSucceeded]).await;
    }

    async fn an_access_token_says_who_where_and_until_when(t: Server) {
        let ada = t.user("ada@example.org").await;

        let app = t.rakomi().signed_in(&ada).await;

        let (token, project, session) = (app.claims(), t.project.id, app.session());
        let key = "tPoBSdJjz3BurXVcLc7roT9UUuZ-SsySL6SZxnePGds";
        assert_eq!(token.header, format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{key}"}}"#));
        let who = format!(r#""iss":"rakomi.com","sub":"{}","aud":"{project}","tenant_id":"{project}","email":"ada@example.org""#, ada.id);
        let until = format!(r#""sid":"{session}","iat":1772539200,"exp":1772540100,"jti":"{session}.1""#);
        assert_eq!(token.claims, format!(r#"{{{who},{until},"rkm_env":"live","roles":[],"permissions":[]}}"#));
    }

    async fn me_shows_the_profile_and_the_live_sessions(t: Server) {
        let ada = t.user("ada@example.org").profile("given_name", "Ada").profile("family_name", "King").verified().await;
        let app = t.rakomi().signed_in(&ada).await;

        let answer = app.me().await;

        answered!(answer, 200, @r#"{"user_id":"019cb391-c200-7f09-9d45-7736936ffa27","email":"ada@example.org","email_verified":true,"created_at":"2026-03-03T12:00:00.000Z","updated_at":"2026-03-03T12:00:00.000Z","name":"Ada King","given_name":"Ada","family_name":"King","roles":[],"permissions":[],"public_metadata":{},"data":[{"id":"019cb391-c200-7c7f-9d44-1eaf80abba61","user_agent":"story/1.0","ip_hash":"901950b3240f835eb1a55837621b2245","created_at":"2026-03-03T12:00:00.000Z","last_used_at":"2026-03-03T12:00:00.000Z","expires_at":"2026-04-02T12:00:00.000Z","is_current":true}]}"#);
    }

    async fn sessions_are_listed_newest_first_and_one_can_be_ended(t: Server) {
        let ada = t.user("ada@example.org").await;
        let phone = t.rakomi().agent("phone").signed_in(&ada).await;
        t.advance(Duration::from_secs(5));
        let laptop = t.rakomi().agent("laptop").from("198.51.100.4").signed_in(&ada).await;

        let listed = laptop.sessions().await.ok(200).json();
        let [newest, oldest] = listed["data"].as_array().unwrap().as_slice() else { panic!("{listed}") };
        assert_eq!((&newest["user_agent"], &newest["is_current"]), (&json!("laptop"), &json!(true)));
        assert_eq!((&oldest["user_agent"], &oldest["is_current"]), (&json!("phone"), &json!(false)));
        assert_ne!(newest["ip_hash"], oldest["ip_hash"]);

        let ended = laptop.end_session(oldest["id"].as_str().unwrap()).await;
        assert_eq!((ended.status, ended.text()), (204, ""));
        phone.me().await.refused(401, "token/revoked");
        phone.refresh(phone.refresh_token()).await.refused(401, "auth/session_revoked");
        laptop.me().await.ok(200);
    }

    async fn refreshing_gives_the_next_pair_and_the_old_access_token_lives_to_its_end(t: Server) {
        let ada = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&ada).await;
        t.advance(Duration::from_mins(5));

        let after = before.clone().refreshed().await;

        assert_ne!(before.refresh_token(), after.refresh_token());
        assert_ne!(before.access(), after.access());
        before.me().await.ok(200);
        after.me().await.ok(200);
        t.advance(Duration::from_mins(11));
        before.me().await.refused(401, "token/expired");
        after.me().await.ok(200);
    }

    async fn a_refresh_token_used_by_two_ends_the_session_of_both(t: Server) {
        let ada = t.user("ada@example.org").await;
        let stolen = t.rakomi().signed_in(&ada).await;
        let owner = stolen.clone().refreshed().await;
        owner.me().await.ok(200);
        t.advance(Duration::from_secs(11));
        t.audit_rows().await;

        let thief = stolen.refresh(stolen.refresh_token()).await;

        thief.refused(401, "auth/refresh_token_reused");
        t.audited([Act::RefreshReused]).await;
        owner.refresh(owner.refresh_token()).await.refused(401, "auth/session_revoked");
        owner.me().await.refused(401, "token/revoked");
    }

    async fn a_refresh_token_that_was_just_used_gives_the_same_successor_again(t: Server) {
        let ada = t.user("ada@example.org").await;
        let tab = t.rakomi().signed_in(&ada).await;
        let first = tab.refresh(tab.refresh_token()).await.ok(200);
        t.advance(Duration::from_secs(9));

        let second = tab.refresh(tab.refresh_token()).await.ok(200);

        assert_eq!(first.string("refresh_token"), second.string("refresh_token"));
        assert_eq!(first.string("access_token"), second.string("access_token"));
    }

    async fn an_address_is_verified_by_the_token_of_the_mail(t: Server) {
        let app = t.rakomi();
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let mail = t.mail_to("ada@example.org").await;
        t.audit_rows().await;

        let answer = app.verify(&mail.token()).await;

        answered!(answer, 200, @r#"{"email":"ada@example.org","email_verified":true}"#);
        t.audited([Act::EmailVerified]).await;
    }

    async fn an_address_is_verified_by_the_code_of_the_mail(t: Server) {
        let app = t.rakomi();
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let mail = t.mail_to("ada@example.org").await;

        app.verify_by_code("ada@example.org", &mail.wrong_code()).await.refused(400, "auth/token_invalid");
        let answer = app.verify_by_code("ADA@example.org", &mail.code()).await;

        answered!(answer, 200, @r#"{"email":"ada@example.org","email_verified":true}"#);
    }

    async fn a_verification_mail_is_sent_again_and_voids_the_one_before(t: Server) {
        let app = t.rakomi();
        app.register("ada@example.org", PASSWORD).await.ok(201);
        let first = t.mail_to("ada@example.org").await;
        t.advance(Duration::from_secs(1));

        let answer = app.resend("ada@example.org").await;

        answered!(answer, 200, @r#"{"message":"If that address needs verification, an email has been sent."}"#);
        let second = t.mail_to("ada@example.org").await;
        app.verify(&first.token()).await.refused(400, "auth/token_invalid");
        app.verify(&second.token()).await.ok(200);
    }

    async fn a_forgotten_password_is_reset_by_mail(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();

        let forgot = app.forgot(&ada.email).await;
        answered!(forgot, 200, @r#"{"message":"If that email exists, a reset link has been sent."}"#);
        let mail = t.mail_to(&ada.email).await;
        assert!(mail.link.clone().unwrap().starts_with("https://auth.example.com/reset-password?token="), "{mail:?}");
        assert!(mail.link.clone().unwrap().ends_with("&action=reset_password"), "{mail:?}");
        let reset = app.reset(&mail.token(), "a new and better one").await;

        answered!(reset, 200, @r#"{"message":"Password updated successfully."}"#);
        t.audited([Act::MailRequested, Act::PasswordReset]).await;
        app.login(&ada.email, &ada.password).await.refused(401, "auth/invalid_credentials");
        app.login(&ada.email, "a new and better one").await.ok(200);
    }

    async fn a_reset_takes_new_password_as_the_vendors_other_pages_spell_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();
        app.forgot(&ada.email).await.ok(200);
        let token = t.mail_to(&ada.email).await.token();

        app.post("/v1/auth/reset-password", json!({"token": token, "new_password": "a new and better one"})).await.ok(200);

        app.login(&ada.email, "a new and better one").await.ok(200);
    }

    async fn a_password_is_changed_by_who_knows_the_current_one(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.audit_rows().await;

        let answer = app.change_password(&ada.password, "a new and better one").await;

        answered!(answer, 200, @r#"{"message":"Password updated successfully."}"#);
        t.audited([Act::PasswordChanged]).await;
        let app = app.anonymous();
        app.login(&ada.email, &ada.password).await.refused(401, "auth/invalid_credentials");
        app.login(&ada.email, "a new and better one").await.ok(200);
    }

    async fn logging_out_ends_the_session_and_may_be_repeated(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        t.audit_rows().await;

        let answer = app.logout().await;

        assert_eq!((answer.status, answer.text(), answer.header("content-type")), (204, "", None));
        t.audited([Act::SessionRevoked]).await;
        app.me().await.refused(401, "token/revoked");
        app.refresh(app.refresh_token()).await.refused(401, "auth/session_revoked");
        app.logout().await.ok(204);
        t.advance(Duration::from_mins(16));
        app.logout().await.ok(204);
        t.audited([]).await;
    }

    async fn another_session_is_logged_out_by_its_id_and_only_ones_own(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let (phone, laptop) = (t.rakomi().signed_in(&ada).await, t.rakomi().signed_in(&ada).await);
        let eve = t.rakomi().signed_in(&eve).await;
        let of_phone = phone.session();

        eve.logout_by(json!({"session_id": of_phone})).await.refused(404, "session/not_found");
        phone.me().await.ok(200);
        laptop.logout_by(json!({"session_id": of_phone})).await.ok(204);

        phone.me().await.refused(401, "token/revoked");
        laptop.me().await.ok(200);
        laptop.logout_by(json!({"session_id": of_phone})).await.ok(204);
        laptop.logout_by(json!({"session_id": "nonsense"})).await.refused(404, "session/not_found");
    }

    async fn a_refresh_token_is_enough_to_log_out(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        app.clone().anonymous().logout_by(json!({"refresh_token": app.refresh_token()})).await.ok(204);

        app.me().await.refused(401, "token/revoked");
    }

    async fn a_bearer_stands_for_the_key_where_somebody_is_signed_in(t: Server) {
        let ada = t.user("ada@example.org").in_test().await;
        let app = t.rakomi().signed_in(&ada).await.without_key();

        app.me().await.ok(200);
        app.sessions().await.ok(200);
        app.change_password(&ada.password, "a new and better one").await.ok(200);
        app.logout().await.ok(204);
    }

    async fn health_and_the_public_keys_need_no_key(t: Server) {
        let health = t.request("GET", "/v1/health").send().await;
        assert_eq!(health.clone().ok(200).json()["status"], "ok");
        assert!(health.json()["version"].is_string(), "{health}");

        let keys = t.request("GET", "/.well-known/jwks.json").header("x-api-key", "nonsense").send().await;
        answered!(keys, 200, @r#"{"keys":[{"kty":"RSA","kid":"tPoBSdJjz3BurXVcLc7roT9UUuZ-SsySL6SZxnePGds","alg":"RS256","use":"sig","n":"qp9xoR4P_UvNdjR_khSieAd0cr230seIm1ZmxKfJh-w8mOM8k0c9oVBMW87j9N_dATkMQlnqomi9qFqSwHeFKrYL6tFjap0quwi8O6Jwb4qzEW5wL_beE7pqjNzt7NTEnlvB1__OW7MVoeaq-OBlUjaRCO5Otd4d_JatmWMNGfn6lRITGzSxHvFwBENzPWRFcmGt_PmmleRFGFOIqH_3TJWtMqJucwGy7UR6edj1BV0YmAtsYwIrh9mv7u1mVlyTKxNYvDDRUMvhXsKV-8_KsL2lYaak9VVyJbM3T5cpbdflzPKwf0VjChddCsIDZXhGUasvkfEmdo4IGCURfNmJ9w","e":"AQAB"}]}"#);
        assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
        let test = t.request("GET", "/.well-known/jwks.json?env=test").send().await.ok(200);
        assert_ne!(test.body, keys.body);
        let named = t.request("GET", "/p/default/.well-known/jwks.json?env=test").send().await.ok(200);
        assert_eq!(named.body, test.body);
        t.request("GET", "/p/nobody/.well-known/jwks.json").send().await.refused(404, "route/not_found");
    }
}
