//! `vestibule key master`

use super::desk::Desk;
use super::{Attempt, Failure, Global, Outcome};
use crate::config::Config;
use crate::data::Folder;
use crate::master_key;
use clap::Subcommand;
use vestibule_keys::SystemEntropy;
use vestibule_ops::admin::instance;

/// The master key, which seals every other secret
#[derive(Subcommand)]
pub enum MasterCommand {
    /// Show the fingerprint of the master key in force
    #[command(after_help = "Example:\n  vestibule key master show")]
    Show,
    /// Make a new master key and seal everything again with it; the server must be stopped
    ///
    /// Interrupted, it is resumed by running it again; the server opens with both keys meanwhile. With a key in
    /// `secrets.master_key` instead of a file, set that to the new one and `secrets.previous_master_key` to the old one
    /// first; then this seals everything again, and the previous one can go.
    #[command(after_help = "Example:\n  vestibule key master rotate")]
    Rotate,
}

impl MasterCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Show => {
                let desk = Desk::open(global).await?;
                let outcome = told(&desk, 0, "");
                desk.close().await;
                outcome
            }
            Self::Rotate => {
                let config = global.load()?.config;
                let folder = Folder::of(&config);
                let _claim = if folder.database().is_some() {
                    Some(folder.claim().map_err(Failure::new)?)
                } else {
                    // Nodes on other machines cannot be seen from here.
                    let question = "Is every node stopped? A running one could not open what is sealed anew.";
                    global.output().confirm(question)?;
                    None
                };
                prepare_rotation(&config)?;
                let desk = Desk::open(global).await?;
                let outcome = rotate(&desk).await;
                desk.close().await;
                outcome
            }
        }
    }
}

/// Makes the new key, unless it was made before an interruption, or is configured.
fn prepare_rotation(config: &Config) -> Outcome {
    let folder = Folder::of(config);
    if config.secrets.master_key.is_some() {
        if config.secrets.previous_master_key.is_none() {
            return Err(Failure::usage(
                "the master key is configured: set secrets.master_key to a new one and secrets.previous_master_key to \
                 this one, then run the command again",
            ));
        }
        return Ok(());
    }
    let current = master_key::find(&config.secrets, &folder)?;
    let current = current.ok_or_else(|| Failure::new("there is no master key to replace"))?;
    let previous = master_key::previous(&config.secrets, &folder)?;
    if previous.is_some_and(|previous| previous != current) {
        return Ok(());
    }
    // In this order: at every moment the files hold the key that sealed the rows.
    master_key::keep(&folder.previous_master_key(), &current)?;
    master_key::make(&folder, &SystemEntropy)?;
    Ok(())
}

async fn rotate(desk: &Desk) -> Outcome {
    let folder = Folder::of(&desk.loaded.config);
    let bar = desk.output.progress("rows");
    let sealed = instance::reseal(&desk.core, &desk.operator, |seen| bar.set_position(seen)).await;
    bar.finish_and_clear();
    let sealed = sealed?;
    told(desk, sealed, &put_away(desk, &folder)?)
}

/// The replaced key stays for backups that it sealed, under its fingerprint; nothing looks for it there.
fn put_away(desk: &Desk, folder: &Folder) -> Result<String, Failure> {
    let secrets = &desk.loaded.config.secrets;
    let path = folder.previous_master_key();
    let Some(previous) = master_key::previous(secrets, folder)?.filter(|_| path.exists()) else {
        return Ok("secrets.previous_master_key can go now; backups made before need it still".into());
    };
    let away = folder.root().join(format!("master.key.{}", previous.id()));
    std::fs::rename(&path, &away).attempting(format!("move {} away", path.display()))?;
    Ok(format!(
        "the previous key is in {} for backups made before; delete it when none is left",
        away.display()
    ))
}

fn told(desk: &Desk, sealed: u64, note: &str) -> Outcome {
    let id = desk
        .core
        .sealer
        .current_id()
        .map(|id| id.to_string())
        .unwrap_or_default();
    let told = serde_json::json!({ "master_key": id, "resealed": sealed });
    desk.output
        .result(&told, || format!("master key {id}\n{note}").trim_end().to_owned())
}
