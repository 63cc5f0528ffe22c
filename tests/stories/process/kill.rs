//! SIGKILL in the middle of work. RL-01.

use super::ledger::{Family, Ledger};
use super::place::{Door, Place, Server};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;

const ROUNDS: usize = 100;

/// Works as fast as answers come until the server is gone.
fn register(door: &Door, answered: &AtomicUsize, name: &str) -> Ledger {
    let mut ledger = Ledger::default();
    for number in 0.. {
        let email = format!("{name}-{number}@example.org");
        let Ok(answer) = door.send(door.register(&email)) else {
            ledger.perhaps.push(email);
            break;
        };
        ledger
            .registered
            .push((email, answer.expect(201).text("user_id")));
        // It takes several times as long as a refresh.
        answered.fetch_add(4, Ordering::Relaxed);
    }
    ledger
}

fn refresh(door: &Door, answered: &AtomicUsize, mut family: Family) -> Family {
    while let Ok(answer) = door.send(door.refresh(family.newest())) {
        family.tokens.push(answer.expect(200).text("refresh_token"));
        answered.fetch_add(1, Ordering::Relaxed);
    }
    family.pending = true;
    family
}

/// Two clients register and two refresh; after some answers, and a little, the server is killed.
fn burst(server: Server, families: Vec<Family>, round: usize) -> Ledger {
    let (answered, door) = (AtomicUsize::new(0), server.door.clone());
    let mut seen = Ledger::default();
    thread::scope(|clients| {
        let (answered, door) = (&answered, &door);
        let registering =
            ["a", "b"].map(|name| clients.spawn(move || register(door, answered, &format!("{name}{round}"))));
        let refreshing: Vec<_> = families
            .into_iter()
            .map(|family| clients.spawn(move || refresh(door, answered, family)))
            .collect();
        // Not a round number of transactions: the kill comes at any point of one.
        let after = 1 + round * 37 % 100;
        eventually("answers", Duration::from_secs(20), || {
            (answered.load(Ordering::Relaxed) >= after).then_some(())
        });
        let little = Instant::now() + Duration::from_micros((round * 997 % 9000) as u64);
        while Instant::now() < little {
            thread::yield_now();
        }
        server.process.kill();
        for client in registering {
            seen.add(client.join().unwrap());
        }
        seen.families = refreshing
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect();
    });
    seen
}

/// Everything that is wrong with a server that should know this.
fn recheck(server: &Server, place: &Place, ledger: &mut Ledger) -> Vec<String> {
    let mut wrong = ledger.missing_in(&place.database());
    if let Some((email, id)) = ledger.registered.last() {
        let answer = server.door.send(server.door.login(email)).unwrap();
        let me = server
            .door
            .send(server.door.me(&answer.text("access_token")))
            .unwrap();
        if (answer.status, me.status, me.text("user_id")) != (200, 200, id.clone()) {
            wrong.push(format!("{email} was registered, and now: {answer:?}, {me:?}"));
        }
    }
    wrong.extend(
        ledger
            .families
            .iter_mut()
            .filter_map(|family| family.go_on(&server.door).err()),
    );
    wrong
}

fn first_families(server: &Server) -> Vec<Family> {
    let emails = ["first@example.org", "second@example.org"];
    emails
        .iter()
        .map(|email| Family::of(email, server.door.newcomer(email)))
        .collect()
}

#[test]
fn rl01_a_hundred_kills_lose_nothing_that_was_answered() {
    let place = Place::new();
    let mut server = place.dev();
    let (mut all, mut families) = (Ledger::default(), first_families(&server));
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let mut seen = burst(server, families, round);
        server = place.dev();
        slowest = slowest.max(server.process.took);
        assert_eq!(recheck(&server, &place, &mut seen), [""; 0], "round {round}");
        let ready = server.door.send(super::client::Request::get("/ready")).unwrap();
        assert_eq!(ready.status, 200, "round {round}");
        // Now and then somebody steals: what was consumed before the kill is still known after it.
        if round % 10 == 9 {
            for family in &mut seen.families {
                family.is_revoked_by_a_thief(&server.door).unwrap();
                *family = Family::of(&family.email, server.door.sign_in(&family.email));
            }
        }
        families = std::mem::take(&mut seen.families);
        all.add(seen);
    }
    assert_eq!(all.missing_in(&place.database()), [""; 0]);
    assert!(slowest <= Duration::from_secs(2), "ready after {slowest:?}");
    assert!(
        all.registered.len() > ROUNDS / 4 && !all.perhaps.is_empty(),
        "the bursts were no bursts"
    );
    println!(
        "{} registrations answered, {} not; the slowest start took {slowest:?}",
        all.registered.len(),
        all.perhaps.len()
    );
}

/// The check of the story above must be able to fail: a disk that forgets what it was told to keep is noticed.
#[test]
fn rl01_control_a_disk_that_forgets_the_last_commits_is_noticed() {
    let place = Place::new();
    let server = place.dev();
    let families = first_families(&server);
    let files = ["vestibule.db", "vestibule.db-wal"];
    for name in files {
        std::fs::copy(place.data().join(name), place.path(name)).unwrap();
    }
    let third = server
        .door
        .send(server.door.register("third@example.org"))
        .unwrap()
        .expect(201);
    let mut seen = burst(server, families, 30);
    seen.registered
        .push(("third@example.org".into(), third.text("user_id")));
    for name in files {
        std::fs::copy(place.path(name), place.data().join(name)).unwrap();
    }
    std::fs::remove_file(place.data().join("vestibule.db-shm")).unwrap();
    let server = place.dev();
    let wrong = recheck(&server, &place, &mut seen);
    for noticed in [
        "registered as",
        "was registered, and now",
        "a live refresh token was answered",
        "the leaf is",
    ] {
        assert!(
            wrong.iter().any(|it| it.contains(noticed)),
            "no {noticed} in {wrong:?}"
        );
    }
}

/// And so must its other half: an unanswered registration that happened in part, and one that never was.
#[test]
fn rl01_control_half_a_registration_is_noticed() {
    let place = Place::new();
    let server = place.dev();
    server.door.newcomer("ada@example.org");
    let half = Ledger {
        perhaps: vec!["ada@example.org".into()],
        ..Ledger::default()
    };
    assert_eq!(half.missing_in(&place.database()), [""; 0]);
    let database = rusqlite::Connection::open(place.database()).unwrap();
    database.execute("DELETE FROM credentials", ()).unwrap();
    assert_eq!(half.missing_in(&place.database()).len(), 1);
    let never = Ledger {
        registered: vec![("eve@example.org".into(), "1".into())],
        ..Ledger::default()
    };
    assert_eq!(never.missing_in(&place.database()).len(), 1);
}
