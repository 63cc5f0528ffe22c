//! Another process that holds the database. RL-05.

use super::client::Request;
use super::place::Place;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn rl05_writes_wait_for_another_process_then_are_refused_and_reads_never_wait() {
    let place = Place::new().with("VESTIBULE_SERVER__REQUEST_TIMEOUT", "2");
    let server = place.dev();
    let door = &server.door;
    let ada = door.newcomer("ada@example.org");
    let other = rusqlite::Connection::open(place.database()).unwrap();

    // Held throughout: a write waits as long as a request may, and is then refused.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    thread::scope(|clients| {
        let since = Instant::now();
        let writing = clients.spawn(move || {
            (
                door.send(door.register("eve@example.org")).unwrap(),
                since.elapsed(),
            )
        });
        while !writing.is_finished() {
            for request in [
                door.me(&ada.access),
                Request::get("/.well-known/jwks.json?env=test"),
                Request::get("/v1/health"),
            ] {
                let asked = Instant::now();
                door.send(request).unwrap().expect(200);
                assert!(
                    asked.elapsed() < Duration::from_secs(1),
                    "a read waited {:?}",
                    asked.elapsed()
                );
            }
        }
        let (answer, waited) = writing.join().unwrap();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "server/unavailable"),
            "{answer:?}"
        );
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        assert!(
            waited > Duration::from_secs(1) && waited < Duration::from_secs(5),
            "refused after {waited:?}"
        );
    });
    assert_eq!(door.status_of(&ada.access), 200);

    // Let go in time: the write that waits goes through.
    thread::scope(|clients| {
        let writing = clients.spawn(|| door.send(door.register("eve@example.org")).unwrap());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(500) {
            assert_eq!(door.status_of(&ada.access), 200);
        }
        assert!(!writing.is_finished(), "the write did not wait");
        other.execute_batch("ROLLBACK").unwrap();
        writing.join().unwrap().expect(201);
    });
    door.sign_in("eve@example.org");
}
