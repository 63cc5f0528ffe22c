//! Nodes that hear nothing of each other: the connection that listens is cut or silent, or a node stood still. RL-10,
//! RL-28.

use super::super::client::Connection;
use super::super::place::{Door, Place, Server, SignedIn};
use super::HEALED;
use std::time::{Duration, Instant};
use vestibule_testkit::cluster::Wire;
use vestibule_testkit::new_house;
use vestibule_testkit::process::eventually;

/// For how long what is cached may be used without news, as `store::cache` has it.
const LEASE: Duration = Duration::from_millis(750);
/// How soon every node knows what one of them was told.
const SOON: Duration = Duration::from_secs(1);
const LEASED: &str = "vestibule_cache_lease";

fn log_out(door: &Door, session: &SignedIn) {
    let body = serde_json::json!({ "refresh_token": session.refresh });
    let answer = door.send(door.post("logout", &body).bearer(&session.access));
    assert!(answer.unwrap().status < 300);
}

/// What ends on `one` while `two` hears nothing is refused on `two`: at first soon, without a lease at once.
fn is_deaf_and_safe(one: &Server, two: &Server, make_deaf: impl FnOnce()) {
    let sessions = [(); 4].map(|()| one.door.sign_in("ada@example.org"));
    eventually("a lease", HEALED, || (two.figure(LEASED) == 1).then_some(()));
    for session in &sessions {
        assert_eq!(two.door.status_of(&session.access), 200);
        assert_eq!(two.door.status_of(&session.access), 200, "from the cache");
    }
    make_deaf();
    let since = Instant::now();
    let [first, rest @ ..] = &sessions;
    log_out(&one.door, first);
    eventually("the first logout is known", SOON, || {
        (two.door.status_of(&first.access) == 401).then_some(())
    });
    eventually("no lease", SOON, || (two.figure(LEASED) == 0).then_some(()));
    assert!(
        since.elapsed() < LEASE + Duration::from_millis(500),
        "{:?}",
        since.elapsed()
    );
    for session in rest {
        assert_eq!(two.door.status_of(&session.access), 200, "cached again");
        log_out(&one.door, session);
        assert_eq!(two.door.status_of(&session.access), 401, "it was not looked up");
    }
}

#[test]
fn rl10_rl28_a_node_whose_listening_connection_is_cut_or_silent_asks_before_each_answer() {
    let Some(house) = new_house() else { return };
    let wire = Wire::to(&house);
    let place = Place::new().with("DATABASE_URL", &house.url());
    let one = place.dev();
    let hears = place
        .binary
        .clone()
        .with("VESTIBULE_POSTGRES__DIRECT_URL", &wire.url());
    let two = Server::start(&hears, &place.data());
    one.door.newcomer("ada@example.org");
    is_deaf_and_safe(&one, &two, || wire.cut());
    wire.mend();
    is_deaf_and_safe(&one, &two, || wire.swallow(true));
    wire.swallow(false);
    eventually("a lease", HEALED, || (two.figure(LEASED) == 1).then_some(()));
}

/// The request lies in the socket of the frozen node, so that it is the first thing that the node finds.
#[test]
fn rl28_a_node_that_stood_still_looks_up_what_ended_meanwhile_before_its_first_answer() {
    let Some(house) = new_house() else { return };
    let place = Place::new().with("DATABASE_URL", &house.url());
    let (one, two) = (place.dev(), place.dev());
    one.door.newcomer("ada@example.org");
    for round in 0..5 {
        let sessions = [(); 4].map(|()| one.door.sign_in("ada@example.org"));
        eventually("a lease", HEALED, || (two.figure(LEASED) == 1).then_some(()));
        let mut open = sessions.each_ref().map(|session| {
            assert_eq!(two.door.status_of(&session.access), 200);
            let mut connection = Connection::open(two.door.address).unwrap();
            let me = two
                .door
                .me(&session.access)
                .from(super::super::client::somebody());
            assert_eq!(connection.send(&me).unwrap().status, 200, "from the cache");
            (connection, me)
        });
        two.process.freeze();
        let since = Instant::now();
        for (connection, me) in &mut open {
            connection.write(&me.text()).unwrap();
        }
        for session in &sessions {
            log_out(&one.door, session);
        }
        eventually("longer than any lease", HEALED, || {
            (since.elapsed() > LEASE).then_some(())
        });
        two.process.wake();
        for (mut connection, _) in open {
            assert_eq!(connection.answer().unwrap().status, 401, "round {round}");
        }
    }
}
