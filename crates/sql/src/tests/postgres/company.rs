//! Bodies that set out together.

use super::wire::through_a_wire;
use super::*;
use crate::Sql;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::ops::Range;

const PUT: &str = "INSERT INTO notes (id) VALUES ($1) ON CONFLICT (id) DO NOTHING";

/// Together with all who begin in the same moment.
fn in_company() -> By {
    for_up_to(30)
}

fn for_up_to(milliseconds: u64) -> By {
    By {
        company: Duration::from_millis(milliseconds),
        ..By::from(soon())
    }
}

/// Writes a note, and the number of its transaction into it; or answers that there is one.
async fn put_marked(tx: &mut Tx, id: &i64) -> Result<bool, Error> {
    const MARK: &str = "UPDATE notes SET body = convert_to(CAST(txid_current() AS TEXT), 'UTF8')
        WHERE id = $1 AND body IS NULL";
    let others = [(Sql::same(MARK), vec![Value::from(*id)])];
    let put = tx.sole_with(PUT, bind![*id], &others).await?;
    if put {
        tx.announce_here("mine", i128::from(*id).to_be_bytes());
    }
    Ok(put)
}

async fn all(t: &Fixture, ids: Range<i64>) -> Vec<Result<bool, Error>> {
    join_all(ids.map(|id| t.db.write(in_company(), put_marked, id))).await
}

/// In which transactions the notes were marked.
async fn transactions(t: &Fixture) -> BTreeSet<Vec<u8>> {
    let marks = t.db.read_all("SELECT body FROM notes", &[]).await.unwrap();
    marks.iter().map(|row| row.get(0).unwrap()).collect()
}

#[tokio::test]
async fn bodies_of_one_trip_share_it_and_its_commit() {
    let Some((t, wire, through)) = through_a_wire().await else {
        return;
    };
    // The first time the sentences are prepared.
    all(&through, 100..108).await;
    wire.flights();
    let before = transactions(&t).await;
    assert!(all(&through, 1..9).await.iter().all(|put| *put == Ok(true)));
    assert_eq!(wire.flights(), 1);
    assert_eq!(transactions(&t).await.difference(&before).count(), 1);
    assert!(all(&through, 1..9).await.iter().all(|put| *put == Ok(false)));
}

#[tokio::test]
async fn who_was_taken_along_takes_nobody_before_its_time() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let began = Instant::now();
    let write = |milliseconds, id| t.db.write(for_up_to(milliseconds), insert, id);
    let (first, along) = tokio::join!(write(30, 1), write(200, 2));
    assert_eq!((first, along), (Ok(()), Ok(())));
    assert!(
        began.elapsed() < Duration::from_millis(200),
        "both went with the first"
    );
    let began = Instant::now();
    assert_eq!(write(600, 3).await, Ok(()));
    assert!(began.elapsed() >= Duration::from_millis(600));
    let began = Instant::now();
    let unsynced = t.db.write_unsynced(for_up_to(600), insert, 4);
    assert_eq!(unsynced.await, Ok(()));
    assert!(
        began.elapsed() < Duration::from_millis(600),
        "it shares no wait for the disk"
    );
}

#[tokio::test]
async fn rl08_who_shares_a_commit_that_is_not_answered_is_run_again_and_finds_its_own() {
    let Some((t, wire, through)) = through_a_wire().await else {
        return;
    };
    all(&through, 1..3).await;
    wire.cut_at_commit();
    assert_eq!(all(&through, 3..5).await, [Ok(false), Ok(false)]);
    assert_eq!(t.ids().await, [1, 2, 3, 4]);
    assert_eq!(all(&through, 5..7).await, [Ok(true), Ok(true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_locked_row_lets_the_others_go() {
    async fn touch(tx: &mut Tx, id: &i64) -> Result<bool, Error> {
        let again = (
            Sql::same("UPDATE notes SET body = NULL WHERE id = $1"),
            vec![Value::from(*id)],
        );
        tx.sole_with("UPDATE notes SET word = NULL WHERE id = $1", bind![*id], &[again])
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
            let touched = t.db.write(in_company(), touch, id).await;
            (touched, began.elapsed())
        };
        join_all((1..9).map(touch)).await
    };
    let (holder, touched) = tokio::join!(t.db.write(soon(), hold_the_first, Arc::clone(&held)), others);
    holder.unwrap();
    for (id, (touched, took)) in (1..9).zip(touched) {
        assert_eq!(touched, Ok(true));
        assert_eq!(took < Duration::from_millis(700), id > 1, "{id} took {took:?}");
    }
}
