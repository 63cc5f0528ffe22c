//! SIGTERM. RL-26.

use super::client::{Connection, Request};
use super::place::{Door, Place};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;

const LOGINS: usize = 40;

/// What became of one request after another until the server took no more.
#[derive(Debug, Default)]
struct Count {
    answered: usize,
    /// Whose connection was open before the server was asked to stop.
    dropped: usize,
}

/// One request per connection, as long as connections are taken.
fn come_and_go(door: &Door, asked: &AtomicBool) -> Count {
    let mut count = Count::default();
    loop {
        let Ok(mut connection) = Connection::open(door.address) else {
            return count;
        };
        let before = !asked.load(Ordering::SeqCst);
        match connection.send(&door.register("nobody").from(super::client::somebody())) {
            Ok(_) => count.answered += 1,
            Err(_) if before => count.dropped += 1,
            Err(_) => {}
        }
    }
}

#[test]
fn rl26_sigterm_drops_no_request_turns_readiness_off_first_and_ends_well() {
    // Hashes that take so long that many are still waited for when the server is asked to stop.
    let place = Place::new().with("VESTIBULE_HASHING__ITERATIONS", "8");
    let place = place.with("VESTIBULE_SERVER__REQUEST_TIMEOUT", "30");
    let mut server = place.dev();
    server.door.newcomer("ada@example.org");
    let (door, figures) = (server.door.clone(), server.process.address("metrics_url"));
    let ready = || Request::get("/ready").send(figures).map(|answer| answer.status);
    assert_eq!(ready().unwrap(), 200);

    let (asked, under_way) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (answers, counts) = thread::scope(|clients| {
        let logins: Vec<_> = (0..LOGINS)
            .map(|_| {
                clients.spawn(|| {
                    let mut connection = Connection::open(door.address).unwrap();
                    connection
                        .write(
                            &door
                                .login("ada@example.org")
                                .from(super::client::somebody())
                                .text(),
                        )
                        .unwrap();
                    under_way.fetch_add(1, Ordering::SeqCst);
                    connection.answer()
                })
            })
            .collect();
        let others: Vec<_> = (0..4)
            .map(|_| clients.spawn(|| come_and_go(&door, &asked)))
            .collect();
        eventually("all logins sent", Duration::from_secs(10), || {
            (under_way.load(Ordering::SeqCst) == LOGINS).then_some(())
        });
        asked.store(true, Ordering::SeqCst);
        server.process.terminate();
        // Before the last login is answered, readiness is off where the load balancer looks.
        let seen = eventually("readiness off", Duration::from_secs(5), || match ready() {
            Ok(200) => None,
            other => Some(other),
        });
        assert_eq!(
            seen.ok(),
            Some(503),
            "the figures' listener was gone before readiness was off"
        );
        assert!(
            server.process.ended(Duration::ZERO).is_none(),
            "no request was under way"
        );
        let answers: Vec<_> = logins.into_iter().map(|login| login.join().unwrap()).collect();
        (
            answers,
            others
                .into_iter()
                .map(|other| other.join().unwrap())
                .collect::<Vec<_>>(),
        )
    });
    let statuses: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.map(|it| it.status))
        .collect();
    assert!(
        statuses.iter().all(|status| matches!(status, Ok(200))),
        "{statuses:?}"
    );
    assert!(
        counts
            .iter()
            .all(|count| count.dropped == 0 && count.answered > 0),
        "{counts:?}"
    );
    let ended = server
        .process
        .ended(Duration::from_secs(10))
        .expect("it ends when the last request is answered");
    assert_eq!(ended.code(), Some(0), "{}", server.process.said());
}

#[test]
fn rl26_a_second_sigterm_ends_the_process_now() {
    let place = Place::new();
    let mut server = place.dev();
    let door = &server.door;
    // A request whose body never comes holds the drain for seconds.
    let mut slow = Connection::open(door.address).unwrap();
    let whole = door
        .login("ada@example.org")
        .from(super::client::somebody())
        .text();
    slow.write(&whole[..whole.len() - 1]).unwrap();
    // It was read as soon as a later one on another connection is answered.
    door.send(door.login("ada@example.org")).unwrap();
    server.process.terminate();
    let figures = server.process.address("metrics_url");
    eventually("readiness off", Duration::from_secs(5), || {
        (Request::get("/ready").send(figures).ok()?.status == 503).then_some(())
    });
    assert!(
        server.process.ended(Duration::ZERO).is_none(),
        "it waits for the request"
    );
    let since = Instant::now();
    server.process.terminate();
    let ended = server
        .process
        .ended(Duration::from_secs(5))
        .expect("it ends at once");
    assert_eq!(ended.code(), Some(130));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
}

#[test]
fn rl26_what_was_noted_in_memory_is_written_at_the_end() {
    let place = Place::new();
    let mut server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    assert_eq!(server.door.status_of(&ada.access), 200);
    server.process.terminate();
    assert_eq!(
        server
            .process
            .ended(Duration::from_secs(10))
            .and_then(|ended| ended.code()),
        Some(0)
    );
    let log = std::fs::metadata(place.data().join("vestibule.db-wal"));
    assert!(
        log.is_err() || log.is_ok_and(|log| log.len() == 0),
        "the log was not folded into the database"
    );
    let database = rusqlite::Connection::open(place.database()).unwrap();
    let used = "SELECT count(*) FROM sessions WHERE leaf_used_at IS NOT NULL";
    assert_eq!(
        database.query_row(used, (), |row| row.get::<_, i64>(0)).unwrap(),
        1
    );
}
