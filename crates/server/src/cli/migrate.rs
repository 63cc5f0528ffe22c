//! `vestibule migrate`

use super::{Failure, Global, Outcome};
use crate::data::Folder;
use crate::instance::database;
use clap::Args;
use vestibule_model::{Clock as _, SystemClock};
use vestibule_store::{MIGRATIONS, Role, Store};

/// Bring the database's schema up to this release; `serve` does it too
#[derive(Args)]
#[command(after_help = "Example:\n  vestibule migrate --check --config /etc/vestibule.toml")]
pub struct MigrateCommand {
    /// Only tell whether anything is to be done: exit code 1 if so
    #[arg(long)]
    pub check: bool,
}

impl MigrateCommand {
    pub async fn run(self, global: &Global) -> Outcome {
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
    let told = serde_json::json!({ "applied": applied, "schema": MIGRATIONS.len() });
    global.output().result(&told, || match applied.len() {
        0 => format!("the schema is at {}, as this release wants it", MIGRATIONS.len()),
        count => format!(
            "applied {count} migrations; the schema is at {}",
            MIGRATIONS.len()
        ),
    })
}
