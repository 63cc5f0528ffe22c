//! Rakcha shows users by small numbers, which anybody can count through.

use super::{UNAUTHORIZED, cinema, token};
use crate::hmac::{HEADER, signed};
use vestibule_testkit::stories;

/// How far somebody counts.
const FURTHEST: usize = 10_000;

stories! {
    async fn x19_counting_through_the_numbers_finds_nobody(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let app = t.rakcha().signed_in(&ada).await;
        assert_eq!(t.rakcha().login(&eve.email, &eve.password).await.ok(200).json()["user"]["id"], 2);
        let refused = app.request("GET", "/api/users/auth/1").send().await.ok(404).masked();
        for number in 2..=FURTHEST {
            let request = app.clone().from(&format!("10.{}.{}.1", number / 256, number % 256)).request("GET", &format!("/api/users/auth/{number}"));
            assert_eq!(request.send().await.masked(), refused, "{number}");
        }
        for target in ["/api/users/2", "/api/users?id=2", "/api/users/auth?id=2", "/api/users/me/2"] {
            let answer = app.request("GET", target).send().await;
            assert!(matches!(answer.status, 404 | 405), "{target}: {answer}");
            assert!(!answer.text().contains("eve"), "{target}: {answer}");
        }
    }

    /// Who somebody is, the session says. The number is told to apps, and asked for by nobody.
    async fn x19_the_number_in_a_token_chooses_nobody(t: Server) {
        let (ada, eve) = (t.user("ada@example.org").await, t.user("eve@example.org").await);
        let app = t.rakcha().signed_in(&ada).await;
        let front = cinema(&t);
        for number in [2, 3, 10_000] {
            let claims = app.claims().claims.replace(r#""sub":1"#, &format!(r#""sub":{number}"#));
            assert_ne!(claims, app.claims().claims);
            let forged = token(&app).rsplit_once('.').unwrap().1.to_owned();
            let unsigned = signed("rakcha", HEADER, &claims).rsplit_once('.').unwrap().0.to_owned();
            let answer = front.send(t.rakcha().bearing(&format!("{unsigned}.{forged}")).request("GET", "/forward-auth/rakcha")).await;
            assert_eq!((answer.status, answer.text()), (401, UNAUTHORIZED), "signed for another number");
            let answer = front.send(t.rakcha().bearing(&signed("rakcha", HEADER, &claims)).request("GET", "/forward-auth/rakcha")).await;
            assert_ne!(answer.header("x-auth-email"), Some(eve.email.as_str()));
            assert!(matches!(answer.header("x-auth-user-id"), None | Some("1")), "{answer}");
        }
    }
}
