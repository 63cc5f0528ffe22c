//! `vestibule restore`

use super::desk::operator;
use super::{Attempt, Failure, Global, Outcome, archive};
use crate::config::Profile;
use crate::data::Folder;
use crate::instance::{Setup, open};
use crate::master_key;
use clap::Args;
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vestibule_keys::{Sealer, SystemEntropy};
use vestibule_model::{Clock as _, SystemClock};
use vestibule_ops::admin::instance;
use vestibule_store::Role;

/// Put a backup in the place of the database; the server must be stopped
///
/// Every session that is live in the backup is ended and every mailed secret voided, because some of them may have
/// been revoked since the backup was made. A backup that was altered, or made under another master key, is refused.
#[derive(Args)]
#[command(
    after_help = "Example:\n  vestibule restore /backups/vestibule-2026-11-21.backup --data ./vestibule-data"
)]
pub struct RestoreCommand {
    /// The backup
    pub file: PathBuf,
    /// Leave sessions and mailed secrets as they are in the backup: what was revoked since then works again
    #[arg(long)]
    pub keep_sessions: bool,
}

#[derive(Serialize)]
struct Restored {
    database: PathBuf,
    backup_of: String,
    sessions_and_secrets_ended: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<PathBuf>,
}

impl RestoreCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        let output = global.output();
        let mut config = global.load()?.config;
        let folder = Folder::of(&config);
        let database = folder.database_file().map_err(Failure::new)?.to_owned();
        folder
            .create()
            .attempting(format!("create {}", folder.root().display()))?;
        let _claim = folder.claim().map_err(Failure::new)?;
        let seal = archive::read_seal(&self.file).map_err(Failure::new)?;
        if database.exists() {
            output.confirm(&format!(
                "Replace {} by the backup of {}?",
                database.display(),
                seal.created_at
            ))?;
        }
        let fresh = beside(&database, ".restoring");
        remove_with_companions(&fresh);
        let bar = output.progress("bytes");
        bar.set_length(seal.bytes);
        let sealer = sealer(&config.secrets, &folder)?;
        archive::extract(&self.file, &fresh, &seal, &sealer, |done| bar.set_position(done))
            .map_err(Failure::new)?;
        bar.finish_and_clear();

        config.database.path = Some(fresh.clone());
        let prepared = prepare(&config, self.keep_sessions, output).await;
        let ended = match prepared {
            Ok(ended) => ended,
            Err(failure) => {
                remove_with_companions(&fresh);
                return Err(failure);
            }
        };
        let replaced = put_aside(&database)?;
        std::fs::rename(&fresh, &database).attempting(format!("write {}", database.display()))?;
        remove_with_companions(&fresh);
        let told = Restored {
            database,
            backup_of: seal.created_at,
            sessions_and_secrets_ended: ended,
            replaced,
        };
        output.result(&told, || describe(&told))
    }
}

fn describe(told: &Restored) -> String {
    let aside = told.replaced.as_ref().map_or_else(String::new, |path| {
        format!("\nthe database before it is {}", path.display())
    });
    format!(
        "restored {} as it was at {}; {} sessions and mailed secrets ended{aside}",
        told.database.display(),
        told.backup_of,
        told.sessions_and_secrets_ended
    )
}

fn sealer(secrets: &crate::config::Secrets, folder: &Folder) -> Result<Sealer, Failure> {
    let missing = || {
        let path = folder.master_key();
        Failure::new(format!(
            "the master key is missing: put the one of the backup into {} (mode 0600)",
            path.display()
        ))
    };
    let current = master_key::find(secrets, folder)?.ok_or_else(missing)?;
    let previous = master_key::previous(secrets, folder)?;
    Ok(Sealer::new(
        Arc::new(SystemEntropy),
        current,
        previous.into_iter().collect(),
    ))
}

/// Opens the copy as a server would, so that damage is found and the schema is brought up to date before it counts.
async fn prepare(
    config: &crate::config::Config,
    keep_sessions: bool,
    output: super::Output,
) -> Result<u64, Failure> {
    let setup = Setup {
        profile: Profile::Production,
        role: Role::Server,
        clock: Arc::new(SystemClock::start()),
        entropy: Arc::new(SystemEntropy),
        create: false,
    };
    let core = open(config, "", &setup).await?;
    let bar = output.progress("ended");
    let ended = if keep_sessions {
        Ok(0)
    } else {
        instance::after_restore(&core, &operator(), |done| bar.set_position(done)).await
    };
    bar.finish_and_clear();
    core.store.db.close().await;
    Ok(ended?)
}

/// The database that is replaced stays beside the new one, under the time of its replacement.
fn put_aside(database: &Path) -> Result<Option<PathBuf>, Failure> {
    if !database.exists() {
        return Ok(None);
    }
    let now = SystemClock::start().now().rfc3339_seconds().replace(':', "");
    let aside = beside(database, &format!(".before-{now}"));
    for suffix in ["", "-wal", "-shm"] {
        let from = beside(database, suffix);
        if from.exists() {
            std::fs::rename(&from, beside(&aside, suffix))
                .attempting(format!("move {} aside", from.display()))?;
        }
    }
    Ok(Some(aside))
}

fn remove_with_companions(database: &Path) {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        // Most of them do not exist.
        let _ = std::fs::remove_file(beside(database, suffix));
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
