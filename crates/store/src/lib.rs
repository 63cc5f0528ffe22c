//! Every SQL sentence, one file per aggregate; the caches; the migrations.
//!
//! A function that reads takes the database, one that writes takes the transaction that it belongs to.
#![warn(missing_docs)]

pub mod cache;
mod clock;
mod columns;
mod sentences;

use cache::Freshness;
use std::sync::Arc;
use vestibule_model::Timestamp;
use vestibule_sql::{Engine, LEDGER_EXISTS, Migration};

pub use vestibule_sql::{Abort, Act, By, Db, Error, Health, OpenPostgres, OpenSqlite, Role, Tx};

/// Declares the aggregates, and collects their sentences for the test that prepares every one.
macro_rules! aggregates {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        #[cfg(test)]
        const SENTENCES: &[&[(&str, vestibule_sql::Sql)]] = &[$($name::SENTENCES),*];
    };
}

aggregates! {
    api_keys,
    attempts,
    audit,
    budgets,
    credentials,
    identifiers,
    instance,
    mailed_secrets,
    moving,
    nodes,
    outbox,
    permissions,
    projects,
    role_assignments,
    roles,
    secret_keys,
    sessions,
    sign_in,
    users,
}

#[cfg(test)]
mod tests;

/// The schema's history.
pub const MIGRATIONS: &[Migration] = &[
    migration(1, "begin", include_str!("../migrations/0001_begin.sql")),
    migration(2, "doors", include_str!("../migrations/0002_doors.sql")),
    migration(3, "roles", include_str!("../migrations/0003_roles.sql")),
    migration(4, "nodes", include_str!("../migrations/0004_nodes.sql")),
    migration(5, "moving", include_str!("../migrations/0005_moving.sql")),
    migration(6, "budgets", include_str!("../migrations/0006_budgets.sql")),
    migration(7, "news", include_str!("../migrations/0007_news.sql")),
];

const fn migration(number: u32, name: &'static str, text: &'static str) -> Migration {
    Migration { number, name, text }
}

/// How a database is opened, either one.
pub enum Open {
    /// A file.
    Sqlite(OpenSqlite),
    /// A server.
    Postgres(OpenPostgres),
}

impl From<OpenSqlite> for Open {
    fn from(options: OpenSqlite) -> Self {
        Self::Sqlite(options)
    }
}

impl From<OpenPostgres> for Open {
    fn from(options: OpenPostgres) -> Self {
        Self::Postgres(options)
    }
}

/// The database and what keeps caches over it fresh.
pub struct Store {
    /// The database.
    pub db: Db,
    /// Makes caches that obey the lease.
    pub freshness: Arc<Freshness>,
}

impl Store {
    /// Opens a database, with its commits heard by the caches; a `listener` in the options is replaced.
    pub async fn open(options: impl Into<Open>) -> Result<Self, Error> {
        let freshness = Arc::new(Freshness::new());
        let listener = Arc::<Freshness>::clone(&freshness);
        let db = match options.into() {
            Open::Sqlite(mut options) => {
                options.listener = listener;
                Db::open(options).await?
            }
            Open::Postgres(mut options) => {
                if let Some(listens) = &mut options.listener {
                    *listens = listener;
                }
                Db::open_postgres(options).await?
            }
        };
        freshness.ask_with(db.asker());
        Ok(Self { db, freshness })
    }

    /// Whether other nodes may write beside this process, and tell it of what ended only.
    pub fn is_shared(&self) -> bool {
        self.db.engine() == Engine::Postgres
    }

    /// The numbers of the migrations that [`Store::migrate`] would apply. Reads only.
    ///
    /// # Errors
    /// [`Error::Schema`] when the database was made by a newer release, or by another one.
    pub async fn pending(&self) -> Result<Vec<u32>, Error> {
        if self.is_empty().await? {
            return Ok(MIGRATIONS.iter().map(|migration| migration.number).collect());
        }
        self.db.pending(MIGRATIONS).await
    }

    /// Whether no migration was ever applied. Reads only.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.db.read_one(LEDGER_EXISTS, &[]).await?.is_none())
    }

    /// Brings the schema to this release's; answers the numbers of the migrations that were applied.
    pub async fn migrate(&self, now: Timestamp) -> Result<Vec<u32>, Error> {
        self.db.migrate(MIGRATIONS, now.micros()).await
    }
}
