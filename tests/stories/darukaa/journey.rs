//! The documented requests, with whole bodies.

use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{Act, Answer, PASSWORD, answered, stories};

/// The answer to a login or a refresh, with this user in it.
#[track_caller]
fn seven_fields(answer: &Answer, user: &str) {
    let (access, refresh) = (answer.string("access_token"), answer.string("refresh_token"));
    assert!(
        access.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."),
        "{access}"
    );
    assert!(refresh.starts_with("rt_01"), "{refresh}");
    let whole = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}",{user}}}"#);
    assert_eq!((answer.status, answer.text()), (200, whole.as_str()));
}

stories! {
    async fn signing_up_answers_201_with_a_bare_string_and_mails_a_link(t: Server) {
        let body = json!({"email": "Ada@Example.org", "password": "SecureP@ss123", "first_name": "Ada", "last_name": "King", "consent": true});

        let answer = t.darukaa().post("/api/v1/auth/signup", body).await;

        answered!(answer, 201, @r#""Please verify your email to complete signup""#);
        t.audited([Act::UserRegistered]).await;
        let mail = t.mail_to("ada@example.org").await;
        let link = mail.link.clone().unwrap();
        assert!(link.starts_with("https://auth.example.com/verify-email?token=") && link.ends_with("&action=verify_email"), "{link}");
    }

    async fn a_login_answers_the_seven_documented_fields_in_their_order(t: Server) {
        let ada = t.user("ada@example.org").profile("given_name", "Ada").profile("family_name", "King").verified().await;
        let user = r#""email":"ada@example.org","first_name":"Ada","last_name":"King","status":"active","is_email_verified":true"#;
        let body = json!({"email": "ADA@example.org", "password": ada.password});
        for path in ["/auth/login", "/api/v1/auth/login"] {
            let answer = t.darukaa().post(path, body.clone()).await;
            seven_fields(&answer, user);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        t.audited([Act::LoginSucceeded, Act::LoginSucceeded]).await;
    }

    async fn names_that_are_unset_are_empty_strings_and_a_display_name_is_not_split(t: Server) {
        let ada = t.user("ada@example.org").profile("name", "Ada King").await;
        let user = r#""email":"ada@example.org","first_name":"","last_name":"","status":"active","is_email_verified":false"#;
        seven_fields(&t.darukaa().login(&ada.email, &ada.password).await, user);
    }

    async fn wrong_credentials_and_a_taken_address_are_refused_in_the_documents_words(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa();
        for (email, password) in [(ada.email.as_str(), "wrong"), ("nobody@example.org", PASSWORD), ("no address", PASSWORD)] {
            let answer = app.login(email, password).await;
            assert_eq!((answer.status, answer.body_as_documented().as_str()), (401, r#"{"error":{"code":"INVALID_CREDENTIALS","message":"Invalid email or password","details":"The provided credentials do not match any account","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#));
        }
        t.advance(Duration::from_millis(61_999));
        answered!(app.signup("ADA@example.org", PASSWORD).await, 400, @r#"{"error":{"code":"EMAIL_ALREADY_EXISTS","message":"An account with this email already exists","details":"Please use a different email address or try logging in","request_id":"req_…","timestamp":"2026-03-03T12:01:01Z"}}"#);
    }

    async fn refreshing_answers_the_same_seven_fields_at_both_paths(t: Server) {
        let ada = t.user("ada@example.org").profile("given_name", "Ada").await;
        let app = t.darukaa().signed_in(&ada).await;
        let user = r#""email":"ada@example.org","first_name":"Ada","last_name":"","status":"active","is_email_verified":false"#;

        let first = app.refresh(app.refresh_token()).await;
        seven_fields(&first, user);
        let second = app.post("/api/v1/auth/refresh-token", json!({"refresh_token": first.string("refresh_token")})).await;
        seven_fields(&second, user);

        assert_ne!(app.refresh_token(), first.string("refresh_token"));
        assert_ne!(first.string("refresh_token"), second.string("refresh_token"));
        answered!(app.refresh("rt_nonsense").await, 401, @r#"{"error":{"code":"INVALID_REFRESH_TOKEN","message":"Invalid or expired refresh token","details":"Please login again to obtain a new refresh token","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
    }

    async fn the_access_token_has_the_samples_header_and_eight_claims(t: Server) {
        use base64::Engine as _;
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        let parts: Vec<_> = app.access().split('.').take(2).map(|part| {
            String::from_utf8(base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        }).collect();
        let claims: Value = serde_json::from_str(&parts[1]).unwrap();
        let (session, project) = (claims["sid"].as_str().unwrap(), t.project.id);
        assert_eq!(parts[0], r#"{"alg":"HS256","typ":"JWT"}"#);
        let who = format!(r#""sub":"{}","email":"ada@example.org","sid":"{session}","iss":"darukaa","aud":"{project}""#, ada.id);
        assert_eq!(parts[1], format!(r#"{{{who},"iat":1772539200,"exp":1772540100,"jti":"{session}.1"}}"#));
    }

    async fn the_user_is_shown_to_the_bearer_and_to_nobody_else(t: Server) {
        let ada = t.user("ada@example.org").profile("given_name", "Ada").profile("family_name", "King").await;
        let app = t.darukaa().signed_in(&ada).await;

        let whole = format!(r#"{{"email":"ada@example.org","first_name":"Ada","last_name":"King","status":"active","is_email_verified":false,"id":"{}"}}"#, ada.id);
        assert_eq!(app.user().await.ok(200).text(), whole);

        let nobody = t.darukaa().user().await;
        answered!(nobody, 401, @r#"{"error":{"code":"UNAUTHORIZED","message":"Invalid or missing access token","details":"Please provide a valid Bearer token in the Authorization header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#);
        assert_eq!(nobody.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
        t.advance(Duration::from_mins(16));
        let expired = app.user().await;
        assert_eq!(expired.refused_by_darukaa(401, "UNAUTHORIZED"), nobody.refused_by_darukaa(401, "UNAUTHORIZED"));
        assert_eq!(expired.header("www-authenticate"), Some(r#"Bearer realm="vestibule", error="invalid_token""#));
    }
}
