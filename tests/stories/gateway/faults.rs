//! Upstreams that fail.

use super::upstream::{Client, FILMS, Upstream, ask, gateway, rule};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use vestibule_testkit::{Answer, insta, stories};

/// What a client hears in place of an upstream's answer.
#[track_caller]
fn told(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.body_as_documented()
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

stories! {
    async fn rl10_an_upstream_that_is_down_is_a_502(t: Server) {
        let front = gateway(&t, vec![rule(&json!({"upstream": nobody().await}))]);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let answer = ask(&front, &app, "GET", FILMS).await;
        insta::assert_snapshot!(told(&answer, 502), @r#"{"message":"The service behind this address cannot be reached."}"#);
        let missing = gateway(&t, vec![rule(&json!({"upstream": "http://nowhere.invalid"}))]);
        told(&ask(&missing, &app, "GET", FILMS).await, 502);
    }

    async fn rl10_an_upstream_that_does_not_answer_in_time_is_a_504(t: Server) {
        let mute = Upstream::with(|mut visit| async move { while visit.request().await.is_some() {} }).await;
        let front = gateway(&t, vec![rule(&json!({"upstream": mute.url(), "timeout": 1}))]);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let answer = ask(&front, &app, "POST", FILMS).await;
        insta::assert_snapshot!(told(&answer, 504), @r#"{"message":"The service behind this address did not answer in time."}"#);
    }

    async fn an_answer_that_is_none_is_a_502(t: Server) {
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for nonsense in [
            "SSH-2.0-OpenSSH_10.0\r\n",
            "HTTP/1.1 20x OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        ] {
            let upstream = Upstream::answering(nonsense).await;
            told(&ask(&upstream.behind(&t), &app, "POST", FILMS).await, 502);
        }
        let silent = Upstream::with(|mut visit| async move { drop(visit.request().await) }).await;
        told(&ask(&silent.behind(&t), &app, "POST", FILMS).await, 502);
        assert_eq!(silent.heard().len(), 1, "what may have happened is not done twice");
    }

    /// RL-20's other half: what breaks off must not look whole to the client.
    async fn rl10_an_answer_that_is_cut_in_the_middle_breaks_off(t: Server) {
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for (head, rest) in [("Content-Length: 10", "[1,2"), ("Transfer-Encoding: chunked", "4\r\n[1,2\r\n")] {
            let cut = Upstream::with(move |mut visit| async move {
                visit.request().await;
                visit.say(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{rest}")).await;
            })
            .await;
            let wire = cut.behind(&t).listen().await;
            let mut client = Client::open(wire.address).await;
            client.ask(&app, &format!("GET {FILMS}"), "").await;
            client.until("[1,2").await;
            let rest = client.rest().await;
            assert!(!rest.ends_with(b"0\r\n\r\n"), "{:?}", String::from_utf8_lossy(&rest));
        }
    }

    /// A server may close a connection that it kept at the moment at which the next request is sent on it.
    async fn a_request_that_meets_a_closing_connection_is_sent_again_if_it_may_be(t: Server) {
        let visits = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&visits);
        // Answers one request of each connection, reads the second, and closes without a word.
        let moody = Upstream::with(move |mut visit| {
            counting.fetch_add(1, Ordering::Relaxed);
            async move {
                visit.request().await;
                visit.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").await;
                visit.request().await;
            }
        })
        .await;
        let front = moody.behind(&t);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        for method in ["GET", "GET", "DELETE", "PUT", "OPTIONS"] {
            ask(&front, &app, method, FILMS).await.ok(200);
        }
        assert!(visits.load(Ordering::Relaxed) > 1, "no connection was kept, so nothing was met");
        moody.heard();
        // This one arrives on a kept connection and dies with it; nobody may know whether it was done.
        told(&ask(&front, &app, "POST", FILMS).await, 502);
        moody.heard_one();
    }

    async fn a_path_that_leads_back_to_itself_ends(t: Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let front = gateway(&t, vec![rule(&json!({"upstream": url}))]);
        let _wire = front.listen_on(listener);
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        told(&ask(&front, &app, "GET", FILMS).await, 508);
    }
}
