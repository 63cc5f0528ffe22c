//! A database that is connected and says nothing, or takes its time. RL-10.

use super::super::client::{Answer, Request};
use super::super::place::{Door, SignedIn};
use super::{HEALED, Place};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::cluster::Wire;
use vestibule_testkit::new_house;
use vestibule_testkit::process::eventually;

/// How long whoever cannot be statuses may be left waiting.
const LONGEST: Duration = Duration::from_secs(6);

/// Everything that needs the database, asked at once; answers with the time that each took.
fn ask_all(door: &Door, ada: &SignedIn) -> Vec<(&'static str, Answer, Duration)> {
    let requests = [
        ("register", door.register("eve@example.org")),
        ("login", door.login("ada@example.org")),
        ("refresh", door.refresh(&ada.refresh)),
        ("me", door.me(&ada.access)),
        ("keys", Request::get("/.well-known/jwks.json?env=test")),
        ("health", Request::get("/v1/health")),
        ("ready", Request::get("/ready")),
    ];
    thread::scope(|clients| {
        let asked = requests.map(|(name, request)| {
            clients.spawn(move || {
                let since = Instant::now();
                let answer = door.send(request).unwrap();
                (name, answer, since.elapsed())
            })
        });
        asked.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

#[test]
fn rl10_a_database_that_says_nothing_is_left_within_six_seconds_and_healed_from_within_two() {
    let Some(house) = new_house() else { return };
    let wire = Wire::to(&house);
    let place = Place::new().with("DATABASE_URL", &wire.url());
    let server = place.dev();
    let door = &server.door;
    let mut ada = door.newcomer("ada@example.org");
    for (name, answer, _) in ask_all(door, &ada) {
        assert!(answer.status < 300, "{name}: {answer:?}");
        if name == "refresh" {
            ada.refresh = answer.text("refresh_token");
        }
    }
    wire.swallow(true);
    for wave in ["first", "second"] {
        for (name, answer, took) in ask_all(door, &ada) {
            assert!(took < LONGEST, "{wave} {name}: {took:?}");
            println!("{wave} {name}: {} after {took:?}", answer.status);
            // Keys and profiles may be answered from the caches as long as their lease holds.
            let cached = ["me", "keys"].contains(&name) && wave == "first" && answer.status == 200;
            assert!(answer.status == 503 || cached, "{wave} {name}: {answer:?}");
            let told =
                cached || ["health", "ready"].contains(&name) || answer.header("retry-after").is_some();
            assert!(told, "{wave} {name}: {answer:?}");
        }
    }
    wire.swallow(false);
    let mut statuses = Vec::new();
    let since = Instant::now();
    eventually("healed", HEALED, || {
        let answer = door.send(door.refresh(&ada.refresh)).unwrap();
        statuses.push((answer.status, since.elapsed()));
        (answer.status == 200).then_some(())
    });
    door.sign_in("ada@example.org");
    assert_eq!(door.status_of(&ada.access), 200);
    assert_eq!(door.send(Request::get("/ready")).unwrap().status, 200);
    println!("healed: {statuses:?}");
}

#[test]
fn rl10_a_database_that_takes_two_seconds_is_waited_for_or_refused_in_time() {
    let Some(house) = new_house() else { return };
    let wire = Wire::to(&house);
    let place = Place::new().with("DATABASE_URL", &wire.url());
    let server = place.dev();
    let door = &server.door;
    let ada = door.newcomer("ada@example.org");
    assert_eq!(door.status_of(&ada.access), 200);
    wire.delay(Duration::from_secs(2));
    let mut answered = 0;
    for (name, answer, took) in ask_all(door, &ada) {
        println!("{name}: {} after {took:?}", answer.status);
        assert!(took < LONGEST, "{name}: {took:?}");
        assert!(answer.status < 300 || answer.status == 503, "{name}: {answer:?}");
        answered += usize::from(answer.status < 300);
    }
    assert!(answered > 0, "short reads come through");
    wire.delay(Duration::ZERO);
    eventually("healed", LONGEST, || {
        (door.send(door.login("ada@example.org")).unwrap().status == 200).then_some(())
    });
}
