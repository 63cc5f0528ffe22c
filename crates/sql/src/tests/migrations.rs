//! The schema's history.

use super::*;

const TWO: &[Migration] = &[
    SCHEMA[0],
    Migration {
        number: 2,
        name: "tags",
        text: "CREATE TABLE tags (id BIGINT PRIMARY KEY) TABLE_END",
    },
];
const BROKEN: &[Migration] = &[
    SCHEMA[0],
    Migration {
        number: 2,
        name: "tags",
        text: "CREATE TABLE tags (id BIGINT PRIMARY KEY) TABLE_END; CREATE TABLE x",
    },
];

on_both! {
    async fn migrations_are_applied_once_in_order(t: Fixture) {
        assert_eq!(t.db.pending(TWO).await, Ok(vec![2]));
        assert_eq!(t.db.migrate(TWO, 42).await, Ok(vec![2]));
        assert_eq!(t.db.migrate(TWO, 43).await, Ok(vec![]));
        let rows =
            t.db.read_all("SELECT number, name, applied_at FROM schema_migrations", &[])
                .await
                .unwrap();
        let rows: Vec<(i64, String, i64)> = rows.iter().map(|row| row.read().unwrap()).collect();
        assert_eq!(rows, [(1, "notes".to_owned(), 0), (2, "tags".to_owned(), 42)]);
    }
}

on_both! {
    async fn a_failed_migration_leaves_nothing_and_is_resumed(t: Fixture) {
        let failed = t.db.migrate(BROKEN, 0).await.unwrap_err().to_string();
        assert!(
            failed.starts_with("migration 2 (tags) failed and was undone"),
            "{failed}"
        );
        assert_eq!(t.db.migrate(TWO, 0).await, Ok(vec![2]));
    }
}

on_both! {
    async fn an_older_database_keeps_each_migration_before_the_one_that_failed(t: Fixture) {
        const THIRD_BROKEN: &[Migration] = &[
            TWO[0],
            TWO[1],
            Migration {
                number: 3,
                name: "broken",
                text: "CREATE TABLE x",
            },
        ];
        let failed = t.db.migrate(THIRD_BROKEN, 0).await.unwrap_err().to_string();
        assert!(failed.starts_with("migration 3 (broken)"), "{failed}");
        assert_eq!(t.db.pending(TWO).await, Ok(vec![]));
    }
}

on_both! {
    async fn an_empty_database_takes_all_migrations_or_none(t: Fixture) {
        async fn empty(tx: &mut Tx, (): &()) -> Result<(), Error> {
            tx.script("DROP TABLE notes; DROP TABLE news; DROP TABLE schema_migrations").await
        }
        t.db.write(soon(), empty, ()).await.unwrap();
        let failed = t.db.migrate(BROKEN, 0).await.unwrap_err().to_string();
        assert!(failed.starts_with("migration 2 (tags)"), "{failed}");
        let ledger = t.db.read_one(crate::migrate::LEDGER_EXISTS, &[]).await;
        assert!(ledger.unwrap().is_none());
        assert_eq!(t.db.migrate(TWO, 0).await, Ok(vec![1, 2]));
    }
}

on_both! {
    async fn rl25_a_newer_schema_is_refused_with_the_remedy(t: Fixture) {
        t.db.migrate(TWO, 0).await.unwrap();
        assert_eq!(t.db.pending(TWO).await, Ok(vec![]));
        // Whoever only looks is told the same.
        let looked = t.db.pending(SCHEMA).await.unwrap_err().to_string();
        let refused = t.db.migrate(SCHEMA, 0).await.unwrap_err().to_string();
        assert_eq!(looked, refused);
        assert!(
            refused.contains("migration 2 (tags), but this binary knows only 1"),
            "{refused}"
        );
        assert!(
            refused.contains("start the newer release again, or restore"),
            "{refused}"
        );
        assert_eq!(t.db.pending(SCHEMA).await.unwrap_err().to_string(), refused);
        assert_eq!(t.db.pending(TWO).await, Ok(vec![]));
    }
}

on_both! {
    async fn a_changed_migration_is_refused(t: Fixture) {
        const CHANGED: &[Migration] = &[Migration {
            number: 1,
            name: "notes",
            text: "SELECT 1",
        }];
        let refused = t.db.migrate(CHANGED, 0).await.unwrap_err().to_string();
        assert!(
            refused.contains("migration 1 (notes) in the database is not the one"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_list_with_a_gap_is_refused() {
    let t = Fixture::new().await;
    let gap: &[Migration] = &[Migration {
        number: 2,
        name: "gap",
        text: "",
    }];
    assert!(matches!(t.db.migrate(gap, 0).await, Err(Error::Schema(_))));
}

on_both! {
    async fn two_processes_that_start_together_apply_each_migration_once(t: Fixture) {
        let other = t.companion().await;
        let (ours, theirs) = tokio::join!(t.db.migrate(TWO, 0), other.migrate(TWO, 0));
        assert_eq!([ours.unwrap(), theirs.unwrap()].concat(), [2]);
    }
}

#[tokio::test]
async fn tables_are_strict() {
    async fn wrong(tx: &mut Tx, (): &()) -> Result<u64, Error> {
        tx.run("INSERT INTO notes (id, word) VALUES (1, x'00')", &[])
            .await
    }
    let t = Fixture::new().await;
    assert!(matches!(
        t.db.write(soon(), wrong, ()).await,
        Err(Error::Constraint(_))
    ));
}
