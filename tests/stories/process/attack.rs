//! Somebody guesses a password while the server is restarted. L15.
//!
//! A second server on one SQLite file is refused (`refusals`), so there is no second node to count past.

use super::client::Request;
use super::place::{Place, Server};
use serde_json::json;
use std::time::Duration;

/// Guesses once at each of these doors, each time as another client.
fn guess(server: &Server, doors: &[(&str, &str)]) {
    for (path, field) in doors {
        let guess = Request::post(path, &json!({*field: "ada@example.org", "password": "wrong"}));
        let answer = server.door.send(guess).unwrap();
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
    }
}

#[test]
fn l15_failures_are_still_counted_after_a_restart_and_after_a_kill() {
    let doors = [
        ("/api/users/auth", "email"),
        ("/auth/login", "email"),
        ("/api/auth/login", "username"),
    ];
    let place = Place::new();
    let server = place.dev();
    server.door.newcomer("ada@example.org");
    guess(&server, &doors);
    server.process.kill();

    let mut server = place.dev();
    guess(&server, &doors);
    server.process.terminate();
    assert!(server.process.ended(Duration::from_secs(20)).is_some());

    let server = place.dev();
    guess(&server, &doors);
    guess(&server, &doors[..1]);
    let locked = server.door.send(server.door.login("ada@example.org")).unwrap();
    assert_eq!(
        (locked.status, locked.code().as_str()),
        (429, "auth/account_locked")
    );
    server.process.kill();

    let server = place.dev();
    let locked = server.door.send(server.door.login("ada@example.org")).unwrap();
    assert_eq!(
        (locked.status, locked.code().as_str()),
        (429, "auth/account_locked")
    );
}
