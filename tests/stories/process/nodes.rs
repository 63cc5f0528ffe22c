//! Two processes with one data folder and one PostgreSQL database are two nodes. RL-28.

use super::place::{Place, Server, SignedIn};
use serde_json::json;
use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;
use vestibule_testkit::{ThrowAway, new_house};

/// How soon every node knows what one of them was told.
const SOON: Duration = Duration::from_secs(1);
const RACERS: usize = 16;
const ROUNDS: usize = 8;

struct Nodes {
    one: Server,
    two: Server,
    place: Place,
    _house: ThrowAway<'static>,
}

/// None where PostgreSQL is not installed.
fn nodes() -> Option<Nodes> {
    let house = new_house()?;
    let place = Place::new().with("DATABASE_URL", &house.url());
    // The first makes the tables, the master key and the API keys.
    let (one, two) = (place.dev(), place.dev());
    assert!(!place.database().exists(), "nothing is kept in a file");
    Some(Nodes {
        one,
        two,
        place,
        _house: house,
    })
}

impl Nodes {
    /// Waits until the second node refuses an access token; it must be soon.
    fn refused_by_two(&self, what: &str, session: &SignedIn) {
        let since = Instant::now();
        eventually(what, SOON, || {
            (self.two.door.status_of(&session.access) == 401).then_some(())
        });
        assert!(since.elapsed() < SOON, "{what}: {:?}", since.elapsed());
    }
}

#[test]
fn rl28_what_ends_on_one_node_is_refused_on_the_other_within_a_second() {
    let Some(nodes) = nodes() else { return };
    let (one, two) = (&nodes.one.door, &nodes.two.door);
    let ada = one.newcomer("ada@example.org");
    assert_eq!(two.status_of(&ada.access), 200);
    assert_eq!(two.status_of(&ada.access), 200, "and it is cached there");
    let logout = one
        .post("logout", &json!({ "refresh_token": ada.refresh }))
        .bearer(&ada.access);
    assert!(one.send(logout).unwrap().status < 300);
    assert_eq!(one.status_of(&ada.access), 401, "at once where it ended");
    nodes.refused_by_two("the logout", &ada);
    assert_eq!(two.send(two.refresh(&ada.refresh)).unwrap().status, 401);

    let again = two.sign_in("ada@example.org");
    assert_eq!(
        (one.status_of(&again.access), two.status_of(&again.access)),
        (200, 200)
    );
    nodes.place.run(&["user", "disable", "ada@example.org"]).done();
    nodes.refused_by_two("the command", &again);
    eventually("the command, on the other node", SOON, || {
        (one.status_of(&again.access) == 401).then_some(())
    });
}

#[test]
fn a_session_that_went_on_elsewhere_is_not_refused_where_it_is_cached() {
    let Some(nodes) = nodes() else { return };
    let (one, two) = (&nodes.one.door, &nodes.two.door);
    let mut ada = one.newcomer("ada@example.org");
    for _ in 0..5 {
        assert_eq!(
            (one.status_of(&ada.access), two.status_of(&ada.access)),
            (200, 200)
        );
        let answer = one.send(one.refresh(&ada.refresh)).unwrap().expect(200);
        ada = SignedIn {
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
        };
        assert_eq!(
            two.status_of(&ada.access),
            200,
            "a newer generation than the cached one"
        );
    }
}

#[test]
fn rt02_of_sixteen_refreshes_of_one_token_over_two_nodes_never_two_successors_come() {
    let Some(nodes) = nodes() else { return };
    let mut token = nodes.one.door.newcomer("ada@example.org").refresh;
    for round in 0..ROUNDS {
        let successors: HashSet<String> = thread::scope(|racers| {
            let started: Vec<_> = (0..RACERS)
                .map(|racer| {
                    let door = if racer % 2 == 0 {
                        &nodes.one.door
                    } else {
                        &nodes.two.door
                    };
                    let token = &token;
                    racers.spawn(move || {
                        door.send(door.refresh(token))
                            .unwrap()
                            .expect(200)
                            .text("refresh_token")
                    })
                })
                .collect();
            started.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(successors.len(), 1, "round {round}");
        let successor = successors.into_iter().next().unwrap();
        assert_ne!(successor, token);
        token = successor;
    }
}

#[test]
fn commands_work_on_postgres_and_those_that_copy_a_file_name_the_tool_instead() {
    let Some(house) = new_house() else { return };
    let place = Place::new().with("DATABASE_URL", &house.url());
    let empty = place.run(&["user", "list"]);
    assert_eq!(empty.code, Some(1), "{empty:?}");
    assert!(empty.err.contains("no tables yet"), "{}", empty.err);
    let server = place.dev();
    server.door.newcomer("ada@example.org");
    assert_eq!(
        place.json(&["user", "list"])["data"].as_array().map(Vec::len),
        Some(1)
    );
    place.run(&["migrate", "--check"]).done();
    let file = place.path("copy.backup");
    for command in [
        ["backup", file.to_str().unwrap()],
        ["restore", file.to_str().unwrap()],
    ] {
        let refused = place.run(&command);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("pg_dump"), "{}", refused.err);
    }
    assert!(!file.exists());
}

#[test]
fn d08_after_a_restore_by_other_tools_one_command_ends_what_it_revived_on_every_node() {
    let Some(nodes) = nodes() else { return };
    let ada = nodes.one.door.newcomer("ada@example.org");
    assert_eq!(nodes.two.door.status_of(&ada.access), 200);
    let told = nodes.place.json(&["session", "revoke-restored", "--yes"]);
    assert_eq!(told["ended"], json!(2), "a session and a mailed link: {told}");
    nodes.refused_by_two("the command", &ada);
    let refused = nodes.one.door.send(nodes.one.door.refresh(&ada.refresh)).unwrap();
    assert_eq!(refused.status, 401);
    nodes.one.door.sign_in("ada@example.org");
}

#[test]
fn a_database_that_cannot_be_used_is_refused_at_the_start_with_the_remedy() {
    let nowhere = Place::new().with("DATABASE_URL", "postgres://ada:geheim@127.0.0.1:1/house");
    let refused = nowhere.run(&["dev", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("check that PostgreSQL is running"),
        "{}",
        refused.err
    );
    let odd = Place::new().with("DATABASE_URL", "mysql://ada:geheim@127.0.0.1/house");
    let odd = odd.run(&["dev", "--listen", "127.0.0.1:0"]);
    assert!(
        odd.err.contains("database.url") && odd.err.contains("postgres://"),
        "{}",
        odd.err
    );
    assert!(!refused.err.contains("geheim") && !odd.err.contains("geheim"));
}

#[test]
fn rl09_a_failover_that_would_lose_something_is_warned_of_at_the_start() {
    let Some(house) = new_house() else { return };
    let (before, after) = house
        .url()
        .split_once("host=")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let (host, rest) = after.split_once('&').unwrap();
    let several = format!("{before}host={host},{host}&{rest}");
    let mut place = Place::new();
    for (url, warned) in [(house.url(), false), (several, true)] {
        place = place.with("DATABASE_URL", &url);
        let server = place.dev();
        let said = server.process.said();
        assert_eq!(
            said.contains("synchronous_standby_names"),
            warned,
            "{url}: {said}"
        );
    }
}
