//! What an instance sets of a dialect's own budgets.

use super::client::{Answer, Request};
use super::place::{Place, Server};
use serde_json::json;
use std::net::Ipv4Addr;

const CLIENT: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

fn ask(server: &Server, request: Request) -> Answer {
    server.door.send_from(CLIENT, request).unwrap()
}

fn sign_in(server: &Server) -> Answer {
    let body = json!({"username": "nobody@example.org", "password": "wrong"});
    ask(server, Request::post("/api/auth/login", &body))
}

#[test]
fn l16_the_configuration_changes_the_budget_of_arkos_and_how_it_is_shown() {
    let place = Place::new()
        .with("VESTIBULE_ARKOS__RATE_LIMIT__LIMIT", "3")
        .with("VESTIBULE_ARKOS__RATE_LIMIT__WINDOW_MS", "3600000")
        .with("VESTIBULE_ARKOS__RATE_LIMIT__STANDARD_HEADERS", "draft-6")
        .with("VESTIBULE_ARKOS__RATE_LIMIT__LEGACY_HEADERS", "true");
    let server = place.dev();
    for left in ["2", "1", "0"] {
        let answer = sign_in(&server).expect(401);
        assert_eq!(answer.header("ratelimit-policy"), Some("3;w=3600"), "{answer:?}");
        assert_eq!(answer.header("ratelimit-limit"), Some("3"));
        assert_eq!(answer.header("ratelimit-remaining"), Some(left));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
        assert_eq!(answer.header("ratelimit"), None, "that is draft-7's");
    }
    let refused = sign_in(&server).expect(429);
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(
        refused.text("message"),
        "Too many requests, please try again later"
    );
    // The rest of the API, and the other APIs, have the budgets that they had.
    let me = ask(&server, Request::get("/api/users/me")).expect(401);
    assert_eq!(me.header("ratelimit-policy"), Some("300;w=60"), "{me:?}");
    let other = ask(&server, server.door.login("nobody@example.org")).expect(401);
    assert_eq!(other.header("ratelimit-policy"), Some("60;w=60"), "{other:?}");
}

#[test]
fn a_budget_that_would_shut_everybody_out_or_nobody_is_refused_at_start() {
    for (name, value, told) in [
        ("LIMIT", "0", "arkos.rate_limit.limit"),
        ("WINDOW_MS", "10", "arkos.rate_limit.window_ms"),
        ("STANDARD_HEADERS", "none", "arkos.rate_limit.standard_headers"),
        ("LIMITS", "3", "RATE_LIMIT__LIMITS"),
    ] {
        let place = Place::new().with(&format!("VESTIBULE_ARKOS__RATE_LIMIT__{name}"), value);
        let ended = place.run(&["dev", "--listen", "127.0.0.1:0", "--json"]);
        assert_eq!(ended.code, Some(2), "{name}: {ended:?}");
        assert!(ended.err.contains(told), "{name}: {}", ended.err);
        assert!(!place.data().exists(), "{name}: nothing is left behind");
    }
}
