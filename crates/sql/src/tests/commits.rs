//! Groups of transactions.

use std::pin::pin;

use super::*;
use crate::Health;

async fn insert_and_refuse(tx: &mut Tx, id: &i64) -> Result<(), Stop> {
    insert(tx, id).await?;
    Err(Stop::Undo)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_undoes_its_own_writes_and_no_others_of_its_group() {
    let t = Fixture::new().await;
    let gate = t.gate().shut().await;
    let mut first = pin!(t.db.write(soon(), insert, 1));
    let mut refused = pin!(t.db.write(soon(), insert_and_refuse, 2));
    let mut last = pin!(t.db.write(soon(), insert, 3));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(refused.as_mut()).is_pending());
    assert!(poll(last.as_mut()).is_pending());
    gate.open().await.unwrap();
    assert_eq!(
        (first.await, refused.await, last.await),
        (Ok(()), Err(Stop::Undo), Ok(()))
    );
    assert_eq!(t.ids().await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_come_after_the_commit_of_the_whole_group() {
    let t = Fixture::new().await;
    let gate = t.gate().shut().await;
    let mut early = pin!(t.db.write(soon(), insert, 1));
    let mut refused = pin!(t.db.write(soon(), insert_and_refuse, 2));
    assert!(poll(early.as_mut()).is_pending());
    assert!(poll(refused.as_mut()).is_pending());
    let (open, opened) = mpsc::channel();
    let (tell, entered) = mpsc::channel();
    let mut held = pin!(t.db.write(
        soon(),
        block,
        Blocked {
            note: 3,
            entered: tell,
            opened: Mutex::new(opened)
        }
    ));
    assert!(poll(held.as_mut()).is_pending());
    gate.open.send(()).unwrap();
    tokio::task::spawn_blocking(move || entered.recv().unwrap())
        .await
        .unwrap();

    // The group's first bodies have run, its last is at work, and nothing is committed.
    assert!(poll(early.as_mut()).is_pending());
    assert!(poll(refused.as_mut()).is_pending());
    assert_eq!(t.ids().await, []);
    assert!(t.heard.commits.lock().unwrap().is_empty());

    open.send(()).unwrap();
    assert_eq!(early.await, Ok(()));
    let commits = t.heard.commits.lock().unwrap().clone();
    assert_eq!(commits.len(), 1, "one commit, announced before its replies");
    assert_eq!(commits[0].len(), 2);
    assert_eq!((refused.await, held.await), (Err(Stop::Undo), Ok(())));
    assert_eq!(t.ids().await, [1, 3]);
}

/// What the connection does at the commit, as `SQLite` numbers it: 1 is to write, 2 to sync as well.
async fn synchronous(tx: &mut Tx, (): &()) -> Result<i64, Error> {
    tx.one("PRAGMA synchronous", &[])
        .await?
        .ok_or(Error::Lost)?
        .get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_synced_unless_nobody_in_it_waits_for_the_disk() {
    let t = Fixture::new().await;
    assert_eq!(t.db.write_unsynced(soon(), synchronous, ()).await, Ok(1));
    assert_eq!(t.db.write(soon(), synchronous, ()).await, Ok(2));

    let (open, opened) = mpsc::channel();
    let (tell, entered) = mpsc::channel();
    let blocked = Blocked {
        note: 1,
        entered: tell,
        opened: Mutex::new(opened),
    };
    let mut unsynced = pin!(t.db.write_unsynced(soon(), block, blocked));
    assert!(poll(unsynced.as_mut()).is_pending());
    tokio::task::spawn_blocking(move || entered.recv().unwrap())
        .await
        .unwrap();
    let mut beside = pin!(t.db.write_unsynced(soon(), synchronous, ()));
    let mut synced = pin!(t.db.write(soon(), synchronous, ()));
    let mut behind = pin!(t.db.write_unsynced(soon(), synchronous, ()));
    assert!(poll(beside.as_mut()).is_pending());
    assert!(poll(synced.as_mut()).is_pending());
    assert!(poll(behind.as_mut()).is_pending());
    open.send(()).unwrap();
    assert_eq!(unsynced.await, Ok(()));
    let commits: Vec<_> = t.heard.commits.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(commits, [1], "the one that waits for the disk is not in it");
    assert_eq!((synced.await, behind.await), (Ok(2), Ok(2)));
    assert!(matches!(beside.await, Ok(1 | 2)), "in either group");
    assert_eq!(t.ids().await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_wait_for_company_waits_for_those_who_cannot_and_for_no_other() {
    let t = Fixture::new().await;
    let in_company = |company| By {
        deadline: soon(),
        company,
    };
    let began = Instant::now();
    let mut patient = pin!(t.db.write(in_company(Duration::from_secs(30)), insert, 1));
    let mut other = pin!(t.db.write_unsynced(in_company(Duration::from_secs(30)), insert, 2));
    assert!(poll(patient.as_mut()).is_pending() && poll(other.as_mut()).is_pending());
    let (patient, other, urgent) = tokio::join!(patient, other, t.db.write(soon(), insert, 3));
    assert_eq!((patient, other, urgent), (Ok(()), Ok(()), Ok(())));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(
        t.heard.commits.lock().unwrap().len() <= 2,
        "they committed together"
    );
    let alone = Instant::now();
    t.db.write(in_company(Duration::from_millis(60)), insert, 4)
        .await
        .unwrap();
    assert!(alone.elapsed() >= Duration::from_millis(60));
    assert_eq!(t.ids().await, [1, 2, 3, 4]);
}

/// Lets the database grow by this many pages and no more.
async fn allow(tx: &mut Tx, pages: &i64) -> Result<(), Error> {
    let row = tx.one("PRAGMA page_count", &[]).await?.ok_or(Error::Lost)?;
    tx.script(&format!("PRAGMA max_page_count = {}", row.get::<i64>(0)? + pages))
        .await
}

/// Fills the disk, and then tries to save something all the same.
async fn overfill(tx: &mut Tx, id: &i64) -> Result<(), Error> {
    let _ = tx
        .run(
            "INSERT INTO notes (id, body) VALUES ($1, zeroblob(100000))",
            bind![*id],
        )
        .await;
    let _ = insert(tx, &(id + 1)).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_is_full_nobody_in_the_group_succeeds_and_it_heals_by_itself() {
    let t = Fixture::new().await;
    t.db.write(soon(), allow, 2).await.unwrap();
    let gate = t.gate().shut().await;
    let mut before = pin!(t.db.write(soon(), insert, 1));
    let mut fills = pin!(t.db.write(soon(), overfill, 2));
    let mut refused = pin!(t.db.write(soon(), insert_and_refuse, 4));
    assert!(poll(before.as_mut()).is_pending());
    assert!(poll(fills.as_mut()).is_pending());
    assert!(poll(refused.as_mut()).is_pending());
    assert_eq!(gate.open().await, Err(Error::Full), "it ran in the same group");
    assert_eq!((before.await, fills.await), (Err(Error::Full), Err(Error::Full)));
    assert_eq!(refused.await, Err(Stop::Undo), "the group after it is whole");
    assert_eq!(t.ids().await, []);
    assert!(t.heard.commits.lock().unwrap().is_empty());

    assert_eq!(t.db.write(soon(), overfill, 2).await, Err(Error::Full));
    assert_eq!(t.db.health(), Health::Full);
    t.db.write(soon(), allow, 1000).await.unwrap();
    assert_eq!(
        t.db.health(),
        Health::Full,
        "a group that wrote nothing shows nothing"
    );
    t.db.write(soon(), insert, 5).await.unwrap();
    assert_eq!(t.db.health(), Health::Writable);
    assert_eq!(t.ids().await, [5]);
}

#[tokio::test]
async fn a_group_that_sqlite_undid_is_lost_whatever_its_bodies_say() {
    async fn undone(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        insert(tx, id).await?;
        tx.script("ROLLBACK").await
    }
    let t = Fixture::new().await;
    assert_eq!(t.db.write(soon(), undone, 1).await, Err(Error::Lost));
    assert_eq!(t.ids().await, []);
    assert_eq!(t.db.write(soon(), insert, 2).await, Ok(()));
}
