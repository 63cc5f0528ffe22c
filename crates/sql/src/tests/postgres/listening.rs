//! What nodes tell each other.

use super::*;

async fn told(tx: &mut Tx, travels: &bool) -> Result<(), Error> {
    if *travels {
        tx.announce("note", [7; 16]);
    } else {
        tx.announce_here("quiet", [8; 16]);
    }
    tx.run("UPDATE notes SET word = NULL", &[]).await.map(drop)
}

fn topics(t: &Fixture) -> Vec<String> {
    let commits = t.heard.commits.lock().unwrap();
    commits.iter().flatten().map(|note| note.topic.clone()).collect()
}

async fn listens(t: &Fixture) {
    until("the lease begins", async || {
        t.heard.proofs.load(Ordering::SeqCst) > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_travels_is_heard_on_every_node_and_what_does_not_only_here() {
    let Some(here) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let there = Fixture::at(here.url(), |_| {}).await;
    listens(&here).await;
    listens(&there).await;
    here.db.write(soon(), told, false).await.unwrap();
    assert_eq!(topics(&here), ["quiet"], "before the reply");
    here.db.write(soon(), told, true).await.unwrap();
    assert_eq!(topics(&here), ["quiet", "note"], "before the reply");
    until("it is heard there", async || !topics(&there).is_empty()).await;
    let proofs = here.heard.proofs.load(Ordering::SeqCst);
    until("more was heard", async || {
        here.heard.proofs.load(Ordering::SeqCst) > proofs + 1
    })
    .await;
    assert_eq!(topics(&there), ["note"]);
    assert_eq!(topics(&here), ["quiet", "note"], "no node hears itself");
    assert_eq!(there.heard.commits.lock().unwrap()[0][0].id, [7; 16]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_undone_tells_nobody() {
    async fn undone(tx: &mut Tx, (): &()) -> Result<(), Stop> {
        told(tx, &true).await?;
        Err(Stop::Undo)
    }
    let Some(here) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let there = Fixture::at(here.url(), |_| {}).await;
    listens(&here).await;
    listens(&there).await;
    assert_eq!(here.db.write(soon(), undone, ()).await, Err(Stop::Undo));
    here.companion().await.write(soon(), told, true).await.unwrap();
    for node in [&there, &here] {
        until("the next is heard", async || !topics(node).is_empty()).await;
    }
    assert_eq!(topics(&there), ["note"], "the commit of a command, once");
    assert_eq!(topics(&here).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rl28_without_its_connection_a_node_proves_nothing_and_forgets_everything_before_the_next_proof() {
    const LISTENER: &str = "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query IN ('SELECT 1', 'LISTEN vestibule')";
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    listens(&t).await;
    assert_eq!(
        t.heard.foreign.load(Ordering::SeqCst),
        1,
        "once, before the first proof"
    );
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = '{}' AND query IN ('SELECT 1', 'LISTEN vestibule')",
        t.throw_away.as_ref().unwrap().name()
    );
    assert_eq!(t.db.read_all(LISTENER, &[]).await.unwrap().len(), 1);
    vestibule_cluster::shared().unwrap().run(&kill);
    let proofs = t.heard.proofs.load(Ordering::SeqCst);
    until("it listens again", async || {
        t.heard.proofs.load(Ordering::SeqCst) > proofs
    })
    .await;
    assert_eq!(t.heard.foreign.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_four_times_a_second() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    listens(&t).await;
    let (began, first) = (Instant::now(), t.heard.proofs.load(Ordering::SeqCst));
    until("five proofs", async || {
        t.heard.proofs.load(Ordering::SeqCst) >= first + 5
    })
    .await;
    let took = began.elapsed();
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_millis(2500),
        "{took:?}"
    );
}
