//! Every table, from either database into either.
#![expect(
    clippy::items_after_statements,
    reason = "a transaction body stands in the test that runs it"
)]

mod schema;

use super::*;
use crate::MIGRATIONS;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vestibule_cluster::ThrowAway;
use vestibule_sql::{Engine, OpenPostgres, OpenSqlite, Value};

/// Words that engines and collations like to disagree about.
const WORDS: &[&str] = &[
    "",
    "a",
    "A",
    "Z",
    "z",
    "ä",
    "a\u{308}",
    "ß",
    "İ",
    "a b",
    "a-b",
    "a_b",
    "'\"\\%",
    "\n\t\u{7f}",
    "\u{ffff}",
    "\u{10ffff}",
    "😀",
];
/// More than there are words, so that each occurs.
const EACH: i64 = 23;

/// A database with all tables, which goes with it.
struct House {
    db: Db,
    _folder: Option<TempDir>,
    _cluster: Option<ThrowAway<'static>>,
}

impl House {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let db = Db::open(OpenSqlite::companion(path)).await.unwrap();
        Self::furnished(db, Some(folder), None).await
    }

    /// None where there is no `PostgreSQL`.
    async fn postgres() -> Option<Self> {
        let database = vestibule_cluster::shared()?.database(None);
        let db = Db::open_postgres(OpenPostgres::companion(database.url())).await;
        Some(Self::furnished(db.unwrap(), None, Some(database)).await)
    }

    async fn furnished(db: Db, folder: Option<TempDir>, cluster: Option<ThrowAway<'static>>) -> Self {
        db.migrate(MIGRATIONS, 0).await.unwrap();
        Self {
            db,
            _folder: folder,
            _cluster: cluster,
        }
    }

    /// One of each kind that there is.
    async fn each() -> Vec<Self> {
        let mut houses = vec![Self::sqlite().await];
        houses.extend(Self::postgres().await);
        houses
    }

    /// Some odd rows in every table.
    async fn fill(&self) {
        let nullable = schema::nullable().await;
        for table in TABLES {
            let rows = (0..EACH).map(|row| {
                let columns = table.columns.iter();
                let values = columns.map(|(name, kind)| {
                    if row % 3 == 1 && nullable.contains(&(table.name.to_owned(), (*name).to_owned())) {
                        return Value::Null;
                    }
                    odd(name, *kind, row)
                });
                values.collect::<Vec<_>>()
            });
            async fn insert(tx: &mut Tx, (sql, rows): &(vestibule_sql::Sql, Vec<Vec<Value>>)) -> Result<u64, Error> {
                tx.each(*sql, rows).await
            }
            let written = self.db.write(soon(), insert, (table.insert, rows.collect())).await;
            assert_eq!(written, Ok(EACH.unsigned_abs()), "{}", table.name);
        }
    }

    /// Everything in it, table by table.
    async fn contents(&self, rows: u32) -> Vec<Vec<u8>> {
        let mut contents = Vec::new();
        for number in 0..TABLES.len() {
            let (mut bytes, mut place) = (Vec::new(), Place::before(number));
            while place.table() == number {
                let page = page(&self.db, &place, rows).await.unwrap();
                page.encode(&mut bytes);
                place = page.next().clone();
            }
            contents.push(bytes);
        }
        contents
    }

    async fn begin(&self) -> Begun {
        async fn body(tx: &mut Tx, (source,): &(String,)) -> Result<Begun, Error> {
            begin(tx, source).await
        }
        self.db.write(soon(), body, ("elsewhere".to_owned(),)).await.unwrap()
    }

    async fn arrive(&self, page: Page, arrived: u64) -> Result<bool, Error> {
        async fn body(tx: &mut Tx, (page, arrived): &(Page, u64)) -> Result<bool, Error> {
            arrive(tx, page, *arrived).await
        }
        self.db.write(soon(), body, (page, arrived)).await
    }

    /// Moves pages from another, from where the last call ended; answers how many there were.
    async fn take(&self, from: &Self, rows: u32, most: usize) -> usize {
        let state = unfinished(&self.db).await.unwrap().unwrap();
        let (mut place, mut arrived) = (state.place, state.arrived);
        for pages in 0..most {
            if place.table() == TABLES.len() {
                return pages;
            }
            let page = page(&from.db, &place, rows).await.unwrap();
            let (next, more) = (page.next().clone(), page.len());
            assert_eq!(self.arrive(page, arrived).await, Ok(true));
            (place, arrived) = (next, arrived + more);
        }
        most
    }
}

