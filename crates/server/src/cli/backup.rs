//! `vestibule backup`

use super::desk::Desk;
use super::{Attempt, Failure, Outcome, archive};
use clap::Args;
use std::path::PathBuf;

/// Write a backup while the server runs
///
/// The backup is consistent: everything that was answered before it began is in it. Secrets in it stay sealed:
/// keep the master key too, but somewhere else.
#[derive(Args)]
#[command(after_help = "Example:\n  vestibule backup /backups/vestibule-2026-11-21.backup")]
pub struct BackupCommand {
    /// The file to write; it must not exist
    pub file: PathBuf,
}

impl BackupCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        let target = &self.file;
        let shown = target.display();
        if target.try_exists().attempting(format!("look at {shown}"))? {
            return Err(Failure::new(format!("{shown} exists already: name a new file")));
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".unsealed");
        let unsealed = PathBuf::from(name);
        let copied = self.copy_and_seal(desk, &unsealed).await;
        let seal = match copied {
            Ok(seal) => seal,
            Err(failure) => {
                // What is half done is worth nothing; the failure itself is what is told.
                let _ = std::fs::remove_file(&unsealed);
                return Err(failure);
            }
        };
        std::fs::rename(&unsealed, target).attempting(format!("write {shown}"))?;
        let told = serde_json::json!({ "file": target, "created_at": seal.created_at, "bytes": seal.bytes });
        desk.output.result(&told, || {
            format!("backup of {} bytes in {shown}\nkeep the master key with it in mind: without that key it cannot be restored", seal.bytes)
        })
    }

    async fn copy_and_seal(&self, desk: &Desk, unsealed: &std::path::Path) -> Result<archive::Seal, Failure> {
        let bar = desk.output.progress("pages");
        let pages = bar.clone();
        let copying = desk
            .core
            .store
            .db
            .backup_to(unsealed.to_owned(), move |done, all| {
                pages.set_length(all);
                pages.set_position(done);
            });
        copying.await?;
        bar.finish_and_clear();
        let bar = desk.output.progress("bytes sealed");
        bar.set_length(std::fs::metadata(unsealed).map_or(0, |it| it.len()));
        let now = desk.core.clock.now();
        let seal = archive::seal(unsealed, &desk.core.sealer, now, |done| bar.set_position(done));
        bar.finish_and_clear();
        seal.map_err(Failure::new)
    }
}
