//! Every connection that the database has is somebody else's. RL-11.

use super::{HEALED, PATIENCE, Place};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;
use vestibule_testkit::{Cluster, cluster};

/// Connects as the owner and does nothing; none when there is no connection left.
fn sit(folder: &Path) -> Option<UnixStream> {
    let mut stream = UnixStream::connect(folder.join(".s.PGSQL.5432")).unwrap();
    let parameters = b"user\0vestibule\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).unwrap();
    let hello = [&length.to_be_bytes()[..], &196_608_u32.to_be_bytes(), parameters].concat();
    stream.write_all(&hello).unwrap();
    let mut kind = [0];
    // "R": let in. "E": refused.
    (stream.read_exact(&mut kind).is_ok() && kind == *b"R").then_some(stream)
}

#[test]
fn rl11_without_a_connection_requests_are_refused_in_about_a_second_and_heal_by_themselves() {
    if !cluster::installed() {
        return;
    }
    let cluster = Cluster::start(&["max_connections=30", "superuser_reserved_connections=0"]);
    let house = cluster.database(None);
    let place = Place::new().with("DATABASE_URL", &house.url());
    let mut server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let mut hog = Vec::new();
    let throw_out = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        house.name()
    );
    let theirs = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'",
        house.name()
    );
    eventually("nothing left", PATIENCE, || {
        while let Some(seat) = sit(cluster.folder()) {
            hog.push(seat);
        }
        cluster.run(&throw_out);
        while let Some(seat) = sit(cluster.folder()) {
            hog.push(seat);
        }
        (cluster.run(&theirs) == "0").then_some(())
    });
    for _ in 0..3 {
        for request in [
            server.door.register("eve@example.org"),
            server.door.refresh(&ada.refresh),
            server.door.me(&ada.access),
        ] {
            let since = Instant::now();
            let answer = server.door.send(request).unwrap().expect(503);
            assert!(
                since.elapsed() < Duration::from_millis(1500),
                "{:?}",
                since.elapsed()
            );
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
    }
    assert!(server.process.ended(Duration::ZERO).is_none());
    drop(hog);
    let since = Instant::now();
    eventually("healed", HEALED, || {
        (server
            .door
            .send(server.door.refresh(&ada.refresh))
            .unwrap()
            .status
            == 200)
            .then_some(())
    });
    server.door.newcomer("eve@example.org");
    println!("healed after {:?}", since.elapsed());
}
