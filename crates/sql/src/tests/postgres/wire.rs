//! What goes over the wire.

use super::*;
use crate::tests::outcomes::put_or_count;
use vestibule_cluster::Wire;

fn wire_to(t: &Fixture) -> Wire {
    Wire::to(t.throw_away.as_ref().unwrap())
}

fn silent(options: &mut OpenPostgres) {
    options.listener = None;
}

/// A database, and what goes to it through the wire between.
pub async fn through_a_wire() -> Option<(Fixture, Wire, Fixture)> {
    let t = Fixture::postgres(|_| {}).await?;
    let wire = wire_to(&t);
    let through = Fixture::at(wire.url(), silent).await;
    Some((t, wire, through))
}

#[tokio::test]
async fn begin_travels_with_the_first_sentence_and_a_scan_is_one_flight() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    for prepare in [true, false] {
        let wire = wire_to(&t);
        let through = Fixture::at(wire.url(), |options| {
            silent(options);
            options.prepare = prepare;
        })
        .await;
        // The first of each connects, and prepares.
        through.db.write(soon(), process, ()).await.unwrap();
        through.db.scan(soon(), PROCESS, vec![]).await.unwrap();
        through.db.read_one(PROCESS, &[]).await.unwrap();
        wire.flights();

        through.db.write(soon(), process, ()).await.unwrap();
        assert_eq!(wire.flights(), 2, "BEGIN and the sentence; COMMIT");
        through.db.scan(soon(), PROCESS, vec![]).await.unwrap();
        assert_eq!(wire.flights(), 1, "all at once");
        through.db.read_one(PROCESS, &[]).await.unwrap();
        assert_eq!(wire.flights(), 1);
    }
}

