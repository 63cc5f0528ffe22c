//! What a pooler that shares sessions among its clients needs of us. `clients/check_pgbouncer.py` has a real one.

use super::*;
use vestibule_cluster::Cluster;

#[tokio::test]
async fn without_prepare_no_statement_has_a_name_that_another_client_could_have_given() {
    if !vestibule_cluster::installed() {
        return;
    }
    let cluster = Cluster::start(&["log_statement=all"]);
    let t = Fixture::at(cluster.url("postgres"), |options| options.prepare = false).await;
    t.db.migrate(SCHEMA, 0).await.unwrap();
    t.db.write(soon(), insert, 1).await.unwrap();
    assert_eq!(t.ids().await, [1]);
    t.db.scan(soon(), PROCESS, vec![]).await.unwrap();

    let log = std::fs::read_to_string(cluster.folder().join("log")).unwrap();
    assert!(log.contains("execute <unnamed>: "), "{log}");
    let named = log
        .lines()
        .filter(|line| line.contains("execute ") && !line.contains("execute <unnamed>: "));
    assert_eq!(named.collect::<Vec<_>>(), Vec::<&str>::new());
}
