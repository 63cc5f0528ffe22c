//! Family T: what an access token of Arkos is, and what is none.

use super::forge::Forgery;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{Arkos, Persona, Server, insta, stories};

const NOT_LOGGED_IN: &str = "You are not logged in! Please log in to get access.";

async fn refused(app: &Arkos<'_>, token: &str) {
    let by_header = app.clone().bearing(token);
    let by_cookie = app.clone().anonymous().keeping(token);
    for app in [by_header, by_cookie] {
        app.me().await.refused_by_arkos(401, NOT_LOGGED_IN);
    }
}

async fn ada(t: &Server) -> (Persona, Arkos<'_>) {
    let ada = t.user("ada@example.org").await;
    let app = t.arkos().signed_in(&ada).await;
    (ada, app)
}

stories! {
    async fn the_token_is_hs256_without_kid_and_lives_thirty_days(t: Server) {
        let (ada, app) = ada(&t).await;
        let token = Forgery::of(app.access());
        assert_eq!(token.header, r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(token.claims["id"], json!(ada.id.to_string()));
        insta::assert_snapshot!(Value::Object(token.claims.clone()), @r#"{"id":"019cb391-c200-7f09-9d45-7736936ffa27","sub":"019cb391-c200-7f09-9d45-7736936ffa27","sid":"019cb391-c200-7c7f-9d44-1eaf80abba61","iat":1772539200,"exp":1775131200,"jti":"019cb391-c200-7c7f-9d44-1eaf80abba61.1"}"#);
        assert_eq!(token.signed(), app.access(), "the key is the one that the story knows");
        t.advance(Duration::from_secs(30 * 24 * 3_600 - 1));
        app.me().await.ok(200);
        t.advance(Duration::from_mins(2));
        refused(&app, app.access()).await;
    }

    async fn t26_exactly_what_is_issued_is_accepted(t: Server) {
        let (_, app) = ada(&t).await;
        let genuine = Forgery::of(app.access());
        app.clone().bearing(&genuine.signed()).me().await.ok(200);
        let exp = genuine.claims["exp"].as_i64().unwrap();
        for (name, wrong) in [
            ("id", json!(1)), ("id", json!("1")), ("sub", json!(1)), ("sub", json!(null)), ("sid", json!(["x"])),
            ("exp", json!(exp.to_string())), ("exp", json!(null)), ("exp", json!(f64::from(2_000_000_000) + 0.5)), ("exp", json!(-1)),
            ("iat", json!("0")), ("iat", json!(exp)), ("jti", json!(7)), ("jti", json!("x.1")), ("iss", json!("arkos")), ("role", json!("admin")), ("nbf", json!(0)),
        ] {
            refused(&app, &genuine.clone().claim(name, wrong).signed()).await;
        }
        for name in ["id", "sub", "sid", "iat", "exp", "jti"] {
            refused(&app, &genuine.clone().without(name).signed()).await;
        }
    }

    async fn t01_t02_neither_another_header_nor_another_signature_is_accepted(t: Server) {
        let (_, app) = ada(&t).await;
        let genuine = Forgery::of(app.access());
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS384","typ":"JWT"}"#, r#"{"alg":"RS256","typ":"JWT"}"#, r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#, r#"{"alg":"HS256","typ":"JWT","kid":"x"}"#, r#"{"typ":"JWT"}"#, r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#,
        ] {
            refused(&app, &genuine.clone().header(header).signed()).await;
        }
        let message = genuine.message();
        for key in [&b"secret"[..], b"", &[0; 32]] {
            refused(&app, &genuine.signed_with(key)).await;
        }
        for token in [message.clone(), format!("{message}."), format!("{}x", app.access()), format!("{}.x", app.access()), "x".repeat(9_000)] {
            refused(&app, &token).await;
        }
    }

    async fn x01_a_token_of_another_door_opens_nothing_here_and_ours_nothing_there(t: Server) {
        let (ada, app) = ada(&t).await;
        let rakomi = t.rakomi().signed_in(&ada).await;
        refused(&app, rakomi.access()).await;
        rakomi.bearing(app.access()).me().await.refused(401, "auth/not_authenticated");
    }

    async fn x05_a_bad_key_is_never_ignored_and_a_good_one_selects_its_environment(t: Server) {
        let (_, app) = ada(&t).await;
        for key in ["", "akm_live_x", &t.keys.live.secret, &t.keys.test.api] {
            app.clone().with_key(key).me().await.refused_by_arkos(401, NOT_LOGGED_IN);
        }
        for key in [&t.keys.live.api, &t.keys.live.publishable] {
            app.clone().with_key(key).me().await.ok(200);
        }
        let tess = t.user("tess@example.org").in_test().await;
        t.arkos().login(&tess.email, &tess.password).await.refused_by_arkos(401, "Incorrect email or password");
        let of_test = t.arkos().with_key(&t.keys.test.api).signed_in(&tess).await;
        of_test.me().await.ok(200);
        refused(&app, of_test.access()).await;
    }
}
