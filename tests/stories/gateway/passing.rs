//! What an upstream is sent, and what its client gets back.

use super::upstream::{FILMS, Upstream, ask, gateway, rule};
use serde_json::json;
use vestibule_testkit::{SOMEWHERE, Server, Way, insta, stories};

stories! {
    async fn an_upstream_gets_the_request_and_is_told_who_sent_it(t: Server) {
        let films = Upstream::films().await;
        let ada = t.user("Ada@Example.org").await;
        let app = t.rakomi().without_key().signed_in_with(&t, &ada).await;
        let post = app.request("POST", "/api/films/7/reviews?stars=5&x=%20").header("content-type", "text/plain").body("fine");
        let answer = films.behind(&t).send(post).await;

        assert_eq!((answer.status, answer.text()), (200, "[]"));
        let heard = films.heard_one();
        assert_eq!(heard.header("x-request-id").as_deref(), answer.header("x-request-id"));
        assert_eq!(heard.header("authorization"), Some(format!("Bearer {}", app.access())));
        assert_eq!(heard.header("x-auth-user-id"), Some(ada.id.to_string()));
        assert_eq!(heard.header("host"), Some(films.address.to_string()));
        let masked = heard.shown().replace(&ada.id.to_string(), "(ada)");
        insta::assert_snapshot!(masked, @"");
    }
}