#[tokio::test]
async fn what_needs_no_answer_in_between_is_one_flight() {
    async fn sends(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        for id in [*id, id + 1] {
            tx.send("INSERT INTO notes (id) VALUES ($1)", bind![id]).await?;
        }
        Ok(())
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    for prepare in [true, false] {
        let wire = wire_to(&t);
        let through = Fixture::at(wire.url(), |options| {
            silent(options);
            options.prepare = prepare;
            options.connections = 1;
        })
        .await;
        let id = if prepare { 0 } else { 100 };
        through.db.write(soon(), sends, id).await.unwrap();
        through.db.write(soon(), put_or_count, id + 10).await.unwrap();
        wire.flights();

        through.db.write(soon(), sends, id + 20).await.unwrap();
        assert_eq!(wire.flights(), 1, "BEGIN, both sentences, COMMIT");
        through.db.write(soon(), put_or_count, id + 30).await.unwrap();
        assert_eq!(wire.flights(), 1, "one sentence and its commit");
        through
            .db
            .write_unsynced(soon(), put_or_count, id + 40)
            .await
            .unwrap();
        assert_eq!(wire.flights(), 1, "one that need not wait for the disk either");
    }
    assert_eq!(t.ids().await.len(), 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn sentences_that_are_whole_transactions_travel_together_and_fail_alone() {
    const MINE: &str = "INSERT INTO notes (id, word) VALUES ($1, 'mine')";
    async fn put(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        let sql = if id % 7 == 0 {
            MINE
        } else {
            "INSERT INTO notes (id) VALUES ($1)"
        };
        tx.sole(sql, bind![*id]).await.map(drop)
    }
    let Some((t, wire, through)) = through_a_wire().await else {
        return;
    };
    let fill = async |ids: std::ops::Range<i64>| {
        let writes = ids.map(|id| through.db.write(soon(), put, id));
        futures_util::future::join_all(writes).await
    };
    // The connections are made.
    fill(-200..0).await;
    assert!(fill(1..7).await.iter().all(Result::is_ok));
    let refused = fill(7..107)
        .await
        .into_iter()
        .filter(|answer| matches!(answer, Err(Error::Unique { .. })));
    assert_eq!(refused.count(), 15, "each seventh, as there is one already");
    let there = t.ids().await.into_iter().filter(|id| *id > 0).count();
    assert_eq!(there, 6 + 85);
    wire.flights();
    let ids = (200..400).filter(|id| id % 7 != 0);
    let writes = ids.map(|id| through.db.write(soon(), put, id));
    let written = futures_util::future::join_all(writes).await;
    assert!(written.iter().all(Result::is_ok));
    let flights = wire.flights();
    assert!(
        flights < written.len() / 2,
        "{} in {flights} flights",
        written.len()
    );
}

async fn put(tx: &mut Tx, id: &i64) -> Result<(), Error> {
    let sql = "INSERT INTO notes (id) VALUES ($1)";
    tx.sole(sql, bind![*id]).await.map(drop)
}

/// With a single connection, which is made.
async fn through_a_narrow_wire() -> Option<(Fixture, Wire, Fixture)> {
    let t = Fixture::postgres(|_| {}).await?;
    let wire = wire_to(&t);
    let narrow = |options: &mut OpenPostgres| {
        silent(options);
        options.connections = 1;
    };
    let through = Fixture::at(wire.url(), narrow).await;
    through.db.write(soon(), put, 0).await.unwrap();
    Some((t, wire, through))
}

#[tokio::test(flavor = "multi_thread")]
async fn rl10_a_connection_that_failed_those_on_it_is_used_by_nobody_else() {
    let Some((t, wire, through)) = through_a_narrow_wire().await else {
        return;
    };
    wire.swallow(true);
    let deadline = Instant::now() + Duration::from_millis(300);
    let write = |id| through.db.write(deadline, put, id);
    let (one, other) = tokio::join!(write(1), write(2));
    assert!(one.is_err() && other.is_err(), "{one:?} {other:?}");
    wire.swallow(false);
    assert_eq!(through.db.write(soon(), put_or_count, 3).await.map(drop), Ok(()));
    assert_eq!(t.ids().await, [0, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sentences_that_travel_together_need_one_connection() {
    let Some((_t, wire, through)) = through_a_narrow_wire().await else {
        return;
    };
    wire.flights();
    let writes = (1..100).map(|id| through.db.write(soon(), put, id));
    let written = futures_util::future::join_all(writes).await;
    assert!(written.iter().all(Result::is_ok));
    let flights = wire.flights();
    assert!(flights < 25, "{} in {flights} flights", written.len());
}

#[tokio::test]
async fn rl08_a_sentence_that_is_all_of_it_is_run_again_when_its_answer_is_not_seen() {
    let Some((t, wire, through)) = through_a_wire().await else {
        return;
    };
    through.db.write(soon(), process, ()).await.unwrap();
    wire.cut_at_commit();
    let again = through.db.write_unsynced(soon(), put_or_count, 1).await;
    assert_eq!(
        (again, t.ids().await),
        (Ok(1), vec![1]),
        "the second time it finds its own"
    );
}

#[tokio::test]
async fn reads_follow_each_other_without_waiting_for_answers() {
    let Some((_t, wire, through)) = through_a_wire().await else {
        return;
    };
    through.db.read_one(PROCESS, &[]).await.unwrap();
    wire.flights();
    let reads = (0..50).map(|_| through.db.read_one(PROCESS, &[]));
    for read in futures_util::future::join_all(reads).await {
        read.unwrap();
    }
    let flights = wire.flights();
    assert!(flights < 20, "fifty reads in {flights} flights");
}

#[tokio::test]
async fn rl08_an_answer_to_commit_that_is_not_seen_is_unknown_and_not_repeated() {
    let Some((t, wire, through)) = through_a_wire().await else {
        return;
    };
    through.db.write(soon(), process, ()).await.unwrap();
    wire.cut_at_commit();
    assert_eq!(through.db.write(soon(), insert, 1).await, Err(Error::Unknown));
    assert_eq!(t.ids().await, [1], "it happened");
    assert_eq!(through.db.write(soon(), insert, 2).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn rl10_a_black_hole_is_left_in_time_and_healed_from() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let wire = wire_to(&t);
    let through = Fixture::at(wire.url(), |options| options.connections = 1).await;
    through.db.write(soon(), insert, 1).await.unwrap();
    through.db.read_one(PROCESS, &[]).await.unwrap();
    until("a first proof", async || {
        through.heard.proofs.load(Ordering::SeqCst) > 0
    })
    .await;
    wire.swallow(true);
    let began = Instant::now();
    let within = began + Duration::from_secs(2);
    let (read, write, scan) = tokio::join!(
        through.db.read_one(PROCESS, &[]),
        through.db.write(within, insert, 2),
        through.db.scan(within, PROCESS, vec![]),
    );
    assert_eq!(read, Err(Error::Busy));
    assert!(matches!(write, Err(Error::Busy | Error::TooLate)), "{write:?}");
    assert!(matches!(scan, Err(Error::Busy | Error::TooLate)), "{scan:?}");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    let proofs = through.heard.proofs.load(Ordering::SeqCst);
    wire.swallow(false);
    let back = Instant::now();
    until("reads and writes work", async || {
        through.db.read_one(PROCESS, &[]).await.is_ok()
            && through.db.write(soon(), nothing_much, ()).await.is_ok()
    })
    .await;
    assert!(back.elapsed() < Duration::from_secs(2));
    until("a new proof", async || {
        through.heard.proofs.load(Ordering::SeqCst) > proofs
    })
    .await;
    assert_eq!(t.ids().await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hears_nothing_proves_nothing() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let wire = wire_to(&t);
    wire.deafen(true);
    let deaf = Fixture::at(wire.url(), |_| {}).await;
    deaf.db.write(soon(), insert, 1).await.unwrap();
    // A node that hears is far ahead by then.
    let far = t.heard.proofs.load(Ordering::SeqCst) + 8;
    until("time for many proofs", async || {
        t.heard.proofs.load(Ordering::SeqCst) > far
    })
    .await;
    assert_eq!(deaf.heard.proofs.load(Ordering::SeqCst), 0);
    wire.deafen(false);
    until("it hears", async || deaf.heard.proofs.load(Ordering::SeqCst) > 0).await;
}

async fn nothing_much(tx: &mut Tx, (): &()) -> Result<(), Error> {
    process(tx, &()).await.map(drop)
}

/// A node that hears nothing, and the wire that deafens it.
async fn deaf(t: &Fixture) -> (Wire, Fixture) {
    let wire = wire_to(t);
    wire.deafen(true);
    let deaf = Fixture::at(wire.url(), |_| {}).await;
    (wire, deaf)
}

#[tokio::test(flavor = "multi_thread")]
async fn rl28_a_node_that_hears_nothing_is_told_of_news_when_it_asks() {
    async fn told(tx: &mut Tx, travels: &bool) -> Result<(), Error> {
        if *travels {
            tx.announce("note", [1; 16]);
        } else {
            tx.announce_here("note", [1; 16]);
        }
        Ok(())
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let (_wire, deaf) = deaf(&t).await;
    let asker = deaf.db.asker().unwrap();
    let forgot = async || {
        asker.ask().await.unwrap();
        deaf.heard.foreign.load(Ordering::SeqCst)
    };
    assert_eq!(forgot().await, 1, "what was before is unknown");
    assert_eq!(forgot().await, 1);
    t.db.write(soon(), told, false).await.unwrap();
    t.db.write(soon(), nothing_much, ()).await.unwrap();
    assert_eq!(forgot().await, 1, "nothing that concerns others");
    t.db.write(soon(), told, true).await.unwrap();
    assert_eq!(forgot().await, 2);
    assert_eq!(forgot().await, 2, "it was told that once");
    assert_eq!(deaf.heard.asked.load(Ordering::SeqCst), 5);
    assert!(
        t.companion().await.asker().is_none(),
        "who keeps nothing need not ask"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_at_the_same_time_shares_an_answer_and_a_failure() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let (wire, deaf) = deaf(&t).await;
    let asker = deaf.db.asker().unwrap();
    let all_ask = async || {
        let began = Instant::now();
        let answers = futures_util::future::join_all((0..50).map(|_| asker.ask())).await;
        (
            answers.iter().filter(|answer| answer.is_ok()).count(),
            began.elapsed(),
        )
    };
    asker.ask().await.unwrap();
    assert_eq!(all_ask().await.0, 50);
    assert!(deaf.heard.asked.load(Ordering::SeqCst) <= 8);
    wire.swallow(true);
    let (answered, took) = all_ask().await;
    assert_eq!(answered, 0, "{took:?}");
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_millis(2900),
        "{took:?}"
    );
}
