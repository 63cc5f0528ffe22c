//! Which tokens are believed.

use super::{films, is_refused, token};
use crate::hmac::{HEADER, message, signed, signed_with};
use vestibule_testkit::{Environment, PASSWORD, Rakcha, Server, hmac_secret, stories};

/// Somebody signed in, and the claims of their token. Signed unchanged, they are good: whatever is refused below is
/// refused for its change.
async fn copied(t: &Server) -> (Rakcha<'_>, String) {
    let ada = t.user("ada@example.org").await;
    let app = t.rakcha().signed_in(&ada).await;
    let claims = app.claims().claims;
    assert_eq!(signed("rakcha", HEADER, &claims), token(&app));
    films(t, &token(&app)).await.ok(200);
    (app, claims)
}

stories! {
    async fn t26_a_number_that_is_written_otherwise_is_no_user(t: Server) {
        let (_, claims) = copied(&t).await;
        for sub in [r#""1""#, "1.0", "01", "1e0", "-1", "0", "[1]", "null", "18446744073709551617"] {
            let claims = claims.replace(r#""sub":1"#, &format!(r#""sub":{sub}"#));
            is_refused(&t, sub, &signed("rakcha", HEADER, &claims)).await;
        }
    }

    async fn t30_the_documents_own_token_without_an_end_is_refused(t: Server) {
        let (_, claims) = copied(&t).await;
        let sample = r#"{"sub":1,"email":"ada@example.org","role":"client","iat":1772539200}"#;
        is_refused(&t, "the document's four claims", &signed("rakcha", HEADER, sample)).await;
        let endless = claims.replace(r#""exp":1772542800,"#, "");
        assert_ne!(endless, claims);
        is_refused(&t, "without exp", &signed("rakcha", HEADER, &endless)).await;
        for exp in [r#""1772542800""#, "1772542800.0", "null", "-1"] {
            is_refused(&t, exp, &signed("rakcha", HEADER, &claims.replace("1772542800", exp))).await;
        }
    }

    async fn t01_t03_only_the_doors_own_algorithm_header_and_signature_count(t: Server) {
        let (app, claims) = copied(&t).await;
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS512","typ":"JWT"}"#, r#"{"alg":"RS256","typ":"JWT"}"#, r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#, r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#, r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#,
        ] {
            is_refused(&t, header, &signed("rakcha", header, &claims)).await;
        }
        is_refused(&t, "no signature", &format!("{}.", message(HEADER, &claims))).await;
        is_refused(&t, "an empty secret", &signed_with(&[], HEADER, &claims)).await;
        is_refused(&t, "a known word", &signed_with(b"secret", HEADER, &claims)).await;
        is_refused(&t, "a flipped bit", &token(&app).replace('e', "f")).await;
    }

    async fn x01_x02_a_token_of_another_environment_project_or_dialect_is_refused(t: Server) {
        let (_, claims) = copied(&t).await;
        let of_test = signed_with(&hmac_secret("rakcha", Environment::Test), HEADER, &claims);
        is_refused(&t, "signed with the secret of the other environment", &of_test).await;
        let tess = t.user("tess@example.org").in_test().await;
        let app = t.rakcha().with_key(&t.keys.test.api).signed_in(&tess).await;
        is_refused(&t, "of the other environment", &token(&app)).await;

        let other = t.another_project("other").await;
        let theirs = t.rakomi().with_key(&other.keys.live.api);
        theirs.register("eve@example.org", PASSWORD).await.ok(201);
        let answer = t.rakcha().with_key(&other.keys.live.api).login("eve@example.org", PASSWORD).await.ok(200);
        is_refused(&t, "of another project", &answer.string("token")).await;

        let ada = t.user("ada2@example.org").await;
        let of_rakomi = t.rakomi().signed_in(&ada).await;
        is_refused(&t, "of another dialect", of_rakomi.access()).await;
        let back = t.rakomi().bearing(&token(&t.rakcha().signed_in(&ada).await)).me().await;
        back.refused(401, "auth/not_authenticated");
    }
}
