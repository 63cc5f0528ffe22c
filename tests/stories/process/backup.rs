//! Backup beside the running server, restore into an empty folder. RL-27, D08.

use super::place::{Place, Server};
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[test]
fn rl27_d08_a_backup_taken_under_load_restores_users_and_no_session() {
    let (old, new) = (Place::new(), Place::new());
    let server = old.dev();
    let ada = server.door.newcomer("ada@example.org");
    assert_eq!(server.door.status_of(&ada.access), 200);

    let file = old.path("first.backup");
    let (file, done) = (file.to_str().unwrap(), AtomicBool::new(false));
    let during = thread::scope(|clients| {
        let registering = clients.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::SeqCst) {
                count += 1;
                let email = format!("user{count}@example.org");
                server
                    .door
                    .send(server.door.register(&email))
                    .unwrap()
                    .expect(201);
            }
            count
        });
        let made = old.json(&["backup", file]);
        done.store(true, Ordering::SeqCst);
        assert!(made["bytes"].as_u64() > Some(0), "{made}");
        registering.join().unwrap()
    });
    assert!(during > 0, "there was no load");
    let again = old.run(&["backup", file]);
    assert!(
        again.code == Some(1) && again.err.contains("exists already"),
        "{again:?}"
    );
    let beside = old.run(&["restore", file, "--yes"]);
    assert!(
        beside.code == Some(1) && beside.err.contains("stop it first"),
        "{beside:?}"
    );

    // A new machine has the backup and the master key, which was kept elsewhere.
    fs::create_dir(new.data()).unwrap();
    let missing = new.run(&["restore", file]);
    assert!(
        missing.code == Some(1) && missing.err.contains("master key is missing"),
        "{missing:?}"
    );
    for name in ["master.key", "dev-keys.json"] {
        fs::copy(old.data().join(name), new.data().join(name)).unwrap();
    }
    let restored = new.json(&["restore", file]);
    assert!(
        restored["sessions_and_secrets_ended"].as_u64() > Some(0),
        "{restored}"
    );
    let restored = new.dev();
    assert_eq!(restored.door.status_of(&ada.access), 401, "a session came back");
    let refused = restored
        .door
        .send(restored.door.refresh(&ada.refresh))
        .unwrap()
        .expect(401);
    assert_eq!(refused.code(), "auth/session_revoked");
    restored.door.sign_in("ada@example.org");
    let listed = new.json(&["user", "list", "--limit", "10000"]);
    let users = listed["data"].as_array().unwrap().len();
    assert!((1..=during + 1).contains(&users), "{users} users of {during}");
    assert_eq!(server.door.status_of(&ada.access), 200, "the old machine goes on");
}

#[test]
fn rl27_a_backup_that_was_altered_or_cut_is_refused_and_nothing_is_changed() {
    let place = Place::new();
    let mut server = place.dev();
    server.door.newcomer("ada@example.org");
    let file = place.path("first.backup");
    place.run(&["backup", file.to_str().unwrap()]).done();
    stop(&mut server);
    let (whole, database) = (fs::read(&file).unwrap(), fs::read(place.database()).unwrap());
    let damages: [fn(&fs::File); 2] = [
        |file| {
            let middle = file.metadata().unwrap().len() / 2;
            file.write_all_at(&[0x55; 3], middle).unwrap();
        },
        |file| file.set_len(file.metadata().unwrap().len() - 1).unwrap(),
    ];
    for damage in damages {
        fs::write(&file, &whole).unwrap();
        damage(&fs::OpenOptions::new().write(true).open(&file).unwrap());
        let refused = place.run(&["restore", file.to_str().unwrap(), "--yes"]);
        assert!(
            refused.code == Some(1) && refused.err.contains("backup"),
            "{refused:?}"
        );
        assert!(
            fs::read(place.database()).unwrap() == database,
            "the database was touched"
        );
    }
    fs::write(&file, &whole).unwrap();
    let restored = place.json(&["restore", file.to_str().unwrap(), "--yes", "--keep-sessions"]);
    let aside = restored["replaced"].as_str().unwrap();
    assert!(
        fs::read(aside).unwrap() == database,
        "the database before it is not kept whole"
    );
    place.dev().door.sign_in("ada@example.org");
}

#[test]
fn d08_with_keep_sessions_they_go_on_as_they_were() {
    let place = Place::new();
    let mut server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let file = place.path("first.backup");
    place.run(&["backup", file.to_str().unwrap()]).done();
    stop(&mut server);
    place
        .run(&["restore", file.to_str().unwrap(), "--yes", "--keep-sessions"])
        .done();
    let server = place.dev();
    assert_eq!(server.door.status_of(&ada.access), 200);
    server
        .door
        .send(server.door.refresh(&ada.refresh))
        .unwrap()
        .expect(200);
}

fn stop(server: &mut Server) {
    server.process.terminate();
    assert!(server.process.ended(std::time::Duration::from_secs(10)).is_some());
}
