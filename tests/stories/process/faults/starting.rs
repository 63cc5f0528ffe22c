//! Databases that were never right: each is refused with what is wrong and what to do, without a panic and in time.

use super::{PATIENCE, Place};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::new_house;
use vestibule_testkit::process::eventually;

/// How long a refusal may take: what is silent is waited for five seconds.
const IN_TIME: Duration = Duration::from_secs(10);
const START: &[&str] = &["dev", "--listen", "127.0.0.1:0"];

/// The command must be refused with all of these words.
fn refused(place: &Place, command: &[&str], words: &[&str]) {
    let since = Instant::now();
    let ended = place.run(command);
    assert!(since.elapsed() < IN_TIME, "{:?}", since.elapsed());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in words {
        assert!(ended.err.contains(word), "no {word} in: {}", ended.err);
    }
    assert!(
        !ended.err.contains("panicked") && !ended.err.contains("geheim"),
        "{}",
        ended.err
    );
}

#[test]
fn a_wrong_password_and_a_database_that_is_not_there_are_refused_with_the_remedy() {
    let Some(house) = new_house() else { return };
    let (cluster, name) = (house.cluster(), house.name());
    cluster.run(&format!("CREATE ROLE careful_{name} LOGIN PASSWORD 'right'"));
    let rules = cluster.data().join("pg_hba.conf");
    let open = std::fs::read_to_string(&rules).unwrap();
    let strict = format!("local {name} careful_{name} scram-sha-256\n{open}");
    std::fs::write(&rules, strict).unwrap();
    cluster.run("SELECT pg_reload_conf()");
    let url = house
        .url()
        .replace("user=vestibule", &format!("user=careful_{name}&password=geheim"));
    let place = Place::new().with("DATABASE_URL", &url);
    eventually("the new rules", PATIENCE, || {
        let said = place.run(&["user", "list"]).err;
        said.contains("password authentication failed").then_some(())
    });
    for command in [START, &["user", "list"], &["migrate"]] {
        refused(
            &place,
            command,
            &["password authentication failed", "check user", "pg_hba.conf"],
        );
    }
    let place = Place::new().with("DATABASE_URL", &cluster.url("nowhere"));
    for command in [START, &["user", "list"], &["migrate", "--check"]] {
        refused(
            &place,
            command,
            &["\"nowhere\" does not exist", "createdb nowhere"],
        );
    }
}

#[test]
fn a_user_without_rights_is_told_which_to_ask_for() {
    let Some(house) = new_house() else { return };
    let (cluster, name) = (house.cluster(), house.name());
    cluster.run(&format!("CREATE ROLE guest_{name} LOGIN"));
    let url = house
        .url()
        .replace("user=vestibule", &format!("user=guest_{name}"));
    let guest = Place::new().with("DATABASE_URL", &url);
    let create = format!("GRANT CREATE, USAGE ON SCHEMA public TO guest_{name}");
    refused(&guest, START, &["permission denied", &create]);
    cluster.run_in(name, "REVOKE ALL ON SCHEMA public FROM PUBLIC");
    refused(&guest, START, &["the tables cannot be created", &create]);
    cluster.run_in(name, "GRANT USAGE ON SCHEMA public TO PUBLIC");

    // Now with tables that are somebody else's.
    let owner = guest.binary.clone().with("DATABASE_URL", &house.url());
    drop(super::Server::start(&owner, &guest.data()));
    for command in [START, &["user", "list"], &["migrate"]] {
        refused(
            &guest,
            command,
            &[
                "permission denied for table",
                "GRANT SELECT, INSERT, UPDATE, DELETE",
            ],
        );
    }
    let all = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest_{name}");
    cluster.run_in(name, &all);
    let server = guest.dev();
    server.door.newcomer("ada@example.org");

    // Rights that are taken away while the server is at work.
    cluster.run_in(name, &format!("REVOKE INSERT ON users FROM guest_{name}"));
    let answer = server.door.send(server.door.register("eve@example.org")).unwrap();
    assert!(answer.status >= 500, "{answer:?}");
    eventually("a line in the log", PATIENCE, || {
        let said = server.process.said();
        said.contains("permission denied for table users").then_some(())
    });
    cluster.run_in(name, &all);
    server.door.newcomer("eve@example.org");
}

/// A message as the server sends it.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// Speaks as a server of version 12 would, to whoever asks for one text.
fn speak(mut stream: UnixStream) -> std::io::Result<()> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    stream.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4])?;
    let ready = message(b'Z', b"I");
    let version = message(b'S', b"server_version\x0012.22\0");
    stream.write_all(&[message(b'R', &[0; 4]), version, ready.clone()].concat())?;
    let done = [message(b'C', b"SELECT 1\0"), ready].concat();
    loop {
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        stream.read_exact(&mut length)?;
        let mut asked = vec![0; u32::from_be_bytes(length) as usize - 4];
        stream.read_exact(&mut asked)?;
        if kind[0] != b'Q' {
            return Ok(());
        }
        let answer: &[&str] = if String::from_utf8_lossy(&asked).contains("server_version_num") {
            &["120022", ""]
        } else {
            &["off"]
        };
        stream.write_all(&[row(answer), done.clone()].concat())?;
    }
}

/// A row of texts, and what says so.
fn row(texts: &[&str]) -> Vec<u8> {
    // Name, table 0, attribute 0, type text, variable length, no modifier, text.
    let column = b"it\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0";
    let count = u16::try_from(texts.len()).unwrap().to_be_bytes();
    let (mut columns, mut values) = (count.to_vec(), count.to_vec());
    for text in texts {
        columns.extend(column);
        values.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        values.extend(text.as_bytes());
    }
    [message(b'T', &columns), message(b'D', &values)].concat()
}

#[test]
fn a_server_that_is_too_old_is_refused_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(|| speak(stream));
        }
    });
    let url = format!("postgres:///house?host={}&user=ada", folder.path().display());
    let place = Place::new().with("DATABASE_URL", &url);
    for command in [START, &["user", "list"], &["migrate"]] {
        refused(
            &place,
            command,
            &["PostgreSQL 12", "15 is the oldest that is supported: upgrade it"],
        );
    }
}
