//! An operator's desk: the opened instance that a command works on, beside the server or without it.

use super::arguments::RealmArguments;
use super::{Failure, Global, Output};
use crate::config::{Loaded, Profile};
use crate::instance::{Setup, open};
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_model::{Realm, SystemClock};
use vestibule_ops::Core;
use vestibule_ops::admin::{Operator, projects};
use vestibule_store::Role;
use vestibule_store::projects::ProjectRow;

/// What a command works with.
pub struct Desk {
    pub core: Arc<Core>,
    pub operator: Operator,
    pub loaded: Loaded,
    pub output: Output,
}

impl Desk {
    /// Opens the instance that the command line, the environment and the file name.
    pub async fn open(global: &Global) -> Result<Self, Failure> {
        let loaded = global.load()?;
        let setup = Setup {
            profile: Profile::Production,
            role: Role::Companion,
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy),
            create: false,
        };
        let public_url = loaded.config.server.public_url.clone().unwrap_or_default();
        let core = open(&loaded.config, &public_url, &setup).await?;
        Ok(Self {
            core,
            operator: operator(),
            loaded,
            output: global.output(),
        })
    }

    /// Writes everything and lets go of the database.
    pub async fn close(self) {
        self.core.store.db.close().await;
    }

    /// The project of a slug, disabled or not.
    pub async fn project(&self, slug: &str) -> Result<ProjectRow, Failure> {
        let found = projects::find(&self.core, slug).await?;
        found.ok_or_else(|| {
            Failure::not_found(format!(
                "there is no project `{slug}`: `vestibule project list` shows all"
            ))
        })
    }

    /// The half of a project that a command is about.
    pub async fn realm(&self, arguments: &RealmArguments) -> Result<Realm, Failure> {
        let project = self.project(&arguments.project.project).await?.id;
        let default = self.loaded.config.server.default_environment.into();
        Ok(Realm {
            project,
            environment: arguments.environment.map_or(default, Into::into),
        })
    }
}

/// The account that runs the command, for audit rows.
pub fn operator() -> Operator {
    let named = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|name| !name.is_empty());
    Operator {
        name: named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
    }
}
