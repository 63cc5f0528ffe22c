//! What both databases do with values.

use super::*;
use crate::Value;

on_both! {
    async fn values_come_back_as_they_went_in(t: Fixture) {
        there_and_back(&t).await;
    }

    async fn what_is_null_is_null_whatever_its_type(t: Fixture) {
        async fn nothing(tx: &mut Tx, (): &()) -> Result<(), Error> {
            let insert = "INSERT INTO notes (id, word, body) VALUES ($1, $2, $3) RETURNING word, body";
            let row = tx.one(insert, &[Value::Int(1), Value::Null, Value::Null]).await?.ok_or(Error::Lost)?;
            assert_eq!(row.read(), Ok((None::<String>, None::<Vec<u8>>)));
            Ok(())
        }
        t.db.write(soon(), nothing, ()).await.unwrap();
        let none = t.db.read_all("SELECT id FROM notes WHERE word = $1", &[Value::Null]).await;
        assert_eq!(none, Ok(vec![]));
    }
}

on_both! {
    async fn a_sentence_is_run_for_each_row_and_for_none_when_one_is_refused(t: Fixture) {
        async fn each(tx: &mut Tx, (ids,): &(Vec<i64>,)) -> Result<u64, Error> {
            let rows: Vec<_> = ids.iter().map(|id| vec![Value::Int(*id), Value::Null]).collect();
            tx.each("INSERT INTO notes (id, word) VALUES ($1, $2)", &rows).await
        }
        assert_eq!(t.db.write(soon(), each, ((1..=500).collect(),)).await, Ok(500));
        assert_eq!(t.db.write(soon(), each, (Vec::new(),)).await, Ok(0));
        let twice = t.db.write(soon(), each, (vec![501, 502, 7, 503],)).await;
        assert!(matches!(twice, Err(Error::Unique { .. })), "{twice:?}");
        assert_eq!(t.ids().await, (1..=500).collect::<Vec<_>>());
        assert_eq!(t.db.write(soon(), each, (vec![501],)).await, Ok(1), "and the connection is good");
    }
}

#[tokio::test]
async fn a_sentence_is_run_for_each_row_without_prepared_statements_too() {
    async fn each(tx: &mut Tx, (): &()) -> Result<u64, Error> {
        let rows = [
            vec![Value::Int(1), Value::Null],
            vec![Value::Int(2), "two".into()],
        ];
        tx.each("INSERT INTO notes (id, word) VALUES ($1, $2)", &rows)
            .await
    }
    if let Some(t) = Fixture::postgres(|options| options.prepare = false).await {
        assert_eq!(t.db.write(soon(), each, ()).await, Ok(2));
        assert_eq!(t.ids().await, [1, 2]);
    }
}

async fn there_and_back(t: &Fixture) {
    async fn insert(tx: &mut Tx, (): &()) -> Result<u64, Error> {
        let sql = "INSERT INTO notes (body, id, word) VALUES ($3, $1, $2)";
        tx.run(sql, bind![i64::MIN, "ä\u{10ffff} ' \\", vec![0_u8, 255]])
            .await
    }
    assert_eq!(t.db.write(soon(), insert, ()).await, Ok(1));
    let sql = "SELECT id, word, body, id = $2, id <> $2 FROM notes WHERE word = $1";
    let row =
        t.db.read_one(sql, bind!["ä\u{10ffff} ' \\", i64::MIN])
            .await
            .unwrap()
            .unwrap();
    let read: (i64, String, Vec<u8>, bool, bool) = row.read().unwrap();
    assert_eq!(
        read,
        (i64::MIN, "ä\u{10ffff} ' \\".to_owned(), vec![0, 255], true, false)
    );
}

#[tokio::test]
async fn values_come_back_as_they_went_in_without_prepared_statements_too() {
    if let Some(t) = Fixture::postgres(|options| options.prepare = false).await {
        there_and_back(&t).await;
        let found =
            t.db.scan(
                soon(),
                "SELECT id FROM notes WHERE id < $1",
                bind![0_i64].to_vec(),
            )
            .await;
        assert_eq!(found.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_value_of_another_type_than_its_place_is_refused_with_both_named() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let refused =
        t.db.read_all("SELECT id FROM notes WHERE word = $1", bind![7_i64])
            .await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.starts_with("placeholder $1 is text, but its value is an integer"),
        "{refused}"
    );
    let refused =
        t.db.read_all("SELECT CAST(1 AS NUMERIC)", &[])
            .await
            .unwrap_err()
            .to_string();
    assert!(
        refused.starts_with("column 0 is numeric, not a type of the shared tongue"),
        "{refused}"
    );
    let refused =
        t.db.read_all("SELECT id FROM notes WHERE id = $1", &[])
            .await
            .unwrap_err()
            .to_string();
    assert!(refused.starts_with("1 placeholders but 0 values"), "{refused}");
    assert_eq!(t.ids().await, [], "and the connection is good");
}
