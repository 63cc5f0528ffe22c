//! The database's files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};

use super::*;
use crate::Health;

async fn reopen(path: &std::path::Path) -> Result<Db, Error> {
    Db::open(OpenSqlite::new(path, Arc::new(()))).await
}

#[tokio::test]
async fn every_file_is_its_owners_alone() {
    let t = Fixture::new().await;
    t.db.write(soon(), insert, 1).await.unwrap();
    for file in fs::read_dir(t.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn a_world_readable_database_is_refused_with_the_remedy() {
    let t = Fixture::new().await;
    t.db.close().await;
    fs::set_permissions(&t.path, Permissions::from_mode(0o644)).unwrap();
    let refused = reopen(&t.path).await.err().unwrap().to_string();
    assert!(refused.contains("chmod 600"), "{refused}");
}

#[tokio::test]
async fn damage_is_found_at_start() {
    let t = Fixture::new().await;
    for id in 1..=200 {
        t.db.write(soon(), insert, id).await.unwrap();
    }
    t.db.close().await;
    let file = fs::OpenOptions::new().write(true).open(&t.path).unwrap();
    file.write_all_at(&[0xff; 64], file.metadata().unwrap().len() - 4096)
        .unwrap();
    drop(file);
    let refused = reopen(&t.path).await.err().unwrap();
    assert!(matches!(refused, Error::Corrupt(_)), "{refused:?}");
    assert!(refused.to_string().contains("restore from a backup"));
}

/// Adds a row of a megabyte.
async fn insert_large(tx: &mut Tx, id: &i64) -> Result<(), Error> {
    tx.run(
        "INSERT INTO notes (id, body) VALUES ($1, zeroblob(1000000))",
        bind![*id],
    )
    .await
    .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn rl06_damage_in_a_larger_database_is_found_while_it_serves_and_nothing_is_added_to_it() {
    let t = Fixture::new().await;
    for id in 1..=6 {
        t.db.write(soon(), insert_large, id).await.unwrap();
    }
    t.db.close().await;
    let file = fs::OpenOptions::new().write(true).open(&t.path).unwrap();
    // An overflow page whose next page does not exist.
    file.write_all_at(&[0xff; 4], 3 << 20).unwrap();
    drop(file);
    let db = reopen(&t.path).await.expect("its head is whole");
    let patience = Instant::now() + Duration::from_secs(30);
    while db.health() == Health::Writable {
        assert!(Instant::now() < patience, "nobody found it");
        tokio::task::yield_now().await;
    }
    assert_eq!(db.write(soon(), insert_large, 7).await, Err(Error::Closed));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    fs::write(&path, [b'x'; 8192]).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(reopen(&path).await.err(), Some(Error::Corrupt(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_one_moment_of_the_database() {
    async fn pair(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        tx.run(
            "INSERT INTO notes (id, body) VALUES ($1, zeroblob(3000))",
            bind![*id],
        )
        .await?;
        tx.run(
            "INSERT INTO notes (id, body) VALUES ($1, zeroblob(3000))",
            bind![-*id],
        )
        .await?;
        Ok(())
    }
    let t = Fixture::new().await;
    for id in 1..=2000 {
        t.db.write(soon(), pair, id).await.unwrap();
    }
    let target = t.folder.path().join("copy.db");
    // The writer commits between any two steps of the copy: each step waits for one more commit.
    let (step, steps) = mpsc::channel();
    let (go, going) = mpsc::channel();
    let db = t.db.clone();
    let to = target.clone();
    let backup = tokio::spawn(async move {
        let progress = move |done, all| {
            let _ = step.send((done, all));
            let _ = going.recv();
        };
        db.backup_to(to, progress).await
    });
    let mut id = 2000;
    let mut last = (0, 0);
    while let Ok(now) = tokio::task::block_in_place(|| steps.recv()) {
        id += 1;
        t.db.write(soon(), pair, id).await.unwrap();
        assert!(now.0 > last.0, "no step is repeated");
        last = now;
        let _ = go.send(());
    }
    backup.await.unwrap().unwrap();
    assert!(id > 2002, "the copy took several steps");
    assert_eq!(last.0, last.1);
    assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let copy = reopen(&target).await.unwrap();
    let row = copy
        .read_one("SELECT count(*), sum(id) FROM notes", &[])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.read(), Ok((4000_i64, 0_i64)));
    let again = t.db.backup_to(target, |_, _| {}).await.unwrap_err().to_string();
    assert!(again.contains("exists already"), "{again}");
}
