//! Trouble, made on purpose.

use crate::Server;
use vestibule_sql::{Sql, Value};
use vestibule_store::{Error, Tx};

/// A change that caches hear of.
struct Told {
    sql: Sql,
    bind: Vec<Value>,
    topic: &'static str,
    id: [u8; 16],
}

impl Server {
    /// Changes the database behind the operations' back, and has the caches forget what they know of `topic` and `id`.
    pub async fn tamper_and_tell(&self, sql: Sql, bind: Vec<Value>, topic: &'static str, id: [u8; 16]) {
        let core = self.core();
        let told = Told { sql, bind, topic, id };
        core.store
            .db
            .write(core.deadline(), run, told)
            .await
            .expect("to tamper");
    }

    /// Takes the database away for good.
    pub async fn lose_the_database(&self) {
        self.core().store.db.close().await;
    }
}

async fn run(tx: &mut Tx, told: &Told) -> Result<(), Error> {
    tx.run(told.sql, &told.bind).await?;
    tx.announce(told.topic, told.id);
    Ok(())
}
