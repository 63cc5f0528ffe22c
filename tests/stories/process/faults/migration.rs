//! Nodes that start together, and starts that are killed. RL-23.

use super::super::place::{Place, Server};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::cluster::Wire;
use vestibule_testkit::new_house;

/// Moments at which a start is killed, between its call and its end.
const KILLS: u32 = 10;
const LEDGER: &str = "SELECT to_regclass('schema_migrations')::text";

#[test]
fn rl23_nodes_that_start_together_on_an_empty_database_agree_on_its_tables_and_keys() {
    let other = Place::new();
    drop(other.dev());
    let key = std::fs::read_to_string(other.data().join("master.key")).unwrap();
    for round in 0..6 {
        let Some(house) = new_house() else { return };
        // So slow that one reads what is there while another makes it.
        let wire = Wire::to(&house);
        wire.delay(Duration::from_millis(10));
        let mut place = Place::new().with("DATABASE_URL", &wire.url());
        // Whoever makes the key lets the others wait; with a key they come to the tables together.
        if round % 2 == 1 {
            place = place.with("VESTIBULE_SECRETS__MASTER_KEY", key.trim());
        }
        let (binary, data) = (&place.binary, &place.data());
        let nodes: Vec<_> = thread::scope(|starts| {
            let started = [(); 3].map(|()| starts.spawn(move || Server::start(binary, data)));
            started.into_iter().map(|start| start.join().unwrap()).collect()
        });
        wire.delay(Duration::ZERO);
        let ada = nodes[0].door.newcomer("ada@example.org");
        for node in &nodes {
            assert_eq!(node.door.status_of(&ada.access), 200, "round {round}");
            node.door.sign_in("ada@example.org");
        }
        let applied = "SELECT count(*) || ' ' || max(number) FROM schema_migrations";
        let applied = house.cluster().run_in(house.name(), applied);
        let (count, last) = applied.split_once(' ').unwrap();
        assert_eq!(count, last, "each once");
    }
}

/// Each would make a key of its own, and could not open what the other seals.
#[test]
fn rl23_of_nodes_that_start_together_with_folders_and_no_key_in_common_one_serves() {
    let Some(house) = new_house() else { return };
    let wire = Wire::to(&house);
    wire.delay(Duration::from_millis(10));
    let places = [(); 2].map(|()| Place::new().with("DATABASE_URL", &wire.url()));
    let mut ended: Vec<_> = thread::scope(|starts| {
        let started = places.each_ref().map(|place| {
            starts.spawn(|| {
                // Whoever serves is asked to end after a while.
                let bounded = place.binary.clone().through(&["timeout", "5"]);
                let data = place.data();
                bounded.run(&["dev", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
            })
        });
        started.into_iter().map(|start| start.join().unwrap()).collect()
    });
    ended.sort_by_key(|ended| ended.code);
    assert_eq!((ended[0].code, ended[1].code), (Some(2), Some(124)), "{ended:?}");
    // Its own key is not the one, or it came too late to make one.
    let told = "sealed the PostgreSQL database";
    assert!(ended[0].err.contains(told), "{}", ended[0].err);
    assert!(ended[1].out.contains("is ready"), "{}", ended[1].out);
}

/// Starts a server and kills it after a while.
fn is_killed(place: &Place, after: Duration) {
    let after = format!("{}", after.as_secs_f64());
    let killed = place
        .binary
        .clone()
        .through(&["timeout", "--signal=KILL", &after]);
    let data = place.data();
    let ended = killed.run(&["dev", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    assert!(!ended.err.contains("error"), "{ended:?}");
}

/// How long a start takes that nobody disturbs.
fn undisturbed(place: &Place) -> Duration {
    let since = Instant::now();
    drop(place.dev());
    since.elapsed()
}

#[test]
fn rl23_a_start_that_is_killed_at_any_moment_is_finished_by_the_next_on_sqlite() {
    let whole = undisturbed(&Place::new());
    for number in 1..=KILLS {
        let place = Place::new();
        is_killed(&place, whole * number / KILLS);
        place.dev().door.newcomer("ada@example.org");
    }
}

#[test]
fn rl23_a_start_that_is_killed_at_any_moment_is_finished_by_the_next_on_postgres() {
    let slow = || {
        let house = new_house()?;
        let wire = Wire::to(&house);
        // So that most of a start is spent in the middle of a migration.
        wire.delay(Duration::from_millis(20));
        let place = Place::new().with("DATABASE_URL", &wire.url());
        Some((place, wire, house))
    };
    let Some((place, _wire, _house)) = slow() else {
        return;
    };
    let whole = undisturbed(&place);
    let mut found = Vec::new();
    for number in 1..=KILLS {
        let (place, wire, house) = slow().unwrap();
        // The tables are made in the first half.
        is_killed(&place, whole * number / KILLS / 2);
        let applied = "SELECT count(*) FROM schema_migrations";
        let applied = match house.cluster().run_in(house.name(), LEDGER).as_str() {
            "" => String::new(),
            _ => house.cluster().run_in(house.name(), applied),
        };
        found.push(applied);
        wire.delay(Duration::ZERO);
        place.dev().door.newcomer("ada@example.org");
    }
    let between = found
        .iter()
        .filter(|count| !["", "0"].contains(&count.as_str()))
        .count();
    assert!(between > 0 && found.iter().any(String::is_empty), "{found:?}");
    println!("a start takes {whole:?}; {found:?}");
}
