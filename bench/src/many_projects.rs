//! Projects made in numbers, by the operations that `vestibule project create` and `vestibule key create` call.

use crate::Failed;
use std::path::Path;
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_keys::secret_text::ApiKeyKind;
use vestibule_model::{Environment, SystemClock};
use vestibule_ops::admin::{Operator, api_keys, projects};
use vestibule_ops::{Core, Error};
use vestibule_server::config::{Config, Profile};
use vestibule_server::instance::{Setup, open};
use vestibule_store::Role;

/// Writers at a time, whose transactions share commits.
const WRITERS: u32 = 64;

/// Makes projects beside the server of a data folder, and gives an API key of each one's test environment. One process
/// makes all: a command of its own for each would be spent on starting.
pub fn make(data: &Path, projects: u32) -> Result<Vec<String>, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut config = Config::default();
        config.server.data_dir = data.to_owned();
        let setup = Setup {
            profile: Profile::Development,
            role: Role::Companion,
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy),
            create: false,
        };
        let core = open(&config, "http://localhost", &setup).await?;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(make_every(Arc::clone(&core), writer, projects));
        }
        let mut keys = Vec::new();
        while let Some(made) = writers.join_next().await {
            keys.extend(made?.map_err(|error| format!("a project was not made: {error:?}"))?);
        }
        core.store.db.close().await;
        Ok(keys)
    })
}

async fn make_every(core: Arc<Core>, writer: u32, projects: u32) -> Result<Vec<String>, Error> {
    let operator = Operator {
        name: "bench".to_owned(),
    };
    let mut keys = Vec::new();
    for number in (writer..projects).step_by(WRITERS as usize) {
        let slug = format!("project-{number}");
        let new = projects::NewProject {
            name: slug.clone(),
            slug,
            settings: serde_json::Map::new(),
        };
        let project = projects::create(&core, &operator, new).await?;
        let realm = project.realm(Environment::Test);
        let key = api_keys::create(&core, &operator, realm, ApiKeyKind::Publishable, "bench").await?;
        keys.push(key.text);
    }
    Ok(keys)
}
