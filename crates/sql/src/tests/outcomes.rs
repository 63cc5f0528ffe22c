//! What a transaction answers, and what it leaves.

use std::pin::pin;

use super::*;
use crate::{Engine, Health, Sql, both};

fn assert_send<T: Send>(value: T) -> T {
    value
}

const PUT: &str = "INSERT INTO notes (id) VALUES ($1)";
const PUT_NEW: &str = "INSERT INTO notes (id) VALUES ($1) ON CONFLICT (id) DO NOTHING";

/// Writes a note if there is none, or else counts them.
pub async fn put_or_count(tx: &mut Tx, id: &i64) -> Result<i64, Error> {
    if tx.sole(PUT_NEW, bind![*id]).await? {
        return Ok(0);
    }
    tx.one("SELECT COUNT(*) FROM notes", &[]).await?.unwrap().get(0)
}

/// What body number `id` does: each kind writes first.
async fn mixed(tx: &mut Tx, id: &i64) -> Result<i64, Stop> {
    insert(tx, id).await?;
    match id % 6 {
        0 => Ok(*id),
        1 => Err(Stop::Undo),
        2 => Err(Stop::Keep),
        3 => std::panic::resume_unwind(Box::new("a body's bug")),
        4 => {
            tokio::task::yield_now().await;
            Ok(*id)
        }
        // A duplicate: the error of the sentence is the body's.
        _ => insert(tx, id).await.map(|()| *id).map_err(Stop::from),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_gets_its_own_outcome_and_leaves_exactly_its_own_writes() {
    const BODIES: i64 = 2400;
    let t = Fixture::with(|options| options.queue = 2400).await;
    every_body(t, BODIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_gets_its_own_outcome_on_postgres_too() {
    if let Some(t) = Fixture::postgres(|_| {}).await {
        every_body(t, 600).await;
    }
}

async fn every_body(t: Fixture, bodies: i64) {
    let awaits = t.db.engine() == Engine::Postgres;
    let tasks: Vec<_> = (1..=bodies)
        .map(|id| {
            let db = t.db.clone();
            tokio::spawn(assert_send(
                async move { (id, db.write(soon(), mixed, id).await) },
            ))
        })
        .collect();
    for task in tasks {
        let (id, answer) = task.await.unwrap();
        match (id % 6, answer) {
            (0, Ok(answer)) => assert_eq!(answer, id),
            (4, Ok(answer)) if awaits => assert_eq!(answer, id),
            (1, Err(Stop::Undo))
            | (2, Err(Stop::Keep))
            | (3, Err(Stop::Fault(Error::Panicked { .. })))
            | (4, Err(Stop::Fault(Error::Awaited { .. })))
            | (5, Err(Stop::Fault(Error::Unique { .. }))) => {}
            (_, answer) => panic!("body {id} answered {answer:?}"),
        }
    }
    // Whoever waits for something else is caught on SQLite.
    let keeps = |id: &i64| matches!(id % 6, 0 | 2) || awaits && id % 6 == 4;
    let kept: Vec<_> = (1..=bodies).filter(keeps).collect();
    assert_eq!(t.ids().await, kept);
    let mut announced: Vec<_> = t
        .heard
        .commits
        .lock()
        .unwrap()
        .concat()
        .iter()
        .map(|it| it.id)
        .collect();
    announced.sort_unstable();
    assert_eq!(announced.len(), kept.len(), "undone bodies announce nothing");
}

#[tokio::test]
async fn an_awaiting_or_panicking_body_is_named() {
    let t = Fixture::new().await;
    let Err(Stop::Fault(awaited)) = t.db.write(soon(), mixed, 4).await else {
        panic!()
    };
    assert!(
        awaited.to_string().contains("tests::outcomes::mixed awaited"),
        "{awaited}"
    );
    let Err(Stop::Fault(panicked)) = t.db.write(soon(), mixed, 3).await else {
        panic!()
    };
    assert!(
        panicked.to_string().contains("tests::outcomes::mixed panicked"),
        "{panicked}"
    );
    assert!(
        t.heard
            .wrote
            .lock()
            .unwrap()
            .iter()
            .all(|body| body.ends_with("outcomes::mixed"))
    );
}

#[tokio::test]
async fn a_unique_violation_has_its_own_kind_and_names_the_columns() {
    async fn word(tx: &mut Tx, id: &i64) -> Result<u64, Error> {
        tx.run("INSERT INTO notes (id, word) VALUES ($1, $2)", bind![*id, "same"])
            .await
    }
    let t = Fixture::new().await;
    assert_eq!(t.db.write(soon(), word, 1).await, Ok(1));
    let refused = t.db.write(soon(), word, 2).await;
    assert_eq!(
        refused,
        Err(Error::Unique {
            constraint: "notes.word".to_owned()
        })
    );
}

on_both! {
    async fn sentences_that_nobody_waits_for_are_done_in_their_order(t: Fixture) {
        async fn fill(tx: &mut Tx, (): &()) -> Result<i64, Error> {
            for id in 1..=40_i64 {
                tx.send(PUT, bind![id]).await?;
            }
            let there = tx.one("SELECT COUNT(*) FROM notes", &[]).await?.unwrap().get(0)?;
            tx.send("UPDATE notes SET id = id + 100 WHERE id > $1", bind![2_i64]).await?;
            tx.send("DELETE FROM notes WHERE id > $1", bind![103_i64]).await?;
            Ok(there)
        }
        assert_eq!(t.db.write(soon(), fill, ()).await, Ok(40));
        assert_eq!(t.ids().await, [1, 2, 103]);
    }

    async fn one_that_nobody_waited_for_undoes_everything_if_it_fails(t: Fixture) {
        async fn twice(tx: &mut Tx, first: &bool) -> Result<(), Error> {
            if *first {
                tx.run(PUT, bind![1_i64]).await?;
            }
            tx.send(PUT, bind![2_i64]).await?;
            tx.send(PUT, bind![2_i64]).await?;
            tx.send(PUT, bind![3_i64]).await
        }
        for first in [true, false] {
            let answer = t.db.write(soon(), twice, first).await;
            assert!(matches!(answer, Err(Error::Unique { .. })), "{answer:?}");
            assert_eq!(t.ids().await, []);
        }
        assert_eq!(t.db.write(soon(), insert, 4).await, Ok(()));
    }

    async fn what_an_undone_body_sent_never_happens(t: Fixture) {
        async fn undone(tx: &mut Tx, (): &()) -> Result<(), Stop> {
            tx.send(PUT, bind![1_i64]).await?;
            Err(Stop::Undo)
        }
        assert!(matches!(t.db.write(soon(), undone, ()).await, Err(Stop::Undo)));
        assert_eq!(t.db.write(soon(), insert, 2).await, Ok(()));
        assert_eq!(t.ids().await, [2]);
    }

    async fn what_was_written_before_a_body_was_undone_is_undone_too(t: Fixture) {
        async fn begins_with_nothing(tx: &mut Tx, id: &i64) -> Result<(), Stop> {
            assert!(!tx.sole(PUT_NEW, bind![1_i64]).await?, "it is there");
            tx.run(PUT, bind![*id]).await?;
            Err(Stop::Undo)
        }
        assert_eq!(t.db.write(soon(), insert, 1).await, Ok(()));
        let undone = t.db.write(soon(), begins_with_nothing, 2).await;
        assert!(matches!(undone, Err(Stop::Undo)));
        assert_eq!(t.ids().await, [1]);
    }

    async fn a_sentence_that_wrote_all_of_it_is_the_last(t: Fixture) {
        async fn goes_on(tx: &mut Tx, (): &()) -> Result<u64, Error> {
            tx.sole(PUT_NEW, bind![9_i64]).await?;
            tx.run(PUT, bind![10_i64]).await
        }
        assert_eq!(t.db.write(soon(), put_or_count, 7).await, Ok(0));
        assert_eq!(t.db.write_unsynced(soon(), put_or_count, 8).await, Ok(0));
        assert_eq!(t.ids().await, [7, 8]);
        assert_eq!(t.db.write(soon(), put_or_count, 7).await, Ok(2), "it wrote nothing, so others may follow");
        assert_eq!(t.db.write_unsynced(soon(), put_or_count, 7).await, Ok(2));

        let answer = t.db.write(soon(), goes_on, ()).await;
        assert!(matches!(answer, Err(Error::Other(_))), "{answer:?}");
        assert!(!t.ids().await.contains(&10));
    }

    async fn what_goes_with_such_a_sentence_is_kept_or_undone_with_it(t: Fixture) {
        async fn put_both(tx: &mut Tx, (id, other): &(i64, i64)) -> Result<bool, Error> {
            const UNLESS_THERE: &str = "INSERT INTO notes (id) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM notes WHERE id = $1)";
            let others = [
                (UNLESS_THERE.into(), bind![*id + 100].to_vec()),
                ("UPDATE notes SET id = $2 WHERE id = $1".into(), bind![*id + 100, *other].to_vec()),
            ];
            tx.sole_with(PUT_NEW, bind![*id], &others).await
        }
        assert_eq!(t.db.write(soon(), put_both, (1, 101)).await, Ok(true));
        assert_eq!(t.db.write(soon(), put_both, (1, 101)).await, Ok(false));
        let failed = t.db.write(soon(), put_both, (2, 101)).await;
        assert!(matches!(failed, Err(Error::Unique { .. })), "{failed:?}");
        assert_eq!(t.db.write_unsynced(soon(), put_both, (3, 103)).await, Ok(true));
        assert_eq!(t.ids().await, [1, 3, 101, 103]);
    }

    async fn a_sole_sentence_can_answer_with_what_it_wrote(t: Fixture) {
        async fn put_some(tx: &mut Tx, id: &i64) -> Result<Vec<i64>, Error> {
            const PUT_TWO: &str = "INSERT INTO notes (id) VALUES ($1), ($1 + 1) ON CONFLICT (id) DO NOTHING RETURNING id";
            let written = tx.sole_all(PUT_TWO, bind![*id]).await?;
            if written.is_empty() {
                tx.run(PUT, bind![*id + 100]).await?;
            }
            let mut ids: Vec<i64> = written.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
            ids.sort_unstable();
            Ok(ids)
        }
        assert_eq!(t.db.write(soon(), put_some, 1).await, Ok(vec![1, 2]));
        assert_eq!(t.db.write_unsynced(soon(), put_some, 2).await, Ok(vec![3]));
        assert_eq!(t.db.write(soon(), put_some, 2).await, Ok(vec![]), "so others may follow");
        assert_eq!(t.ids().await, [1, 2, 3, 102]);
    }

    async fn a_body_cannot_go_on_after_a_failed_sentence(t: Fixture) {
        async fn stubborn(tx: &mut Tx, (): &()) -> Result<(), Error> {
            insert(tx, &1).await?;
            let failed = insert(tx, &1).await;
            assert_eq!(insert(tx, &2).await, failed, "the first error is repeated");
            Ok(())
        }
        assert!(matches!(
            t.db.write(soon(), stubborn, ()).await,
            Err(Error::Unique { .. })
        ));
        assert_eq!(t.ids().await, []);
    }
}

on_both! {
    async fn a_body_sees_its_own_writes_and_gets_rows_back(t: Fixture) {
        async fn body(tx: &mut Tx, id: &i64) -> Result<(Vec<u8>, bool, usize), Error> {
            let insert = "INSERT INTO notes (id, body) VALUES ($2, $1) RETURNING body, id = $2";
            let row = tx.one(insert, bind![[7_u8; 16], *id]).await?;
            let (bytes, same) = row.ok_or(Error::Lost)?.read()?;
            Ok((bytes, same, tx.all("SELECT id FROM notes", &[]).await?.len()))
        }
        assert_eq!(t.db.write(soon(), body, 5).await, Ok((vec![7; 16], true, 1)));
    }
}

on_both! {
    async fn one_refuses_several_rows_and_run_refuses_any(t: Fixture) {
        async fn rows(tx: &mut Tx, (): &()) -> Result<u64, Error> {
            tx.run("SELECT 1", &[]).await
        }
        let several = t.db.read_one("SELECT 1 UNION SELECT 2", &[]).await;
        assert!(several.unwrap_err().to_string().contains("more than one row"));
        assert_eq!(t.db.read_one("SELECT id FROM notes", &[]).await, Ok(None));
        assert!(t.db.write(soon(), rows, ()).await.is_err());
    }
}

#[tokio::test]
async fn inline_reads_cannot_write() {
    let t = Fixture::new().await;
    assert!(
        t.db.read_all("INSERT INTO notes (id) VALUES (1)", &[])
            .await
            .is_err()
    );
    assert_eq!(t.ids().await, []);
}

on_both! {
    async fn a_scan_reads_on_the_pool(t: Fixture) {
        t.db.write(soon(), insert, 3).await.unwrap();
        let rows =
            t.db.scan(
                soon(),
                "SELECT id FROM notes WHERE id > $1",
                bind![2_i64].to_vec(),
            )
            .await
            .unwrap();
        assert_eq!(rows[0].get(0), Ok(3_i64));
    }
}

on_both! {
    async fn a_deadline_that_passed_before_hand_over_is_too_late(t: Fixture) {
        assert_eq!(t.db.write(Instant::now(), insert, 1).await, Err(Error::TooLate));
        assert_eq!(t.ids().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_in_the_queue_is_too_late_and_nothing_happens() {
    let t = Fixture::new().await;
    let gate = t.gate().shut().await;
    let late =
        t.db.write(Instant::now() + Duration::from_millis(30), insert, 1)
            .await;
    assert_eq!(late, Err(Error::TooLate));
    gate.open().await.unwrap();
    t.db.write(soon(), nothing, ()).await.unwrap();
    assert_eq!(t.ids().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_while_the_body_runs_is_unknown_and_the_body_ends() {
    let t = Fixture::new().await;
    let (open, opened) = mpsc::channel();
    let blocked = Blocked {
        note: 9,
        entered: mpsc::channel().0,
        opened: Mutex::new(opened),
    };
    // Nothing is ahead of it, so it begins at once; the gate outlasts its deadline.
    let answer =
        t.db.write(Instant::now() + Duration::from_millis(200), block, blocked)
            .await;
    assert_eq!(answer, Err(Error::Unknown));
    open.send(()).unwrap();
    t.db.write(soon(), nothing, ()).await.unwrap();
    assert_eq!(t.ids().await, [9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_stop_its_transaction() {
    let t = Fixture::new().await;
    let gate = t.gate().shut().await;
    {
        let mut write = pin!(t.db.write(soon(), insert, 4));
        assert!(poll(write.as_mut()).is_pending());
    }
    gate.open().await.unwrap();
    t.db.write(soon(), nothing, ()).await.unwrap();
    assert_eq!(t.ids().await, [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_sheds() {
    let t = Fixture::with(|options| options.queue = 1).await;
    let gate = t.gate().shut().await;
    let mut queued = pin!(t.db.write(soon(), insert, 1));
    assert!(poll(queued.as_mut()).is_pending());
    assert_eq!(t.db.write(soon(), insert, 2).await, Err(Error::Busy));
    gate.open().await.unwrap();
    assert_eq!(queued.await, Ok(()));
    assert_eq!(t.ids().await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_drains_what_was_handed_over_and_refuses_the_rest() {
    let t = Fixture::new().await;
    let gate = t.gate().shut().await;
    let mut queued = pin!(t.db.write(soon(), insert, 1));
    assert!(poll(queued.as_mut()).is_pending());
    let mut closing = pin!(t.db.close());
    assert!(poll(closing.as_mut()).is_pending());
    assert_eq!(t.db.write(soon(), insert, 2).await, Err(Error::Closed));
    gate.open().await.unwrap();
    closing.await;
    assert_eq!(queued.await, Ok(()));
    assert_eq!(t.db.health(), Health::Closed);
    assert_eq!(t.db.read_one("SELECT 1", &[]).await, Err(Error::Closed));
    assert_eq!(t.db.scan(soon(), "SELECT 1", vec![]).await, Err(Error::Closed));
    let wal = t.folder.path().join("test.db-wal");
    assert_eq!(
        wal.metadata().map_or(0, |wal| wal.len()),
        0,
        "everything is in the database file"
    );
    let count: i64 = t
        .stranger()
        .query_row("SELECT sum(id) FROM notes", (), |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
}

on_both! {
    async fn every_sentence_that_does_not_prepare_is_named(t: Fixture) {
        let sentences = [
            ("GOOD", Sql::same("SELECT id FROM notes WHERE id = $1")),
            ("TYPO", Sql::same("SELECT idd FROM notes")),
            ("GAP", Sql::same("UPDATE notes SET word = $1 WHERE id = $3")),
            ("QUOTES", Sql::same("SELECT \"a string\" FROM notes")),
            ("PAIR", both!(sqlite: "SELECT 1", postgres: "no SQL at all")),
        ];
        let text = t.db.prepare_check(&sentences).await.unwrap_err().to_string();
        let named: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
        let expected = match t.db.engine() {
            Engine::Sqlite => ["TYPO", "GAP", "QUOTES"].as_slice(),
            Engine::Postgres => &["TYPO", "GAP", "QUOTES", "PAIR"],
        };
        assert_eq!(named, expected);
    }
}
