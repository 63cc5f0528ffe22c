//! More logins than the machine can hash. RL-17, P19, P20 in small.

use super::client::{Connection, somebody};
use super::place::{Door, Place, SignedIn};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;

const CLIENTS: usize = 64;
const FLOOD: Duration = Duration::from_secs(4);

/// KiB of one hash.
const HASH: u64 = 19 * 1024;

/// Hashes that take long, and requests that must not: the flood is many times what the machine can do.
fn place() -> Place {
    Place::new()
        .with("VESTIBULE_HASHING__ITERATIONS", "8")
        .with("VESTIBULE_SERVER__REQUEST_TIMEOUT", "2")
}

/// The status of each login, and how long it took.
fn flood(door: &Door) -> Vec<(u16, Duration)> {
    let seen = Mutex::new(Vec::new());
    let begun = Instant::now();
    thread::scope(|clients| {
        for client in 0..CLIENTS {
            let seen = &seen;
            clients.spawn(move || {
                let mut connection = Connection::open(door.address).unwrap();
                for number in 0.. {
                    if begun.elapsed() > FLOOD {
                        break;
                    }
                    // Unknown addresses cost the same, and no account's lock gets in the way.
                    let login = door.login(&format!("{client}-{number}@example.org"));
                    let asked = Instant::now();
                    let answer = connection.send(&login.from(somebody())).unwrap();
                    seen.lock().unwrap().push((answer.status, asked.elapsed()));
                    if answer.status == 503 {
                        assert!(answer.header("retry-after").is_some(), "{answer:?}");
                        // As a client does that was asked to come later, but sooner than it was asked.
                        thread::sleep(Duration::from_millis(100));
                    }
                }
            });
        }
    });
    seen.into_inner().unwrap()
}

/// A flood, and somebody who looks now and then: how long what was admitted, what was shed and what the other asked took.
fn flooded(door: &Door, other: &SignedIn) -> (Vec<Duration>, Vec<Duration>, Vec<Duration>) {
    let begun = Instant::now();
    let (seen, others) = thread::scope(|clients| {
        let flooding = clients.spawn(|| flood(door));
        let mut others = Vec::new();
        let mut connection = Connection::open(door.address).unwrap();
        while begun.elapsed() < FLOOD {
            let asked = Instant::now();
            connection
                .send(&door.me(&other.access).from(somebody()))
                .unwrap()
                .expect(200);
            others.push(asked.elapsed());
            thread::sleep(Duration::from_millis(5));
        }
        (flooding.join().unwrap(), others)
    });
    let of = |status| -> Vec<Duration> {
        let found = seen.iter().filter(|(found, _)| *found == status);
        found.map(|(_, took)| *took).collect()
    };
    let (admitted, shed) = (of(401), of(503));
    assert_eq!(admitted.len() + shed.len(), seen.len(), "{seen:?}");
    (admitted, shed, others)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
fn rl17_p19_a_flood_of_logins_is_shed_at_once_and_costs_neither_memory_nor_the_others() {
    let place = place();
    let server = place.dev();
    let door = &server.door;
    let ada = door.newcomer("ada@example.org");
    let idle = server.process.memory("VmRSS");
    let workers = server.figure("vestibule_hash_workers");

    // Work that was begun and then given up is lost; one login may be late. The line is planned by what hashes took so far:
    // where other work makes them slower all at once, one plan fails, and another flood must show that it was that.
    let (admitted, shed, others) = (0..3)
        .map(|_| flooded(door, &ada))
        .find(|(admitted, shed, _)| {
            let late = shed.iter().filter(|took| **took > Duration::from_secs(1)).count();
            println!("{late} were given up late, {} done", admitted.len());
            late <= 1 + admitted.len() / 10
        })
        .expect("nearly all that is begun is done");
    assert!(
        !admitted.is_empty() && shed.len() > admitted.len(),
        "{} admitted, {} shed",
        admitted.len(),
        shed.len()
    );
    assert!(
        admitted.iter().max() < Some(&Duration::from_secs(2)),
        "{:?}",
        admitted.iter().max()
    );
    let (shed, others) = (median(shed), median(others));
    assert!(shed < Duration::from_millis(100), "a refusal took {shed:?}");
    assert!(others < Duration::from_millis(100), "me took {others:?}");
    let most = server.process.memory("VmHWM");
    assert!(
        most <= idle + workers * HASH + 64 * 1024,
        "{most} KiB, idle {idle}, {workers} workers"
    );

    // The line is as long as a request may wait, so it is gone by then.
    let after = Instant::now();
    door.sign_in("ada@example.org");
    assert!(
        after.elapsed() < Duration::from_secs(5),
        "normal after {:?}",
        after.elapsed()
    );
    println!(
        "{} admitted, shed in {shed:?}, me in {others:?}, {most} KiB after {idle}",
        admitted.len()
    );
}

#[test]
fn p20_clients_that_hang_up_in_the_middle_of_a_hash_do_not_break_the_bound() {
    let place = place();
    let server = place.dev();
    let door = &server.door;
    door.newcomer("ada@example.org");
    let idle = server.process.memory("VmRSS");
    let workers = server.figure("vestibule_hash_workers");

    let (begun, mut gone, mut busiest) = (Instant::now(), 0, 0);
    while begun.elapsed() < FLOOD {
        let batch: Vec<_> = (0..20)
            .map(|_| {
                let mut connection = Connection::open(door.address).unwrap();
                let nobody = format!("{}@example.org", somebody());
                connection
                    .write(&door.login(&nobody).from(somebody()).text())
                    .unwrap();
                connection
            })
            .collect();
        // A batch may be done before anybody looks; not all of them are.
        busiest = busiest.max(server.figure("vestibule_hash_workers_busy"));
        gone += batch.len();
        drop(batch);
    }
    assert!(gone >= 100, "only {gone} hung up");
    assert!(
        (1..=workers).contains(&busiest),
        "{busiest} of {workers} workers were busy"
    );
    let most = server.process.memory("VmHWM");
    assert!(
        most <= idle + workers * HASH + 64 * 1024,
        "{most} KiB, idle {idle}, {workers} workers"
    );
    // Nobody waits for the work that was abandoned.
    eventually("normal", Duration::from_secs(5), || {
        (door.send(door.login("ada@example.org")).unwrap().status == 200).then_some(())
    });
    let queued = server.figure("vestibule_hash_queue");
    assert_eq!(queued, 0, "hashes are queued for nobody");
}