/// The value of a column in a row. Keys follow from the row, so what refers to another row finds it.
fn odd(name: &str, kind: Kind, row: i64) -> Value {
    let count = i64::try_from(WORDS.len()).unwrap();
    match (name, kind) {
        // One is less than the other by a constraint.
        ("leaf", _) => Value::Int(row),
        ("parent", _) => Value::Int(-row - 1),
        (_, Kind::Int) => Value::Int([0, -1, i64::MIN, i64::MAX, row][usize::try_from(row % 5).unwrap()]),
        (_, Kind::Bool) => Value::Bool(row % 2 == 0),
        (_, Kind::Text) => {
            let word = WORDS[usize::try_from(row % count).unwrap()];
            Value::Text(format!("{word}{}", "x".repeat(usize::try_from(row / count).unwrap())))
        }
        (_, Kind::Bytes) => Value::Bytes(match row {
            0 => vec![],
            1 => vec![0],
            2 => vec![0, 0],
            3 => vec![0x7f],
            4 => vec![0x80],
            5 => vec![0xff; 40],
            row => row.to_be_bytes().repeat(2),
        }),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[tokio::test(flavor = "multi_thread")]
async fn rl23_every_row_moves_from_either_database_into_either_whatever_is_in_it() {
    for from in House::each().await {
        from.fill().await;
        let contents = from.contents(ROWS).await;
        assert!(contents.iter().all(|bytes| !bytes.is_empty()), "a table is empty");
        for to in House::each().await {
            let pair = (from.db.engine(), to.db.engine());
            assert_eq!(to.begin().await, Begun::Now);
            to.take(&from, 4, usize::MAX).await;
            assert!(to.contents(ROWS).await == contents, "{pair:?}");
            assert!(to.contents(1).await == contents, "the size of pages shows, {pair:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rl23_a_move_interrupted_after_any_page_goes_on_and_misses_nothing() {
    for from in House::each().await {
        from.fill().await;
        for to in House::each().await {
            assert_eq!(to.begin().await, Begun::Now);
            let mut stops = 0;
            while to.take(&from, 5, 1).await == 1 {
                stops += 1;
                let state = unfinished(&to.db).await.unwrap().unwrap();
                assert_eq!(to.begin().await, Begun::Before(state));
            }
            assert!(stops > 4 * TABLES.len(), "{stops} pages");
            let state = unfinished(&to.db).await.unwrap().unwrap();
            assert_eq!(state.place, Place::before(TABLES.len()));
            assert_eq!(state.arrived, count(&from.db).await.unwrap());
            assert!(to.contents(ROWS).await == from.contents(ROWS).await);
            async fn body(tx: &mut Tx, (): &()) -> Result<(), Error> {
                end(tx).await
            }
            to.db.write(soon(), body, ()).await.unwrap();
            assert_eq!(unfinished(&to.db).await, Ok(None));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rl23_a_page_that_is_refused_leaves_the_place_where_it_was() {
    let from = House::sqlite().await;
    from.fill().await;
    for to in House::each().await {
        to.begin().await;
        to.take(&from, 10, 1).await;
        let before = unfinished(&to.db).await;
        let again = page(&from.db, &Place::before(0), 10).await.unwrap();
        let refused = to.arrive(again, 10).await;
        assert!(matches!(refused, Err(Error::Unique { .. })), "{refused:?}");
        assert_eq!(unfinished(&to.db).await, before);
        let stale = page(&from.db, &Place::before(1), 10).await.unwrap();
        assert_eq!(to.arrive(stale, 0).await, Ok(false), "another process was here");
        assert_eq!(unfinished(&to.db).await, before);
        assert_eq!(to.take(&from, 500, usize::MAX).await, TABLES.len());
        assert!(to.contents(ROWS).await == from.contents(ROWS).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_one_row_in_any_table_is_lived_in() {
    for house in House::each().await {
        house.fill().await;
        assert_eq!(house.begin().await, Begun::Not(TABLES[0].name));
        assert_eq!(unfinished(&house.db).await, Ok(None));
    }
    let empty = House::sqlite().await;
    async fn leave(tx: &mut Tx, (): &()) -> Result<u64, Error> {
        tx.run("INSERT INTO departed_roles (role) VALUES ($1)", bind![[7; 16]]).await
    }
    empty.db.write(soon(), leave, ()).await.unwrap();
    assert_eq!(empty.begin().await, Begun::Not("departed_roles"));
}

#[tokio::test]
async fn a_zero_character_fits_into_sqlite_only() {
    let house = House::sqlite().await;
    async fn leave(tx: &mut Tx, (): &()) -> Result<u64, Error> {
        tx.run("INSERT INTO instance (name, value) VALUES ('odd', $1)", bind!["a\0b"]).await
    }
    house.db.write(soon(), leave, ()).await.unwrap();
    let page = page(&house.db, &Place::before(0), ROWS).await.unwrap();
    assert_eq!(page.len(), 1);
    assert!(page.fits(Engine::Sqlite) && !page.fits(Engine::Postgres));
}

/// Nothing that is nullable is forgotten by [`House::fill`].
#[tokio::test]
async fn what_is_moved_here_has_nulls_and_empty_bytes() {
    let nullable: HashSet<_> = schema::nullable().await;
    assert!(nullable.contains(&("outbox".to_owned(), "payload".to_owned())));
    let house = House::sqlite().await;
    house.fill().await;
    let sql = "SELECT SUM(payload IS NULL), SUM(payload = $1) FROM outbox";
    let row = house.db.read_one(sql, bind![Vec::new()]).await.unwrap().unwrap();
    let (null, empty): (i64, i64) = row.read().unwrap();
    assert!(null > 0 && empty > 0);
}
