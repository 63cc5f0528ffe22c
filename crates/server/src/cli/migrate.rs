//! `vestibule migrate`

use super::{Failure, Global, Outcome, moving};
use crate::data::Folder;
use crate::instance::{database, refuse_half_moved};
use clap::Args;
use vestibule_model::{Clock as _, SystemClock};
use vestibule_store::{MIGRATIONS, Role, Store};

const EXAMPLES: &str = "\
Examples:
  vestibule migrate --check --config /etc/vestibule.toml
  vestibule migrate --from sqlite:///srv/vestibule.db --to postgres://ada@db.example.org/house
  vestibule migrate --from @/run/secrets/database-url --to sqlite:///srv/vestibule.db";

/// Bring the database's schema up to this release, as `serve` does too; or move everything to another database
///
/// With `--from` and `--to`, every row of one database is copied into another that is empty, and both are read again
/// and compared. Every server of both must be stopped. The first database is left as it is. Interrupted, the move is
/// resumed by running the same command again; until it is finished, nothing opens the second database.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateCommand {
    /// Only tell whether anything is to be done: exit code 1 if so
    #[arg(long, conflicts_with = "from")]
    pub check: bool,
    /// Move from this database: `sqlite://PATH`, `postgres://…`, or @FILE with the address in it
    #[arg(long, value_name = "ADDRESS", requires = "to")]
    pub from: Option<String>,
    /// Move to this database
    #[arg(long, value_name = "ADDRESS", requires = "from")]
    pub to: Option<String>,
}

impl MigrateCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            return moving::run(from, to, global).await;
        }
        let config = global.load()?.config;
        let folder = Folder::of(&config);
        if let Some(database) = folder.database().filter(|database| !database.exists()) {
            return Err(Failure::not_found(format!(
                "there is no database {}: `vestibule init` makes one",
                database.display()
            )));
        }
        let clock = SystemClock::start();
        let store = Store::open(database(&config, Role::Companion)).await?;
        let outcome = migrate(&store, &clock, self.check, global).await;
        store.db.close().await;
        outcome
    }
}

async fn migrate(store: &Store, clock: &SystemClock, check: bool, global: &Global) -> Outcome {
    let pending = store.pending().await?;
    if check && !pending.is_empty() {
        return Err(Failure::new(format!(
            "{} migrations are to be applied: run `vestibule migrate`",
            pending.len()
        )));
    }
    let applied = if check {
        Vec::new()
    } else {
        store.migrate(clock.now()).await?
    };
    if !check || pending.is_empty() {
        refuse_half_moved(store).await?;
    }
    let told = serde_json::json!({ "applied": applied, "schema": MIGRATIONS.len() });
    global.output().result(&told, || match applied.len() {
        0 => format!("the schema is at {}, as this release wants it", MIGRATIONS.len()),
        count => format!(
            "applied {count} migrations; the schema is at {}",
            MIGRATIONS.len()
        ),
    })
}
