//! Connections that are too many, or too slow. RL-19, I12.

use super::client::{Connection, Request, somebody};
use super::place::Place;
use rustix::process::Resource;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;

#[test]
fn rl19_without_files_the_server_serves_whom_it_has_and_does_not_spin() {
    let place = Place::new();
    let server = place.dev();
    let door = &server.door;
    let ada = door.newcomer("ada@example.org");
    let mut kept = Connection::open(door.address).unwrap();
    kept.send(&door.me(&ada.access)).unwrap().expect(200);

    let room = 10;
    server.process.limit(
        Resource::Nofile,
        Some((server.process.open_files() + room) as u64),
    );
    let strangers: Vec<_> = (0..100)
        .map(|_| Connection::open(door.address).unwrap())
        .collect();
    eventually("out of files", Duration::from_secs(10), || {
        server
            .process
            .said()
            .contains("cannot accept connections")
            .then_some(())
    });

    // For a second: whoever is connected is served, and the listener that cannot accept costs next to nothing.
    let (begun, before) = (Instant::now(), server.process.processor_time());
    let mut answers = 0;
    while begun.elapsed() < Duration::from_secs(1) {
        kept.send(&door.me(&ada.access)).unwrap().expect(200);
        answers += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    let (used, took) = (
        server.process.processor_time().saturating_sub(before),
        begun.elapsed(),
    );
    assert!(
        answers > 10 && used < took / 2,
        "{used:?} of {took:?} for {answers} requests"
    );

    drop(strangers);
    let answer = eventually("room again", Duration::from_secs(15), || {
        door.send(door.me(&ada.access)).ok()
    });
    answer.expect(200);
    server.process.limit(Resource::Nofile, Some(1024));
    door.sign_in("ada@example.org");
}

#[test]
fn i12_slow_clients_are_closed_and_nobody_waits_for_them() {
    let place = Place::new();
    let server = place.dev();
    let door = &server.door;
    let ada = door.newcomer("ada@example.org");
    let whole = door.login("ada@example.org").from(somebody()).text();
    let head = whole.find("\r\n\r\n").unwrap();
    // Nothing at all, half a line, half a head, half a body.
    let beginnings = [0, 7, head - 3, whole.len() - 5];
    let begun = Instant::now();
    let mut slow: Vec<_> = (0..200)
        .map(|number| {
            let mut connection = Connection::open(door.address).unwrap();
            connection
                .write(&whole[..beginnings[number % beginnings.len()]])
                .unwrap();
            (number, connection)
        })
        .collect();
    // They drip on; meanwhile everybody else is served.
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(9) {
        for (_, connection) in slow.iter_mut().filter(|(number, _)| number % 4 == 2) {
            // It may be closed already.
            let _ = connection.write("x");
        }
        for request in [door.me(&ada.access), Request::get("/v1/health")] {
            let asked = Instant::now();
            door.send(request).unwrap().expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    for (number, connection) in &mut slow {
        let left = Duration::from_secs(15)
            .saturating_sub(begun.elapsed())
            .max(Duration::from_millis(1));
        assert!(
            connection.closed_within(left),
            "kind {} lives {:?}",
            *number % 4,
            begun.elapsed()
        );
    }
    assert!(slowest < Duration::from_secs(1), "somebody waited {slowest:?}");
}
