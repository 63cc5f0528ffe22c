//! Work, counted: where two requests must cost the same, their tallies are equal.

use crate::Server;
use std::collections::BTreeMap;
use vestibule_cluster::ThrowAway;
use vestibule_sql::{Sql, Value};
use vestibule_store::{Error, Tx};

/// Hashes computed and rows that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Password hashes.
    pub hashes: u64,
    /// Rows by table.
    pub rows: BTreeMap<&'static str, i64>,
}

const COUNTED: [(&str, Sql); 6] = [
    ("audit", Sql::same("SELECT COUNT(*) FROM audit")),
    ("login_attempts", Sql::same("SELECT COUNT(*) FROM login_attempts")),
    ("mailed_secrets", Sql::same("SELECT COUNT(*) FROM mailed_secrets")),
    ("outbox", Sql::same("SELECT COUNT(*) FROM outbox")),
    ("sessions", Sql::same("SELECT COUNT(*) FROM sessions")),
    ("users", Sql::same("SELECT COUNT(*) FROM users")),
];

impl Server {
    /// Everything that was done so far.
    pub async fn tally(&self) -> Tally {
        let mut rows = BTreeMap::new();
        for (table, count) in COUNTED {
            rows.insert(table, self.number(count, &[]).await);
        }
        Tally {
            hashes: self.hashes().await,
            rows,
        }
    }

    /// How many passwords were hashed so far, once the pool has come to rest: a worker answers before it counts.
    pub async fn hashes(&self) -> u64 {
        loop {
            let stats = self.core().pool.stats();
            if stats.busy == 0 && stats.queued == 0 {
                return stats.done;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What a piece of the story costs, beside what it comes to.
    pub async fn cost_of<T>(&self, piece: impl Future<Output = T>) -> (T, Tally) {
        let before = self.tally().await;
        let outcome = piece.await;
        let mut cost = self.tally().await;
        cost.hashes -= before.hashes;
        for (table, count) in &mut cost.rows {
            *count -= before.rows[table];
        }
        (outcome, cost)
    }

    /// The one number that a sentence reads.
    pub async fn number(&self, sql: Sql, bind: &[Value]) -> i64 {
        let row = self.core().store.db.read_one(sql, bind).await.expect("to read");
        row.expect("a row").get(0).expect("a number")
    }

    /// The one text that a sentence reads.
    pub async fn words(&self, sql: Sql, bind: &[Value]) -> String {
        let row = self.core().store.db.read_one(sql, bind).await.expect("to read");
        row.expect("a row").get(0).expect("a text")
    }

    /// Changes the database behind the server's back, as damage or another program would.
    pub async fn tamper(&self, sql: Sql, bind: Vec<Value>) {
        let core = self.core();
        core.store
            .db
            .write(core.deadline(), run, (sql, bind))
            .await
            .expect("to tamper");
    }

    /// Every byte that the database has on disk, its write-ahead log too.
    pub fn bytes_on_disk(&self) -> Vec<u8> {
        let cluster = self.throw_away.as_ref().map(ThrowAway::folder);
        let folder = cluster.unwrap_or_else(|| self.folder.path().to_owned());
        let files = std::fs::read_dir(folder).expect("the data folder");
        let files = files.map(|file| file.expect("a file").path());
        files
            .filter(|path| path.is_file())
            .flat_map(|path| std::fs::read(path).expect("to read"))
            .collect()
    }
}

async fn run(tx: &mut Tx, (sql, bind): &(Sql, Vec<Value>)) -> Result<(), Error> {
    tx.run(*sql, bind).await.map(drop)
}
