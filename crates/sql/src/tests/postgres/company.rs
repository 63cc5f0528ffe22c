//! Bodies that share a transaction.

use super::wire::through_a_wire;
use super::*;
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// Together with all who begin in the same moment and have other owners.
pub fn in_company(owner: i64) -> By {
    for_up_to(30, owner)
}

fn for_up_to(milliseconds: u64, owner: i64) -> By {
    By {
        company: Duration::from_millis(milliseconds),
        owner: Some(i128::from(owner).to_be_bytes()),
        ..By::from(soon())
    }
}

/// Adds a letter to what it read; answers in which transaction.
async fn lengthen(tx: &mut Tx, id: &i64) -> Result<i64, Error> {
    const READ: &str = "SELECT word, CAST(txid_current() AS BIGINT) FROM notes WHERE id = $1";
    let row = tx.one(READ, bind![*id]).await?.ok_or(Error::Lost)?;
    let (word, transaction): (Option<String>, i64) = row.read()?;
    let longer = format!("{}{id}", word.unwrap_or_default());
    tx.send("UPDATE notes SET word = $2 WHERE id = $1", bind![*id, longer])
        .await?;
    tx.announce("mine", i128::from(*id).to_be_bytes());
    Ok(transaction)
}

/// Inserts, tells of it, and undoes it if it is the third.
async fn all_but_the_third(tx: &mut Tx, id: &i64) -> Result<(), Stop> {
    insert(tx, id).await?;
    tx.announce("mine", i128::from(*id).to_be_bytes());
    if *id == 3 { Err(Stop::Undo) } else { Ok(()) }
}

/// Of whom something was announced.
fn heard(t: &Fixture) -> Vec<u8> {
    let commits = t.heard.commits.lock().unwrap();
    let mine = commits.iter().flatten().filter(|note| note.topic == "mine");
    let mut heard: Vec<u8> = mine.map(|note| note.id[15]).collect();
    heard.sort_unstable();
    heard
}

#[tokio::test]
async fn bodies_of_different_owners_share_a_transaction_and_those_of_one_never_do() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    for id in 1..5 {
        t.db.write(soon(), insert, id).await.unwrap();
    }
    let twice = (1..5).chain(1..5);
    let writes = twice.map(|id| t.db.write(in_company(id), lengthen, id));
    let transactions: Vec<i64> = join_all(writes).await.into_iter().map(Result::unwrap).collect();
    let (first, second) = transactions.split_at(4);
    let in_all: BTreeSet<_> = transactions.iter().collect();
    assert!(in_all.len() == 2 && first[0] != second[0], "{transactions:?}");
    let words = t.db.read_all("SELECT word FROM notes ORDER BY id", &[]);
    let words: Vec<String> = words
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0).unwrap())
        .collect();
    assert_eq!(words, ["11", "22", "33", "44"], "none was written over");
    assert_eq!(heard(&t), [1, 1, 2, 2, 3, 3, 4, 4]);
}

#[tokio::test]
async fn who_was_taken_along_takes_nobody_before_its_time() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let began = Instant::now();
    let write = |milliseconds, id| t.db.write(for_up_to(milliseconds, id), insert, id);
    let (first, along) = tokio::join!(write(30, 1), write(200, 2));
    assert_eq!((first, along), (Ok(()), Ok(())));
    assert!(
        began.elapsed() < Duration::from_millis(200),
        "both went with the first"
    );
    let began = Instant::now();
    assert_eq!(write(600, 3).await, Ok(()));
    assert!(began.elapsed() >= Duration::from_millis(600));
}

#[tokio::test]
async fn what_many_ask_is_one_flight_and_what_they_write_and_the_commit_another() {
    let Some((_t, wire, through)) = through_a_wire().await else {
        return;
    };
    for id in 1..9 {
        through.db.write(soon(), insert, id).await.unwrap();
    }
    let all = || join_all((1..9).map(|id| through.db.write(in_company(id), lengthen, id)));
    // The first time the sentences are prepared.
    all().await;
    wire.flights();
    assert!(all().await.iter().all(Result::is_ok));
    assert_eq!(wire.flights(), 2);
}

#[tokio::test]
async fn who_undoes_its_own_undoes_nobody_elses() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let ended = join_all((1..6).map(|id| t.db.write(in_company(id), all_but_the_third, id))).await;
    for (id, ended) in (1..6).zip(ended) {
        assert_eq!(matches!(ended, Err(Stop::Undo)), id == 3, "{id}: {ended:?}");
    }
    assert_eq!(t.ids().await, [1, 2, 4, 5]);
    assert_eq!(heard(&t), [1, 2, 4, 5], "what happened is heard, and once");
}

#[tokio::test]
async fn rl08_who_shares_a_commit_that_is_not_answered_knows_no_more_than_the_others_and_is_not_run_again() {
    let Some((t, wire, through)) = through_a_wire().await else {
        return;
    };
    let all =
        |ids: std::ops::Range<i64>| join_all(ids.map(|id| through.db.write(in_company(id), insert, id)));
    all(1..3).await;
    wire.cut_at_commit();
    assert_eq!(all(3..5).await, [Err(Error::Unknown), Err(Error::Unknown)]);
    assert_eq!(t.ids().await, [1, 2, 3, 4], "it happened");
    assert_eq!(all(5..7).await, [Ok(()), Ok(())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_locked_row_lets_the_others_go() {
    async fn touch(tx: &mut Tx, id: &i64) -> Result<u64, Error> {
        tx.run("UPDATE notes SET body = NULL WHERE id = $1", bind![*id])
            .await
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    for id in 1..9 {
        t.db.write(soon(), insert, id).await.unwrap();
    }
    let held = Arc::new(AtomicU32::new(0));
    let others = async {
        until("the row is held", async || held.load(Ordering::SeqCst) > 0).await;
        let began = Instant::now();
        let touch = async |id| {
            let touched = t.db.write(in_company(id), touch, id).await;
            (touched, began.elapsed())
        };
        join_all((1..9).map(touch)).await
    };
    let (holder, touched) = tokio::join!(t.db.write(soon(), hold_the_first, Arc::clone(&held)), others);
    holder.unwrap();
    for (id, (touched, took)) in (1..9).zip(touched) {
        assert_eq!(touched, Ok(1));
        assert_eq!(took < Duration::from_millis(700), id > 1, "{id} took {took:?}");
    }
}
