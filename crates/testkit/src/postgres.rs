//! Databases of the throw-away cluster, with their tables.

use secrecy::SecretString;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use vestibule_cluster::{Cluster, ThrowAway};
use vestibule_model::Timestamp;
use vestibule_server::config::Config;
use vestibule_sql::Sql;
use vestibule_store::{Error, OpenPostgres, Store, Tx};

/// The database that all others are copied from: quicker than making the tables anew.
const TEMPLATE: &str = "house";

/// A new database without tables; none where `PostgreSQL` is not installed.
pub fn new_house() -> Option<ThrowAway<'static>> {
    Some(vestibule_cluster::shared()?.database(None))
}

/// Points a configuration at a new database with all tables.
pub(crate) async fn house(config: &mut Config) -> ThrowAway<'static> {
    static FURNISHED: OnceCell<()> = OnceCell::const_new();
    let cluster = vestibule_cluster::shared().expect("PostgreSQL");
    FURNISHED.get_or_init(|| furnish(cluster)).await;
    let house = cluster.database(Some(TEMPLATE));
    config.database.url = Some(SecretString::from(house.url()));
    config.postgres.connections = 4;
    house
}

async fn furnish(cluster: &Cluster) {
    cluster.run(&format!(
        "CREATE DATABASE {TEMPLATE} TEMPLATE template0 STRATEGY file_copy"
    ));
    let store = Store::open(OpenPostgres::companion(cluster.url(TEMPLATE))).await;
    let store = store.expect("a database");
    store
        .migrate(Timestamp::from_micros(0))
        .await
        .expect("the tables");
    let patience = Instant::now() + Duration::from_secs(30);
    let made = store.db.write(patience, on_purpose, ()).await;
    made.expect("a function");
    store.db.close().await;
    // A database can be copied while nobody is connected, and what is closed here is still on its way.
    cluster.run(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'"
    ));
}

/// What a story's trigger calls to make a write fail.
async fn on_purpose(tx: &mut Tx, (): &()) -> Result<(), Error> {
    const FUNCTION: Sql = Sql::same(
        "CREATE FUNCTION on_purpose() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN RAISE EXCEPTION ''on purpose'' USING ERRCODE = ''23514''; END'",
    );
    tx.run(FUNCTION, &[]).await.map(drop)
}
