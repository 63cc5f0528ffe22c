//! The gateway of the binary: from the environment, from a project's settings, and what it does not start with.

use super::client::Request;
use super::place::{PASSWORD, Place};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

const USAGE: Option<i32> = Some(2);

/// An upstream that answers every request with its own first line and who sent it.
fn upstream() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let sender = head.iter().find(|line| line.starts_with("x-auth-email")).unwrap();
            let body = format!("{} {sender}", head[0]);
            let length = body.len();
            // The story may be over.
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    url
}

fn table(prefix: &str, upstream: &str, more: &str) -> String {
    format!(r#"[{{prefix="{prefix}",upstream="{upstream}",dialect="rakomi"{more}}}]"#)
}

#[test]
fn a_path_of_the_environment_or_of_the_project_leads_to_its_upstream() {
    let place = Place::new().with("VESTIBULE_GATEWAY", &table("/api/reports", &upstream(), ""));
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let ask = |path: &str, token: &str| {
        Request::get(path)
            .bearer(token)
            .send(server.door.address)
            .unwrap()
    };
    let answer = ask("/api/reports/7?x=1", &ada.access);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.body,
        "GET /api/reports/7?x=1 HTTP/1.1 x-auth-email: ada@example.org"
    );
    assert_eq!(ask("/api/reports", "nonsense").status, 401);
    assert_eq!(ask("/forward-auth/rakomi", &ada.access).status, 200);
    assert_eq!(ask("/forward-auth/rakomi", "nonsense").status, 401);

    let own = table("/own", &upstream(), "");
    place.run(&["project", "set", "default", "gateway", &own]).done();
    let answer =
        vestibule_testkit::process::eventually("the new table", std::time::Duration::from_secs(5), || {
            Some(ask("/own", &ada.access)).filter(|answer| answer.status == 200)
        });
    assert_eq!(answer.body, "GET /own HTTP/1.1 x-auth-email: ada@example.org");
    assert_eq!(ask("/api/reports", &ada.access).status, 404);
}

/// The document's request, as printed.
#[test]
fn dev_guards_the_films_unless_something_else_stands_there() {
    let place = Place::new();
    let server = place.dev();
    let ada = server.door.newcomer("user@example.com");
    let credentials = json!({"email": "user@example.com", "password": PASSWORD});
    let signed_in = Request::post("/api/users/auth", &credentials)
        .send(server.door.address)
        .unwrap();
    let token = signed_in.json()["token"].as_str().unwrap().to_owned();
    let ask = |path: &str, token: &str| {
        Request::get(path)
            .bearer(token)
            .send(server.door.address)
            .unwrap()
    };
    assert_eq!(
        (
            ask("/api/films", &token).status,
            ask("/api/films", &token).body.as_str()
        ),
        (200, "[]")
    );
    for token in [&ada.access, "", "nonsense"] {
        let refused = ask("/api/films", token);
        assert_eq!(
            (refused.status, refused.body.as_str()),
            (401, r#"{"message":"Invalid credentials."}"#)
        );
    }

    let place = Place::new().with("VESTIBULE_GATEWAY", &table("/api/films", &upstream(), ""));
    let server = place.dev();
    let ada = server.door.newcomer("user@example.com");
    let answer = Request::get("/api/films")
        .bearer(&ada.access)
        .send(server.door.address)
        .unwrap();
    assert_eq!(
        answer.body,
        "GET /api/films HTTP/1.1 x-auth-email: user@example.com"
    );
}

#[test]
fn a_table_that_is_unsafe_or_useless_is_refused_at_start_and_named() {
    for (tables, told) in [
        (
            table("/v1", "http://h", ""),
            "gateway[0].prefix: would cover /v1/",
        ),
        (
            table("/docs", "http://h", ""),
            "gateway[0].prefix: would cover /docs/{dialect}/{operation}",
        ),
        (
            table("/api/films/", "http://h", ""),
            "gateway[0].prefix: must be a path such as /api/films",
        ),
        (
            table("films", "http://h", ""),
            "gateway[0].prefix: must be a path such as /api/films",
        ),
        (
            table("/films", "127.0.0.1:9000", ""),
            "gateway[0].upstream: must be http:// or https://",
        ),
        (
            table("/films", "ftp://h", ""),
            "gateway[0].upstream: must be http:// or https://",
        ),
        (
            table("/films", "built-in", ""),
            "gateway[0].upstream: must be http:// or https://",
        ),
        (
            table("/films", "http://h", ",timeout=0"),
            "gateway[0].timeout: must be from 1 to 3600 seconds",
        ),
        (
            table("/films", "http://h", ",role=\"admin\""),
            "unknown field `role`",
        ),
        (
            table("/films", "http://h", "").replace("rakomi", "rakomy"),
            "gateway[0].dialect: is not an API",
        ),
        (
            "/films".to_owned(),
            "gateway ($VESTIBULE_GATEWAY) must be a list of tables",
        ),
    ] {
        let place = Place::new().with("VESTIBULE_GATEWAY", &tables);
        let ended = place.run(&["dev", "--listen", "127.0.0.1:0", "--json"]);
        assert_eq!(ended.code, USAGE, "{tables}: {ended:?}");
        assert!(ended.err.contains(told), "{tables}: {}", ended.err);
        assert!(!place.data().exists(), "{tables}: nothing is left behind");
    }
    let place = Place::new();
    let _server = place.dev();
    let ended = place.run(&[
        "project",
        "set",
        "default",
        "gateway",
        &table("/v1", "http://h", ""),
    ]);
    assert!(
        ended.code != Some(0) && ended.err.contains("would cover /v1/"),
        "{ended:?}"
    );
}
