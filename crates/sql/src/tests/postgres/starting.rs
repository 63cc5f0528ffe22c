//! Databases that cannot be used say why, and what to do.

use super::*;

async fn refused(url: &str) -> String {
    let opened = Db::open_postgres(OpenPostgres::companion(url)).await;
    let error = opened.err().unwrap_or_else(|| panic!("{url} was opened"));
    assert!(matches!(error, Error::Open(_)), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named_with_the_remedy() {
    let Some(cluster) = vestibule_cluster::shared() else {
        return;
    };
    let said = refused(&cluster.url("nowhere")).await;
    assert!(
        said.contains("\"nowhere\" does not exist") && said.contains("createdb nowhere"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(&format!("postgres:///house?host={}", folder.path().display())).await;
    assert!(said.contains("check that PostgreSQL is running"), "{said}");
    let said = refused("postgres://ada:geheim@127.0.0.1:1/house").await;
    assert!(said.contains("127.0.0.1:1") && !said.contains("geheim"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let _mute = tokio::net::UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    let began = Instant::now();
    let said = refused(&format!("postgres:///house?host={}", folder.path().display())).await;
    assert!(said.contains("did not answer within 5 s"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn a_wrong_password_and_a_user_without_rights_are_told_apart() {
    let Some(cluster) = vestibule_cluster::shared() else {
        return;
    };
    let database = cluster.database(None);
    let name = database.name();
    cluster.run(&format!(
        "CREATE ROLE locked LOGIN PASSWORD 'right'; REVOKE ALL ON DATABASE {name} FROM PUBLIC"
    ));
    let hba = cluster.data().join("pg_hba.conf");
    let open = std::fs::read_to_string(&hba).unwrap();
    std::fs::write(&hba, format!("local {name} locked scram-sha-256\n{open}")).unwrap();
    cluster.run("SELECT pg_reload_conf()");
    let as_locked = |password: &str| {
        let url = database.url().replace("user=vestibule", "user=locked");
        format!("{url}&password={password}")
    };
    let mut said = String::new();
    until("the new rules are read", async || {
        said = refused(&as_locked("wrong")).await;
        said.contains("password")
    })
    .await;
    assert!(
        said.contains("password authentication failed for user \"locked\""),
        "{said}"
    );
    assert!(said.contains("pg_hba.conf") && !said.contains("wrong"), "{said}");
    let said = refused(&as_locked("right")).await;
    assert!(
        said.contains(&format!("GRANT CONNECT ON DATABASE {name} TO locked")),
        "{said}"
    );

    cluster.run(&format!("GRANT CONNECT ON DATABASE {name} TO locked"));
    let db = Db::open_postgres(OpenPostgres::companion(as_locked("right")))
        .await
        .unwrap();
    let said = db.migrate(SCHEMA, 0).await.unwrap_err().to_string();
    assert!(
        said.contains("GRANT CREATE, USAGE ON SCHEMA public TO locked"),
        "{said}"
    );
    assert!(said.contains("permission denied"), "{said}");
}

#[tokio::test]
async fn rl09_a_read_only_server_is_not_written_to() {
    let Some(cluster) = vestibule_cluster::shared() else {
        return;
    };
    let database = cluster.database(None);
    cluster.run(&format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name()
    ));
    let said = refused(&database.url()).await;
    assert!(
        said.contains("read-only replica") && said.contains("name the primary"),
        "{said}"
    );
}

#[tokio::test]
async fn rl09_of_several_hosts_one_that_takes_writes_is_used() {
    let Some(t) = Fixture::postgres(|_| {}).await else {
        return;
    };
    let nobody = tempfile::tempdir().unwrap();
    let cluster = vestibule_cluster::shared().unwrap();
    let folders = format!("host={},{}", nobody.path().display(), cluster.folder().display());
    let url = t
        .url()
        .replace(&format!("host={}", cluster.folder().display()), &folders);
    let db = Db::open_postgres(OpenPostgres::companion(url)).await.unwrap();
    assert_eq!(db.write(soon(), insert, 1).await, Ok(()));
}
