//! A disk that takes no more. RL-03, RL-04.

use super::client::{Request, somebody};
use super::place::{Place, Server, SignedIn};
use rustix::process::Resource;
use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;
use vestibule_testkit::process::eventually;

const PATIENCE: Duration = Duration::from_secs(20);

/// Everything that needs no write is answered.
pub fn reads_work(server: &Server, ada: &SignedIn) {
    for request in [
        server.door.me(&ada.access),
        Request::get("/.well-known/jwks.json?env=test"),
    ] {
        server.door.send(request).unwrap().expect(200);
    }
}

/// Registers until it is refused, and says for whom that was.
pub fn register_until_refused(server: &Server) -> String {
    eventually("a refused write", PATIENCE, || {
        let email = format!("{}@example.org", somebody());
        let answer = server.door.send(server.door.register(&email)).unwrap();
        if answer.status == 201 {
            return None;
        }
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "server/unavailable"),
            "{answer:?}"
        );
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        Some(email)
    })
}

/// Ways to give a process a mount of its own, which goes when the process goes.
const OF_ITS_OWN: [&[&str]; 2] = [
    &["unshare", "--mount"],
    &["unshare", "--user", "--map-root-user", "--mount"],
];

#[test]
fn rl04_a_full_disk_refuses_writes_serves_reads_and_heals_by_itself() {
    let place = Place::new();
    let data = place.data();
    fs::create_dir(&data).unwrap();
    let small = format!(
        "mount -t tmpfs -o size=6m,mode=0700 none {} && exec \"$@\"",
        data.display()
    );
    let works = |way: &&&[&str]| {
        let tried = Command::new(way[0])
            .args(&way[1..])
            .args(["sh", "-c", &small, "sh", "true"])
            .output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let Some(way) = OF_ITS_OWN.iter().find(works) else {
        println!("NOT TOLD: this machine lets nobody mount; rl03 tells of failing writes without a mount");
        return;
    };
    let binary = place
        .binary
        .clone()
        .through(&[way, &["sh", "-c", small.as_str(), "sh"][..]].concat());
    let server = Server::start(&binary, &data);
    let ada = server.door.newcomer("ada@example.org");
    let healthy = || server.door.send(Request::get("/v1/health")).unwrap().expect(200);
    healthy();
    reads_work(&server, &ada);

    // As the server's mount looks from here.
    let inside = format!("/proc/{}/root{}", server.process.id(), data.display());
    let ballast = format!("{inside}/ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let refused = register_until_refused(&server);
    reads_work(&server, &ada);
    server
        .door
        .send(server.door.login("ada@example.org"))
        .unwrap()
        .expect(503);
    reads_work(&server, &ada);
    healthy();

    drop(file);
    fs::remove_file(ballast).unwrap();
    eventually("healed", PATIENCE, || {
        (server
            .door
            .send(server.door.login("ada@example.org"))
            .unwrap()
            .status
            == 200)
            .then_some(())
    });
    // What was refused did not happen, and so can happen now.
    server.door.newcomer(&refused);
    let next = server
        .door
        .send(server.door.refresh(&ada.refresh))
        .unwrap()
        .expect(200);
    assert_eq!(server.door.status_of(&next.text("access_token")), 200);
    let database = rusqlite::Connection::open(format!("{inside}/vestibule.db")).unwrap();
    let whole: String = database
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
}

/// A write that fails in another way than for want of space: nobody knows what the disk holds now.
#[test]
fn rl03_a_failed_write_is_never_acknowledged_and_a_restart_finds_all_that_was() {
    let place = Place::new();
    // Without this the kernel would end a process that writes beyond its limit.
    let binary = place
        .binary
        .clone()
        .through(&["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
    let server = Server::start(&binary, &place.data());
    let ada = server.door.newcomer("ada@example.org");
    let log = place.data().join("vestibule.db-wal");
    server
        .process
        .limit(Resource::Fsize, Some(fs::metadata(log).unwrap().len() + 10_000));
    let refused = register_until_refused(&server);
    reads_work(&server, &ada);

    server.process.limit(Resource::Fsize, None);
    server
        .door
        .send(server.door.register(&refused))
        .unwrap()
        .expect(503);
    assert!(
        server.process.said().contains("restart"),
        "{}",
        server.process.said()
    );
    // Whoever watches the server is told that it cannot go on.
    server.door.send(Request::get("/v1/health")).unwrap().expect(503);
    server.process.kill();

    let server = place.dev();
    reads_work(&server, &ada);
    server.door.sign_in("ada@example.org");
    let next = server
        .door
        .send(server.door.refresh(&ada.refresh))
        .unwrap()
        .expect(200);
    assert_eq!(server.door.status_of(&next.text("access_token")), 200);
    server
        .door
        .send(server.door.register("eve@example.org"))
        .unwrap()
        .expect(201);
}
