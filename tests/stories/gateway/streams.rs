//! What is on its way: in parts, without end, both ways.

use super::upstream::{Client, FILMS, Upstream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use vestibule_testkit::{insta, stories};

const EVENTS: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

/// More than all buffers on the way hold together.
const LARGE: usize = 32 * 1024 * 1024;

/// Accepts a WebSocket and says back what it hears.
async fn echo() -> Upstream {
    Upstream::with(|mut visit| async move {
        visit.request().await;
        visit.say(SWITCHED).await;
        loop {
            let read = visit.read().to_vec();
            visit.take();
            visit.say(read).await;
            if visit.more().await.is_none() {
                return;
            }
        }
    })
    .await
}

stories! {
    async fn an_event_arrives_when_it_is_sent(t: Server) {
        let gate = Arc::new(Semaphore::new(0));
        let waiting = Arc::clone(&gate);
        let events = Upstream::with(move |mut visit| {
            let gate = Arc::clone(&waiting);
            async move {
                visit.request().await;
                visit.say(EVENTS).await;
                for event in ["one", "two", "end"] {
                    gate.acquire().await.unwrap().forget();
                    visit.say(format!("b\r\ndata: {event}\n\n\r\n")).await;
                }
                visit.say("0\r\n\r\n").await;
            }
        })
        .await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = events.behind(&t).listen().await;
        let mut client = Client::open(wire.address).await;
        client.ask(&app, &format!("GET {FILMS}"), "").await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        for event in ["one", "two", "end"] {
            gate.add_permits(1);
            client.until(&format!("data: {event}\n\n")).await;
        }
        client.until("0\r\n\r\n").await;
    }

    async fn a_body_arrives_while_it_is_sent(t: Server) {
        let arrived = Arc::new(Notify::new());
        let telling = Arc::clone(&arrived);
        let films = Upstream::with(move |mut visit| {
            let arrived = Arc::clone(&telling);
            async move {
                let head = visit.head().await.unwrap();
                assert_eq!(head.header("transfer-encoding").as_deref(), Some("chunked"));
                while !visit.read().ends_with(b"first\r\n") {
                    visit.more().await.unwrap();
                }
                arrived.notify_one();
                while !visit.read().ends_with(b"0\r\n\r\n") {
                    visit.more().await.unwrap();
                }
                visit.say("HTTP/1.1 204 Thanks\r\n\r\n").await;
            }
        })
        .await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = films.behind(&t).listen().await;
        let mut client = Client::open(wire.address).await;
        client.ask(&app, &format!("POST {FILMS}"), "Transfer-Encoding: chunked\r\n").await;
        client.say("5\r\nfirst\r\n").await;
        timeout(Duration::from_secs(10), arrived.notified()).await.expect("the first part arrives before the rest is sent");
        client.say("6\r\nsecond\r\n0\r\n\r\n").await;
        client.until("HTTP/1.1 204").await;
    }

    async fn i02_large_bodies_pass_whole_both_ways(t: Server) {
        let films = Upstream::with(|mut visit| async move {
            let heard = visit.request().await.unwrap();
            visit.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", heard.body.len())).await;
            visit.say(heard.body).await;
        })
        .await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let sent: Vec<u8> = (0..LARGE).map(|at| u8::try_from(at / 1000 % 251).unwrap()).collect();
        let post = app.request("POST", FILMS).header("content-length", &LARGE.to_string()).body(sent.clone());
        let answer = films.behind(&t).send(post).await.ok(200);
        assert!(answer.body == sent);
    }

    /// A client that reads nothing must not have the gateway gather what its upstream says.
    async fn rl20_a_client_that_does_not_read_holds_its_upstream_back(t: Server) {
        let said = Arc::new(AtomicUsize::new(0));
        let saying = Arc::clone(&said);
        let films = Upstream::with(move |mut visit| {
            let said = Arc::clone(&saying);
            async move {
                visit.request().await;
                visit.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")).await;
                let part = vec![b'x'; 64 * 1024];
                while said.load(Ordering::Relaxed) < LARGE && visit.stream.write_all(&part).await.is_ok() {
                    said.fetch_add(part.len(), Ordering::Relaxed);
                }
            }
        })
        .await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = films.behind(&t).listen().await;
        let mut client = Client::open(wire.address).await;
        client.ask(&app, &format!("GET {FILMS}"), "Connection: close\r\n").await;
        client.until("\r\n\r\n").await;
        // Until the upstream gets nothing off any more.
        let mut before = usize::MAX;
        while said.load(Ordering::Relaxed) != before {
            before = said.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(before < LARGE, "all of it went somewhere");
        assert_eq!(client.rest().await.len(), LARGE);
    }

    async fn a_websocket_carries_bytes_both_ways(t: Server) {
        let echo = echo().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        let wire = echo.behind(&t).listen().await;
        let mut client = Client::open(wire.address).await;
        client.ask(&app, &format!("GET {FILMS}/live"), &format!("{UPGRADE}X-Auth-Email: root@evil.example\r\n")).await;
        let head = client.until("\r\n\r\n").await;
        let mut lines: Vec<_> = head.trim_end().lines().filter(|line| !line.contains("req_") && !line.starts_with("date")).collect();
        lines.sort_unstable();
        insta::assert_snapshot!(lines.join("\n"), @r"
        HTTP/1.1 101 Switching Protocols
        cache-control: no-store
        connection: upgrade
        cross-origin-opener-policy: same-origin
        cross-origin-resource-policy: same-origin
        referrer-policy: no-referrer
        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
        sec-websocket-protocol: chat
        strict-transport-security: max-age=31536000; includeSubDomains
        upgrade: websocket
        vary: Origin
        x-content-type-options: nosniff
        ");
        let heard = echo.heard_one();
        assert_eq!(heard.header("upgrade").as_deref(), Some("websocket"));
        assert_eq!(heard.header("connection").as_deref(), Some("upgrade"));
        assert_eq!(heard.header("sec-websocket-key").as_deref(), Some("dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(heard.header("x-auth-email").as_deref(), Some("ada@example.org"));
        for message in ["hello", "\u{1}\u{0}binary\r\n\r\n", "bye"] {
            client.say(message).await;
            assert_eq!(client.until(message).await, message);
        }
        let large = "x".repeat(1_000_000);
        client.say(&large).await;
        client.until(&large).await;
        client.stream().shutdown().await.unwrap();
        assert!(client.rest().await.is_empty());
    }

    async fn a_websocket_needs_a_token_and_is_refused_in_the_dialects_words(t: Server) {
        let echo = echo().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await.without_key();
        let wire = echo.behind(&t).listen().await;
        let refused = wire.say(format!("GET {FILMS} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n\0\0later")).await;
        assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
        assert!(echo.heard().is_empty());
        // An upstream that will not is heard as well.
        let plain = Upstream::answering("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno").await;
        let wire = plain.behind(&t).listen().await;
        let mut client = Client::open(wire.address).await;
        client.ask(&app, &format!("GET {FILMS}"), UPGRADE).await;
        client.until("HTTP/1.1 426").await;
        client.until("\r\n\r\nno").await;
    }

    /// `h2c` would carry requests past the check (CVE-2021-21300's kind).
    async fn no_other_protocol_is_switched_to(t: Server) {
        let films = Upstream::films().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = films.behind(&t).listen().await;
        for (method, other) in [
            ("GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
            ("GET", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"),
            ("GET", "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n"),
            ("GET", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"),
            ("GET", "Upgrade: websocket\r\n"),
            ("POST", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"),
        ] {
            let mut client = Client::open(wire.address).await;
            client.ask(&app, &format!("{method} {FILMS}"), other).await;
            client.until("HTTP/1.1 200").await;
            client.until("[]").await;
            let heard = films.heard_one();
            for name in ["upgrade", "connection", "http2-settings"] {
                assert_eq!(heard.header(name), None, "{other}");
            }
        }
    }

    async fn i10_what_two_servers_could_read_differently_reaches_no_upstream(t: Server) {
        let films = Upstream::films().await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = films.behind(&t).listen().await;
        let post = |headers: &str, body: &str| {
            let bearer = app.access();
            format!("POST {FILMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n{headers}\r\n\r\n{body}")
        };
        let smuggled = "0\r\n\r\nGET /api/films/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for headers in [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: +5",
            "Content-Length: 5, 6",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding : chunked",
            "X-Folded: a\r\n b\r\nTransfer-Encoding: chunked",
        ] {
            let heard = wire.say(post(headers, smuggled)).await;
            assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 400"), "{headers}: {heard}");
        }
        assert!(films.heard().is_empty());
        // With both a length and a coding the coding counts (RFC 9112 §6.3), for the upstream too.
        wire.say(post("Content-Length: 5\r\nTransfer-Encoding: chunked", smuggled)).await;
        let heard = films.heard();
        assert!(heard.len() == 1 && heard[0].header("content-length").is_none(), "{heard:?}");
        assert_eq!(heard[0].body, b"0\r\n\r\n");
    }

    async fn rl26_a_shutdown_lets_an_answer_end(t: Server) {
        let gate = Arc::new(Notify::new());
        let waiting = Arc::clone(&gate);
        let films = Upstream::with(move |mut visit| {
            let gate = Arc::clone(&waiting);
            async move {
                visit.request().await;
                visit.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1,").await;
                gate.notified().await;
                visit.say("2]!").await;
            }
        })
        .await;
        let app = t.rakomi().signed_in(&t.user("ada@example.org").await).await;
        let wire = films.behind(&t).listen().await;
        let mut client = Client::open(wire.address).await;
        client.ask(&app, &format!("GET {FILMS}"), "").await;
        client.until("[1,").await;
        drop(wire);
        gate.notify_one();
        assert_eq!(client.rest().await, b"2]!");
    }
}
