//! Other processes beside the server.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_commit_is_noticed_without_any_write_of_ours() {
    let t = Fixture::new().await;
    t.stranger()
        .execute("INSERT INTO notes (id) VALUES (1)", ())
        .unwrap();
    let Fixture {
        foreign, db, folder, ..
    } = t;
    tokio::task::spawn_blocking(move || foreign.recv_timeout(Duration::from_secs(10)))
        .await
        .unwrap()
        .expect("the writer's tick looks for foreign commits");
    db.close().await;
    drop(folder);
}

#[tokio::test]
async fn a_foreign_commit_is_noticed_before_the_next_transaction() {
    async fn count(tx: &mut Tx, heard: &Arc<Heard>) -> Result<u64, Error> {
        tx.all("SELECT id FROM notes", &[]).await?;
        Ok(heard.foreign.load(Ordering::SeqCst))
    }
    let t = Fixture::new().await;
    let stranger = t.stranger();
    for round in 1..=20 {
        stranger
            .execute("INSERT INTO notes (id) VALUES ($1)", [round])
            .unwrap();
        let seen = t.db.write(soon(), count, Arc::clone(&t.heard)).await.unwrap();
        assert_eq!(i64::try_from(seen).unwrap(), round);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_commits_checkpoints_and_cuts_are_not_foreign() {
    async fn fill(tx: &mut Tx, (id, size): &(i64, i64)) -> Result<u64, Error> {
        tx.run(
            "INSERT INTO notes (id, body) VALUES ($1, zeroblob($2))",
            bind![*id, *size],
        )
        .await
    }
    let t = Fixture::new().await;
    let checkpointer = t.stranger();
    for id in 1..=30 {
        t.db.write(soon(), fill, (id, 20_000)).await.unwrap();
        checkpointer
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))
            .unwrap();
    }
    let wal = || t.folder.path().join("test.db-wal").metadata().unwrap().len();
    assert!(wal() > 0);
    // More than the longest WAL: it is cut after the commit, before the next transaction.
    t.db.write(soon(), fill, (31, 70_000_000)).await.unwrap();
    let patience = soon();
    while wal() > 0 {
        // The checkpoint thread may be at work, and then a later group does it.
        t.db.write(patience, nothing, ()).await.expect("the WAL is cut");
    }
    t.db.write(soon(), nothing, ()).await.unwrap();
    assert_eq!(t.heard.foreign.load(Ordering::SeqCst), 0);
    assert!(
        t.heard.proofs.load(Ordering::SeqCst) > 32,
        "each group is a proof"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_held_elsewhere_makes_writes_late_and_leaves_reads_and_proofs_alone() {
    let t = Fixture::new().await;
    let stranger = t.stranger();
    stranger
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO notes (id) VALUES (1)")
        .unwrap();
    let proofs = t.heard.proofs.load(Ordering::SeqCst);
    let late =
        t.db.write(Instant::now() + Duration::from_millis(900), insert, 2)
            .await;
    assert_eq!(late, Err(Error::TooLate));
    assert!(
        t.heard.proofs.load(Ordering::SeqCst) >= proofs + 2,
        "the lease lives on"
    );
    assert_eq!(t.ids().await, []);
    stranger.execute_batch("COMMIT").unwrap();
    assert_eq!(t.db.write(soon(), insert, 3).await, Ok(()));
    assert_eq!(t.ids().await, [1, 3]);
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_companion_is_not() {
    let t = Fixture::new().await;
    let second = Db::open(OpenSqlite::new(&t.path, Arc::new(()))).await;
    assert_eq!(second.err(), Some(Error::InUse(t.path.display().to_string())));
    let companion = Db::open(OpenSqlite::companion(&t.path)).await.unwrap();
    companion.write(soon(), insert, 1).await.unwrap();
    companion.close().await;
    t.db.write(soon(), nothing, ()).await.unwrap();
    assert_eq!(
        t.heard.foreign.load(Ordering::SeqCst),
        1,
        "its commit is foreign, its end is not"
    );
    t.db.close().await;
    let next = Db::open(OpenSqlite::new(&t.path, Arc::new(()))).await.unwrap();
    assert_eq!(next.read_all("SELECT id FROM notes", &[]).await.unwrap().len(), 1);
}
