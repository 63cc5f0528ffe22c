//! Which session tokens are believed.

use super::refused;
use crate::hmac::{HEADER, message, signed, signed_with};
use vestibule_testkit::{Environment, Koolbase, PASSWORD, Server, hmac_secret, stories};

/// Somebody signed in, and the claims of their token. Signed unchanged, they are good: whatever is refused below is
/// refused for its change.
async fn copied(t: &Server) -> (Koolbase<'_>, String) {
    let ada = t.user("ada@example.org").verified().await;
    let app = t.koolbase().signed_in(&ada).await;
    let claims = app.claims().claims;
    assert_eq!(signed("koolbase", HEADER, &claims), app.token());
    app.me().await.ok(200);
    (app, claims)
}

async fn is_refused(t: &Server, what: &str, token: &str) {
    let answer = t.koolbase().bearing(token).me().await;
    assert_eq!(answer.status, 401, "{what}: {answer}");
    refused(&answer, 401, "unauthorized");
}

stories! {
    async fn a_session_token_says_who_where_and_until_when_at_the_latest(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let answer = t.koolbase().login(&ada.email, &ada.password).await.ok(200);
        let read = t.koolbase().with_tokens(&answer).claims();

        assert_eq!(read.header, HEADER);
        let (project, session) = (t.project.id, read.claim("sid"));
        let who = format!(r#""sub":"{}","iss":"koolbase","aud":["koolbase-client"],"email":"ada@example.org""#, ada.id);
        let place = format!(r#""project_id":"{project}","environment_id":"live","sid":"{session}","jti":"{session}.1""#);
        assert_eq!(read.claims, format!(r#"{{{who},{place},"iat":1772539200,"exp":1804075200}}"#));
        assert_eq!(answer.string("expires_at"), "2026-04-02T12:00:00Z", "thirty days of rest");
    }

    async fn t26_t30_a_claim_of_another_type_or_without_an_end_is_refused(t: Server) {
        let (_, claims) = copied(&t).await;
        for (right, wrong) in [
            (r#""aud":["koolbase-client"]"#, r#""aud":"koolbase-client""#),
            (r#""aud":["koolbase-client"]"#, r#""aud":["koolbase-client","other"]"#),
            (r#""aud":["koolbase-client"]"#, r#""aud":[["koolbase-client"]]"#),
            (r#""iss":"koolbase""#, r#""iss":"https://koolbase""#),
            (r#""iss":"koolbase""#, r#""iss":["koolbase"]"#),
            (r#""sub":""#, r#""sub":"0"#),
            (r#""environment_id":"live""#, r#""environment_id":"test""#),
            (r#","exp":1804075200"#, ""),
            (r#""exp":1804075200"#, r#""exp":"1804075200""#),
            (r#""exp":1804075200"#, r#""exp":1804075200.0"#),
            (r#""exp":1804075200"#, r#""exp":1772539000"#),
            (r#""iat":1772539200"#, r#""iat":null"#),
        ] {
            let changed = claims.replace(right, wrong);
            assert_ne!(changed, claims, "{right}");
            is_refused(&t, wrong, &signed("koolbase", HEADER, &changed)).await;
        }
    }

    async fn t01_t03_only_the_doors_own_algorithm_header_and_signature_count(t: Server) {
        let (_, claims) = copied(&t).await;
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS384","typ":"JWT"}"#, r#"{"alg":"RS256","typ":"JWT"}"#, r#"{"alg":"HS256"}"#,
            r#"{"typ":"JWT"}"#, r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#, r#"{"alg":"HS256","typ":"JWT","jwk":{}}"#,
        ] {
            is_refused(&t, header, &signed("koolbase", header, &claims)).await;
        }
        is_refused(&t, "no signature", &format!("{}.", message(HEADER, &claims))).await;
        for secret in ["", "koolbase", "secret", "koolbase-client"] {
            is_refused(&t, secret, &signed_with(secret.as_bytes(), HEADER, &claims)).await;
        }
    }

    async fn x01_x02_x03_a_token_of_another_environment_project_or_dialect_is_refused(t: Server) {
        let (_, claims) = copied(&t).await;
        let of_test = signed_with(&hmac_secret("koolbase", Environment::Test), HEADER, &claims);
        is_refused(&t, "the other environment's secret", &of_test).await;
        is_refused(&t, "the secret of another door", &signed("rakcha", HEADER, &claims)).await;

        let tess = t.user("tess@example.org").in_test().verified().await;
        let tess = t.koolbase().with_key(&t.keys.test.publishable).signed_in(&tess).await;
        is_refused(&t, "of the other environment", tess.token()).await;

        let other = t.another_project("other").await;
        t.rakomi().with_key(&other.keys.live.api).register("eve@example.org", PASSWORD).await.ok(201);
        let token = t.mail_to("eve@example.org").await.token();
        let theirs = t.koolbase().with_key(&other.keys.live.publishable);
        theirs.verify(&token).await.ok(200);
        let eve = theirs.clone().with_tokens(&theirs.login("eve@example.org", PASSWORD).await.ok(200));
        eve.me().await.ok(200);
        is_refused(&t, "of another project", eve.token()).await;

        let zoe = t.user("zoe@example.org").verified().await;
        is_refused(&t, "of Rakomi", t.rakomi().signed_in(&zoe).await.access()).await;
        is_refused(&t, "of Rakcha", t.rakcha().signed_in(&zoe).await.token.as_deref().unwrap()).await;
        let refresh = t.rakomi().signed_in(&zoe).await.refresh_token().to_owned();
        refused(&t.koolbase().refresh(&refresh).await, 401, "invalid_refresh_token");
    }

    async fn t25_metadata_never_becomes_a_claim(t: Server) {
        let body = serde_json::json!({"email": "ada@example.org", "password": PASSWORD, "public_metadata": {"iss": "x", "aud": ["x"], "sub": "x", "project_id": "x"}});
        t.rakomi().post("/v1/auth/register", body).await.ok(201);
        t.koolbase().verify(&t.mail_to("ada@example.org").await.token()).await.ok(200);
        let login = t.koolbase().login("ada@example.org", PASSWORD).await.ok(200);
        let claims = t.koolbase().with_tokens(&login).claims();
        assert_eq!((claims.claim("iss").as_str(), claims.claim("project_id")), ("koolbase", t.project.id.to_string()));
    }
}
