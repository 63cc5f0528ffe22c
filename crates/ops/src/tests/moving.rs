//! Moving house: what is refused, what is resumed, and that a difference is found.

use crate::admin::moving::{Move, Refused, Source};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vestibule_cluster::ThrowAway;
use vestibule_model::Timestamp;
use vestibule_store::{Error, MIGRATIONS, Open, OpenPostgres, OpenSqlite, Store, Tx, instance, moving};

const OLD: &str = "sqlite:///old";

/// A database that goes.
struct House {
    store: Store,
    _folder: Option<TempDir>,
    _cluster: Option<ThrowAway<'static>>,
}

impl House {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenSqlite::companion(folder.path().join("test.db"));
        Self {
            store: Store::open(Open::from(options)).await.unwrap(),
            _folder: Some(folder),
            _cluster: None,
        }
    }

    /// None where there is no PostgreSQL.
    async fn postgres() -> Option<Self> {
        let database = vestibule_cluster::shared()?.database(None);
        let options = OpenPostgres::companion(database.url());
        Some(Self {
            store: Store::open(Open::from(options)).await.unwrap(),
            _folder: None,
            _cluster: Some(database),
        })
    }

    /// One of each kind that there is, empty.
    async fn each() -> Vec<Self> {
        let mut houses = vec![Self::sqlite().await];
        houses.extend(Self::postgres().await);
        houses
    }

    /// Gives it its tables, and some rows.
    async fn settle(self) -> Self {
        self.store.migrate(now()).await.unwrap();
        for name in ["a", "b", "c", "d", "é", "z"] {
            self.note(name, "as it was").await;
        }
        self
    }

    async fn note(&self, name: &'static str, value: &'static str) {
        async fn set(tx: &mut Tx, (name, value): &(&'static str, &'static str)) -> Result<(), Error> {
            instance::set(tx, name, value).await
        }
        let soon = Instant::now() + Duration::from_secs(10);
        self.store.db.write(soon, set, (name, value)).await.unwrap();
    }

    /// What an older release wrote, before its database could keep news for other nodes.
    async fn older_note(&self) {
        async fn set(tx: &mut Tx, (): &()) -> Result<(), Error> {
            let note = "INSERT INTO instance (name, value) VALUES ('master_key', 'of an older house')";
            tx.run(note, &[]).await.map(drop)
        }
        let soon = Instant::now() + Duration::from_secs(10);
        self.store.db.write(soon, set, ()).await.unwrap();
    }

    async fn leave(&self) -> Source<'_> {
        Source::check(&self.store, OLD).await.unwrap()
    }

    async fn is_half_moved(&self) -> bool {
        moving::unfinished(&self.store.db).await.unwrap().is_some()
    }
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

async fn begin<'h>(from: &'h House, to: &'h House) -> Result<Move<'h>, Refused> {
    Move::begin(from.leave().await, &to.store, now()).await
}

