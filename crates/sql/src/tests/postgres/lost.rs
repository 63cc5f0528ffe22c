//! Connections that end, and a server that goes and comes back.

use super::*;
use crate::tests::outcomes::put_or_count;
use vestibule_cluster::Cluster;

const HANG_UP: &str = "SELECT pg_terminate_backend(pg_backend_pid())";

async fn loses_once(tx: &mut Tx, runs: &Arc<AtomicU32>) -> Result<(), Error> {
    insert(tx, &1).await?;
    if runs.fetch_add(1, Ordering::SeqCst) == 0 {
        tx.all(HANG_UP, &[]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn rl08_a_connection_lost_before_its_commit_costs_nothing() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let runs = Arc::new(AtomicU32::new(0));
    assert_eq!(t.db.write(soon(), loses_once, Arc::clone(&runs)).await, Ok(()));
    assert_eq!((runs.load(Ordering::SeqCst), t.ids().await), (2, vec![1]));
}

#[tokio::test]
async fn rl08_a_connection_that_is_lost_again_and_again_is_said_to_have_done_nothing() {
    async fn loses(tx: &mut Tx, (): &()) -> Result<(), Error> {
        insert(tx, &1).await?;
        tx.all(HANG_UP, &[]).await.map(drop)
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    assert_eq!(t.db.write(soon(), loses, ()).await, Err(Error::Lost));
    assert_eq!(t.ids().await, []);
    assert_eq!(t.db.write(soon(), insert, 2).await, Ok(()));
}

#[tokio::test]
async fn rl08_connections_that_died_in_the_pool_are_not_noticed_by_anybody() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    t.db.write(soon(), insert, 1).await.unwrap();
    t.db.read_one(PROCESS, &[]).await.unwrap();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
        t.throw_away.as_ref().unwrap().name()
    );
    vestibule_cluster::shared().unwrap().run(&kill);
    let (read, one, other, scan) = tokio::join!(
        t.db.read_one(PROCESS, &[]),
        t.db.write(soon(), insert, 2),
        t.db.write(soon(), put_or_count, 3),
        t.db.scan(soon(), PROCESS, vec![])
    );
    assert!(read.is_ok(), "{read:?}");
    assert_eq!((one, other.map(drop)), (Ok(()), Ok(())));
    assert!(matches!(scan, Ok(_) | Err(Error::Busy)), "{scan:?}");
    assert_eq!(t.ids().await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rl08_while_the_server_is_away_everything_is_refused_at_once_and_it_heals_within_two_seconds() {
    if !vestibule_cluster::installed() {
        return;
    }
    let cluster = Cluster::start(&[]);
    let t = Fixture::at(cluster.url("postgres"), |_| {}).await;
    t.db.migrate(SCHEMA, 0).await.unwrap();
    t.db.write(soon(), insert, 1).await.unwrap();
    until("a first proof", async || {
        t.heard.proofs.load(Ordering::SeqCst) > 0
    })
    .await;
    cluster.stop();
    for _ in 0..3 {
        let began = Instant::now();
        let (read, write) = tokio::join!(t.db.read_one(PROCESS, &[]), t.db.write(soon(), insert, 2));
        assert!(matches!(read, Err(Error::Busy | Error::Lost)), "{read:?}");
        assert!(matches!(write, Err(Error::Busy | Error::Lost)), "{write:?}");
        assert!(
            began.elapsed() < Duration::from_millis(1500),
            "{:?}",
            began.elapsed()
        );
    }
    let (proofs, foreign) = (
        t.heard.proofs.load(Ordering::SeqCst),
        t.heard.foreign.load(Ordering::SeqCst),
    );
    cluster.start_again();
    let back = Instant::now();
    until("reads work", async || t.db.read_one(PROCESS, &[]).await.is_ok()).await;
    until("writes work", async || {
        t.db.write(soon(), insert, 3).await.is_ok()
    })
    .await;
    until("proofs are given", async || {
        t.heard.proofs.load(Ordering::SeqCst) > proofs
    })
    .await;
    assert!(back.elapsed() < Duration::from_secs(2), "{:?}", back.elapsed());
    assert!(
        t.heard.foreign.load(Ordering::SeqCst) > foreign,
        "everything was dropped before"
    );
    assert_eq!(t.ids().await, [1, 3]);
}
