//! Access tokens made by hand, with the server's own secret and without.

use crate::hmac::{HEADER, message, signed, signed_with};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_testkit::{Darukaa, Environment, hmac_secret, stories};

/// The claims of the client's access token, as they were written.
fn claims(app: &Darukaa<'_>) -> String {
    let part = app.access().split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

stories! {
    async fn only_what_this_door_writes_opens_it(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.darukaa().signed_in(&ada).await;
        let claims = claims(&app);
        assert_eq!(signed("darukaa", HEADER, &claims), app.access(), "made by hand, the token is the same");

        let changed = |from: &str, to: &str| {
            assert!(claims.contains(from), "{from}");
            signed("darukaa", HEADER, &claims.replace(from, to))
        };
        for forged in [
            changed(r#""iss":"darukaa""#, r#""iss":"rakomi.com""#),
            changed(r#""iss":"darukaa","#, ""),
            changed(&format!(r#""aud":"{}""#, t.project.id), r#""aud":"other""#),
            changed(&format!(r#""aud":"{}""#, t.project.id), &format!(r#""aud":["{}"]"#, t.project.id)),
            changed(r#""exp":1772540100"#, r#""exp":"1772540100""#),
            changed(r#""exp":1772540100,"#, ""),
            changed(r#""email":"ada@example.org","#, ""),
            signed("darukaa", r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#, &claims),
            signed("darukaa", r#"{"alg":"HS256","typ":"at+jwt"}"#, &claims),
            signed("darukaa", r#"{"alg":"HS256"}"#, &claims),
            signed("darukaa", r#"{"alg":"none","typ":"JWT"}"#, &claims),
            signed("darukaa", r#"{"alg":"HS512","typ":"JWT"}"#, &claims),
            signed("rakcha", HEADER, &claims),
            signed_with(&hmac_secret("darukaa", Environment::Test), HEADER, &claims),
            signed_with(&[0; 32], HEADER, &claims),
            format!("{}.", message(r#"{"alg":"none","typ":"JWT"}"#, &claims)),
            format!("{}A", app.access()),
        ] {
            t.darukaa().bearing(&forged).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        }
        app.user().await.ok(200);
    }
}
