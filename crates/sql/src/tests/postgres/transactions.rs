//! Transactions on a server that is there.

use super::*;
use tokio::sync::Barrier;

#[tokio::test]
async fn a_body_that_panics_is_named_and_undone_and_its_connection_kept() {
    async fn panics(tx: &mut Tx, (): &()) -> Result<(), Error> {
        insert(tx, &1).await?;
        std::panic::resume_unwind(Box::new("a body's bug"))
    }
    let Some(t) = Fixture::postgres(|options| options.connections = 1).await else {
        return;
    };
    let before = t.db.write(soon(), process, ()).await.unwrap();
    let panicked = t.db.write(soon(), panics, ()).await.unwrap_err().to_string();
    assert!(
        panicked.contains("transactions::") && panicked.contains("panics panicked"),
        "{panicked}"
    );
    assert_eq!(t.db.write(soon(), process, ()).await, Ok(before));
    assert_eq!(t.ids().await, []);
}

#[tokio::test]
async fn rl10_a_sentence_that_outlives_its_deadline_is_undone_and_its_connection_kept() {
    async fn slow(tx: &mut Tx, (): &()) -> Result<(), Error> {
        insert(tx, &1).await?;
        tx.all("SELECT 1 FROM pg_sleep(20)", &[]).await?;
        Ok(())
    }
    let Some(t) = Fixture::postgres(|options| options.connections = 1).await else {
        return;
    };
    let before = t.db.write(soon(), process, ()).await.unwrap();
    let began = Instant::now();
    let late = t.db.write(began + Duration::from_millis(400), slow, ()).await;
    assert!(matches!(late, Err(Error::Busy | Error::TooLate)), "{late:?}");
    assert!(began.elapsed() < Duration::from_millis(900));
    let after = t.db.write(soon(), process, ()).await;
    assert_eq!(after, Ok(before), "the same connection serves the next");
    assert_eq!(t.ids().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_stop_its_transaction() {
    async fn slow(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        tx.all("SELECT 1 FROM pg_sleep(0.1)", &[]).await?;
        insert(tx, id).await
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    {
        let mut write = std::pin::pin!(t.db.write(soon(), slow, 4));
        assert!(poll(write.as_mut()).is_pending());
    }
    until("the transaction ends", async || t.ids().await == [4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rl11_without_a_free_connection_a_write_is_busy_after_a_second() {
    async fn slow(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        tx.all("SELECT 1 FROM pg_sleep(2)", &[]).await?;
        insert(tx, id).await
    }
    async fn rides(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        let sql = "INSERT INTO notes (id) VALUES ($1)";
        tx.sole(sql, bind![*id]).await.map(drop)
    }
    let Some(t) = Fixture::postgres(|options| options.connections = 1).await else {
        return;
    };
    let mut holds = std::pin::pin!(t.db.write(soon(), slow, 1));
    assert!(poll(holds.as_mut()).is_pending());
    let mut taken = std::pin::pin!(tokio::time::sleep(Duration::from_millis(50)));
    tokio::select! { _ = &mut holds => panic!(), () = &mut taken => {} }
    let began = Instant::now();
    let (alone, one, other) = tokio::join!(
        t.db.write(soon(), insert, 2),
        t.db.write(soon(), rides, 2),
        t.db.write(soon(), rides, 3)
    );
    for refused in [alone, one, other] {
        assert_eq!(refused, Err(Error::Busy));
    }
    let waited = began.elapsed();
    assert!(
        waited > Duration::from_millis(900) && waited < Duration::from_millis(1600),
        "{waited:?}"
    );
    let brief = Instant::now() + Duration::from_millis(50);
    assert_eq!(t.db.write(brief, insert, 3).await, Err(Error::TooLate));
    assert_eq!(holds.await, Ok(()));
    assert_eq!(t.db.write(soon(), insert, 4).await, Ok(()));
    assert_eq!(t.ids().await, [1, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rl28_a_transaction_that_stands_still_lets_others_on_in_time_and_is_run_again() {
    async fn stands_still(tx: &mut Tx, runs: &Arc<AtomicU32>) -> Result<(), Error> {
        tx.run("UPDATE notes SET word = 'still' WHERE id = 1", &[])
            .await?;
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        tx.run("UPDATE notes SET word = 'late' WHERE id = 1", &[])
            .await
            .map(drop)
    }
    async fn other(tx: &mut Tx, (): &()) -> Result<(), Error> {
        tx.run("UPDATE notes SET word = 'other' WHERE id = 1", &[])
            .await
            .map(drop)
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    t.db.write(soon(), insert, 1).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let still = t.db.write(soon(), stands_still, Arc::clone(&runs));
    let others = async {
        until("it stands still", async || runs.load(Ordering::SeqCst) > 0).await;
        t.db.write(Instant::now() + Duration::from_secs(5), other, ())
            .await
    };
    let (still, others) = tokio::join!(still, others);
    assert_eq!((others, still), (Ok(()), Ok(())));
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_holds_up_nobody_who_sets_out_later() {
    const WAITING: &str =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    async fn touch(tx: &mut Tx, id: &i64) -> Result<Duration, Error> {
        let began = Instant::now();
        tx.sole("UPDATE notes SET word = NULL WHERE id = $1", bind![*id])
            .await?;
        Ok(began.elapsed())
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    for id in 1..30 {
        t.db.write(soon(), insert, id).await.unwrap();
    }
    let held = Arc::new(AtomicU32::new(0));
    let holder = t.db.write(soon(), hold_the_first, Arc::clone(&held));
    let others = async {
        until("the row is held", async || held.load(Ordering::SeqCst) > 0).await;
        let blocked = t.db.write(soon(), touch, 1);
        let later = async {
            until("it waits for the row", async || {
                !t.db.read_all(WAITING, &[]).await.unwrap().is_empty()
            })
            .await;
            let mut longest = Duration::ZERO;
            for id in 2..30 {
                longest = longest.max(t.db.write(soon(), touch, id).await.unwrap());
            }
            longest
        };
        tokio::join!(blocked, later)
    };
    let (holder, (blocked, longest)) = tokio::join!(holder, others);
    holder.unwrap();
    assert!(blocked.unwrap() > Duration::from_secs(1));
    assert!(longest < Duration::from_millis(700), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_locks_rows_in_another_order_than_a_convoy_is_not_a_second_in_its_way() {
    async fn backwards(tx: &mut Tx, held: &Arc<AtomicU32>) -> Result<(), Error> {
        tx.run("UPDATE notes SET word = 'two' WHERE id = 2", &[]).await?;
        held.store(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(150)).await;
        tx.run("UPDATE notes SET word = 'one' WHERE id = 1", &[])
            .await
            .map(drop)
    }
    async fn touch(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        let sql = "UPDATE notes SET body = NULL WHERE id = $1";
        tx.sole(sql, bind![*id]).await.map(drop)
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    for id in 1..9 {
        t.db.write(soon(), insert, id).await.unwrap();
    }
    // The connections are made.
    futures_util::future::join_all((1..9).map(|id| t.db.write(soon(), touch, id))).await;
    let held = Arc::new(AtomicU32::new(0));
    let holder = t.db.write(soon(), backwards, Arc::clone(&held));
    let riders = async {
        until("the row is held", async || held.load(Ordering::SeqCst) > 0).await;
        let began = Instant::now();
        let ridden = futures_util::future::join_all((1..9).map(|id| t.db.write(soon(), touch, id))).await;
        (ridden, began.elapsed())
    };
    let (holder, (ridden, took)) = tokio::join!(holder, riders);
    holder.unwrap();
    assert!(ridden.iter().all(Result::is_ok), "{ridden:?}");
    assert!(took < Duration::from_millis(800), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_sheds() {
    async fn slow(tx: &mut Tx, (): &()) -> Result<(), Error> {
        tx.all("SELECT 1 FROM pg_sleep(0.3)", &[]).await.map(drop)
    }
    let Some(t) = Fixture::postgres(|options| options.queue = 1).await else {
        return;
    };
    let mut first = std::pin::pin!(t.db.write(soon(), slow, ()));
    assert!(poll(first.as_mut()).is_pending());
    assert_eq!(t.db.write(soon(), insert, 2).await, Err(Error::Busy));
    assert_eq!(first.await, Ok(()));
    assert_eq!(t.db.write(soon(), insert, 2).await, Ok(()));
}

/// Two bodies that lock two rows in opposite orders.
struct Crossing {
    mine: i64,
    others: i64,
    met: Arc<Barrier>,
    runs: Arc<AtomicU32>,
}

async fn cross(tx: &mut Tx, crossing: &Crossing) -> Result<(), Error> {
    const MARK: &str = "UPDATE notes SET word = coalesce(word, CAST(id AS TEXT) || ':') || $2 WHERE id = $1";
    let first = crossing.runs.fetch_add(1, Ordering::SeqCst) < 2;
    let word = crossing.mine.to_string();
    tx.run(MARK, bind![crossing.mine, &word]).await?;
    if first {
        crossing.met.wait().await;
    }
    tx.run(MARK, bind![crossing.others, &word]).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn rl12_of_two_that_lock_each_other_out_one_is_repeated_and_each_has_its_effect_once() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    t.db.write(soon(), insert, 1).await.unwrap();
    t.db.write(soon(), insert, 2).await.unwrap();
    let (met, runs) = (Arc::new(Barrier::new(2)), Arc::default());
    let crossing = |mine, others| Crossing {
        mine,
        others,
        met: Arc::clone(&met),
        runs: Arc::clone(&runs),
    };
    let (one, two) = tokio::join!(
        t.db.write(soon(), cross, crossing(1, 2)),
        t.db.write(soon(), cross, crossing(2, 1))
    );
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert!(runs.load(Ordering::SeqCst) > 2, "one of them ran again");
    let rows = t.db.read_all("SELECT word FROM notes", &[]).await.unwrap();
    for row in rows {
        let mut marks: Vec<_> = row.get::<String>(0).unwrap().chars().skip(2).collect();
        marks.sort_unstable();
        assert_eq!(marks, ['1', '2'], "each mark once");
    }
}

#[tokio::test]
async fn rl12_a_conflict_that_never_ends_is_given_up_after_three_repetitions() {
    async fn conflict(tx: &mut Tx, runs: &Arc<AtomicU32>) -> Result<(), Error> {
        insert(tx, &1).await?;
        runs.fetch_add(1, Ordering::SeqCst);
        tx.script("DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '40001'; END $$")
            .await
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let runs = Arc::new(AtomicU32::new(0));
    assert_eq!(
        t.db.write(soon(), conflict, Arc::clone(&runs)).await,
        Err(Error::Lost)
    );
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!(t.ids().await, []);
}

#[tokio::test]
async fn a_full_disk_is_told_and_heals_with_the_first_write_that_succeeds() {
    async fn full(tx: &mut Tx, (): &()) -> Result<(), Error> {
        insert(tx, &1).await?;
        tx.script("DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$")
            .await
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    assert_eq!(t.db.write(soon(), full, ()).await, Err(Error::Full));
    assert_eq!(t.db.health(), Health::Full);
    assert_eq!(t.ids().await, []);
    t.db.write(soon(), insert, 2).await.unwrap();
    assert_eq!(t.db.health(), Health::Writable);
}

#[tokio::test]
async fn a_unique_violation_has_its_own_kind_and_names_the_constraint() {
    async fn word(tx: &mut Tx, id: &i64) -> Result<u64, Error> {
        tx.run("INSERT INTO notes (id, word) VALUES ($1, $2)", bind![*id, "same"])
            .await
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    assert_eq!(t.db.write(soon(), word, 1).await, Ok(1));
    let constraint = "notes_word_key".to_owned();
    assert_eq!(
        t.db.write(soon(), word, 2).await,
        Err(Error::Unique { constraint })
    );
}

#[tokio::test]
async fn what_may_be_lost_with_the_power_does_not_wait_for_the_disk() {
    async fn waits(tx: &mut Tx, (): &()) -> Result<String, Error> {
        let row = tx
            .one("SELECT current_setting('synchronous_commit')", &[])
            .await?;
        row.ok_or(Error::Lost)?.get(0)
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    assert_eq!(t.db.write_unsynced(soon(), waits, ()).await.unwrap(), "off");
    assert_eq!(t.db.write(soon(), waits, ()).await.unwrap(), "on");
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_waits_for_what_was_handed_over_and_refuses_the_rest() {
    async fn slow(tx: &mut Tx, id: &i64) -> Result<(), Error> {
        tx.all("SELECT 1 FROM pg_sleep(0.1)", &[]).await?;
        insert(tx, id).await
    }
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let mut write = std::pin::pin!(t.db.write(soon(), slow, 1));
    assert!(poll(write.as_mut()).is_pending());
    t.db.close().await;
    assert_eq!(write.await, Ok(()));
    assert_eq!(t.db.write(soon(), insert, 2).await, Err(Error::Closed));
    assert_eq!(t.db.read_one("SELECT 1", &[]).await, Err(Error::Closed));
    assert_eq!(t.db.scan(soon(), "SELECT 1", vec![]).await, Err(Error::Closed));
    assert_eq!(
        t.companion()
            .await
            .read_all("SELECT id FROM notes", &[])
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        t.db.backup_to("/tmp/never".into(), |_, _| {})
            .await
            .unwrap_err()
            .to_string()
            .contains("pg_dump")
    );
}

#[tokio::test]
async fn bind_values_of_every_kind_go_without_a_prepared_statement() {
    let Some(t) = Fixture::postgres(|options| options.prepare = false).await else {
        return;
    };
    let sql = "SELECT $1, $2, CAST($3 AS BOOLEAN), CAST($4 AS BYTEA)";
    let row =
        t.db.read_one(sql, &["a".into(), 1_i64.into(), Value::Null, [7_u8].into()])
            .await
            .unwrap()
            .unwrap();
    assert_eq!(row.read(), Ok(("a".to_owned(), 1_i64, None::<bool>, vec![7_u8])));
}
