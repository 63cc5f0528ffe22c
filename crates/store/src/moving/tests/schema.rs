//! The list of tables against the schema that the migrations make.

use super::super::tables::STAY;
use super::*;
use std::collections::BTreeMap;

/// A table as a database describes it: its columns with their types, and the names of its key in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    columns: BTreeMap<String, String>,
    key: Vec<String>,
}

/// What the list says, in the words of one database.
fn listed(word: fn(Kind) -> &'static str) -> BTreeMap<String, Shape> {
    let shape = |table: &tables::Table| {
        let columns = table.columns.iter();
        let named = columns.map(|(name, kind)| ((*name).to_owned(), word(*kind).to_owned()));
        let key = table.columns.iter().take(table.key);
        Shape {
            columns: named.collect(),
            key: key.map(|(name, _)| (*name).to_owned()).collect(),
        }
    };
    TABLES.iter().map(|table| (table.name.to_owned(), shape(table))).collect()
}

/// What there is, without the tables that are listed as staying.
async fn found(db: &Db, columns: &'static str, keys: &'static str) -> BTreeMap<String, Shape> {
    let mut found = BTreeMap::<String, Shape>::new();
    for row in db.read_all(columns, &[]).await.unwrap() {
        let (table, column, kind): (String, String, String) = row.read().unwrap();
        found.entry(table).or_default().columns.insert(column, kind);
    }
    for row in db.read_all(keys, &[]).await.unwrap() {
        let (table, column): (String, String) = row.read().unwrap();
        found.entry(table).or_default().key.push(column);
    }
    for (name, reason) in STAY {
        assert!(found.remove(*name).is_some(), "{name} is no table ({reason})");
    }
    found
}

/// Tables and columns that may be NULL.
pub(super) async fn nullable() -> HashSet<(String, String)> {
    let house = House::sqlite().await;
    let sql = r#"SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c."notnull" = 0 AND c.pk = 0"#;
    let rows = house.db.read_all(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.read().unwrap()).collect()
}

#[tokio::test]
async fn rl23_every_table_and_column_of_sqlite_is_listed_with_its_key() {
    let house = House::sqlite().await;
    let columns = "SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table'";
    let keys = "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk";
    let word = |kind| match kind {
        Kind::Int | Kind::Bool => "INTEGER",
        Kind::Text => "TEXT",
        Kind::Bytes => "BLOB",
    };
    assert_eq!(found(&house.db, columns, keys).await, listed(word));
}

#[tokio::test(flavor = "multi_thread")]
async fn rl23_every_table_and_column_of_postgres_is_listed_with_its_key() {
    let Some(house) = House::postgres().await else { return };
    let columns = "SELECT table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema = current_schema()";
    let keys = "SELECT k.table_name, k.column_name FROM information_schema.key_column_usage k
        JOIN information_schema.table_constraints c
            ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name
        WHERE c.constraint_type = 'PRIMARY KEY' AND k.table_schema = current_schema()
        ORDER BY k.table_name, k.ordinal_position";
    let word = |kind| match kind {
        Kind::Int => "bigint",
        Kind::Bool => "boolean",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    };
    assert_eq!(found(&house.db, columns, keys).await, listed(word));
}

/// Otherwise keys would come in another order than on `SQLite`, and equal contents have other digests.
#[tokio::test(flavor = "multi_thread")]
async fn rl23_every_text_in_a_key_sorts_by_its_bytes_on_postgres() {
    let Some(house) = House::postgres().await else { return };
    let sql = "SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND collation_name = 'C'";
    let rows = house.db.read_all(sql, &[]).await.unwrap();
    let sorted: HashSet<(String, String)> = rows.iter().map(|row| row.read().unwrap()).collect();
    for table in TABLES {
        for (column, kind) in table.columns.iter().take(table.key) {
            let named = (table.name.to_owned(), (*column).to_owned());
            assert!(*kind != Kind::Text || sorted.contains(&named), "{named:?}");
        }
    }
}

#[tokio::test]
async fn rl23_no_table_refers_to_a_later_one() {
    let house = House::sqlite().await;
    let sql = r#"SELECT t.name, f."table" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f"#;
    let rows = house.db.read_all(sql, &[]).await.unwrap();
    assert!(!rows.is_empty());
    let place = |name: &str| TABLES.iter().position(|table| table.name == name);
    for row in rows {
        let (from, to): (String, String) = row.read().unwrap();
        assert!(place(&to).unwrap() < place(&from).unwrap(), "{from} refers to {to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sentence_that_moves_prepares() {
    let sentences = TABLES.iter().flat_map(|table| {
        [table.first, table.after, table.insert, table.any, table.count].map(|sql| (table.name, sql))
    });
    let sentences: Vec<_> = sentences.collect();
    for house in House::each().await {
        house.db.prepare_check(&sentences).await.unwrap();
    }
}