/// What a move that does not begin says.
async fn refused(from: &House, to: &House) -> Refused {
    begin(from, to).await.err().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rl23_an_interrupted_move_goes_on_from_the_same_source_and_from_no_other() {
    let old = House::sqlite().await.settle().await;
    for new in House::each().await {
        let mut first = begin(&old, &new).await.unwrap();
        assert!(!first.resumed() && first.step(2).await.unwrap() && first.step(2).await.unwrap());
        assert!(new.is_half_moved().await);
        let other = Source::check(&old.store, "sqlite:///other").await.unwrap();
        let other = Move::begin(other, &new.store, now()).await.err().unwrap();
        assert!(matches!(other, Refused::TargetIsOfAnother(from) if from == OLD));

        let mut second = begin(&old, &new).await.unwrap();
        assert_eq!((second.resumed(), second.arrived()), (true, 4));
        while second.step(2).await.unwrap() {}
        let mut read = 0;
        let contents = second.compare(|_, rows| read += rows).await.unwrap();
        assert_eq!(read, 2 * second.arrived());
        assert_eq!((contents[0].table, contents[0].rows), ("instance", 6));
        second.end().await.unwrap();
        assert!(!new.is_half_moved().await);
        assert!(matches!(
            refused(&old, &new).await,
            Refused::TargetIsLivedIn("instance")
        ));
        assert!(
            matches!(first.step(2).await, Err(Refused::TargetIsTaken)),
            "the first goes on"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rl23_a_row_that_was_changed_on_either_side_is_found_and_the_target_stays_closed() {
    for new in House::each().await {
        let old = House::sqlite().await.settle().await;
        let mut under_way = begin(&old, &new).await.unwrap();
        while under_way.step(2).await.unwrap() {}
        under_way.compare(|_, _| {}).await.unwrap();

        new.note("b", "as it was not").await;
        let found = under_way.compare(|_, _| {}).await.unwrap_err();
        let Refused::Differs { from, to } = found else {
            panic!("{found:?}")
        };
        assert_eq!((from.table, from.rows, to.rows), ("instance", 6, 6));
        assert_ne!(from.sha256, to.sha256);
        assert!(new.is_half_moved().await);
        new.note("b", "as it was").await;
        under_way.compare(|_, _| {}).await.unwrap();

        old.note("late", "written meanwhile").await;
        let found = under_way.compare(|_, _| {}).await.unwrap_err();
        let Refused::Differs { from, to } = found else {
            panic!("{found:?}")
        };
        assert_eq!((from.table, from.rows, to.rows), ("instance", 7, 6));
        assert!(new.is_half_moved().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_whole_house_is_left_and_only_an_empty_one_is_entered() {
    for empty in House::each().await {
        let left = Source::check(&empty.store, OLD).await.err().unwrap();
        assert!(matches!(left, Refused::SourceIsEmpty));
    }
    let old = House::sqlite().await.settle().await;
    for new in House::each().await {
        begin(&old, &new).await.unwrap();
        let left = Source::check(&new.store, "elsewhere").await.err().unwrap();
        assert!(matches!(left, Refused::SourceIsUnfinished(from) if from == OLD));
    }
    for lived_in in House::each().await {
        let lived_in = lived_in.settle().await;
        assert!(matches!(
            refused(&old, &lived_in).await,
            Refused::TargetIsLivedIn("instance")
        ));
        assert!(!lived_in.is_half_moved().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_not_all_there_are_completed_unless_an_older_release_lives_in_them() {
    let old = House::sqlite().await.settle().await;
    for new in House::each().await {
        new.store.db.migrate(&MIGRATIONS[..2], 0).await.unwrap();
        let before = Source::check(&new.store, OLD).await.err().unwrap();
        assert!(matches!(before, Refused::SourceIsOlder(missing) if missing == MIGRATIONS.len() - 2));
        new.older_note().await;
        assert!(matches!(refused(&old, &new).await, Refused::TargetIsOlder));
        assert!(
            !new.store.pending().await.unwrap().is_empty(),
            "it was left alone"
        );
    }
    for new in House::each().await {
        new.store.db.migrate(&MIGRATIONS[..2], 0).await.unwrap();
        begin(&old, &new).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_cannot_store_is_named_before_it_is_sent() {
    let old = House::sqlite().await.settle().await;
    old.note("odd", "a\0b").await;
    let Some(new) = House::postgres().await else {
        return;
    };
    let mut under_way = begin(&old, &new).await.unwrap();
    let found = loop {
        match under_way.step(2).await {
            Ok(more) => assert!(more, "it arrived"),
            Err(found) => break found,
        }
    };
    assert!(matches!(found, Refused::Unstorable("instance")), "{found:?}");
    old.note("odd", "ab").await;
    while under_way.step(2).await.unwrap() {}
    under_way.compare(|_, _| {}).await.unwrap();
}
