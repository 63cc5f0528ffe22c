//! From a configuration to a [`Core`]: folder, database, schema, master key, hash pool.

use crate::config::check::Finding;
use crate::config::{Config, Invalid, LimitsBackend, Profile};
use crate::data::{self, Folder};
use crate::master_key::{self, MasterKeys};
use secrecy::ExposeSecret as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use vestibule_keys::password::{Engine, Params};
use vestibule_keys::{HashPool, Sealer, pool};
use vestibule_model::budget::SharedCounts;
use vestibule_model::{Clock, Entropy};
use vestibule_ops::admin::instance::adopt_master_key;
use vestibule_ops::{Core, InstanceSettings, Parts};
use vestibule_store::{Open, OpenPostgres, OpenSqlite, Role, Store, instance, moving};

/// What an instance is opened with besides its configuration.
#[derive(Clone)]
pub struct Setup {
    /// Which defaults it has and what it may offer.
    pub profile: Profile,
    /// Server, or a command beside it.
    pub role: Role,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Whether a data folder, a master key and a database are made where there are none.
    pub create: bool,
}

/// Why an instance does not open. The text holds the remedy.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Store(#[from] vestibule_store::Error),
    #[error(transparent)]
    Hashing(#[from] pool::StartError),
    #[error("cannot {attempt}: {error}")]
    System { attempt: String, error: std::io::Error },
    /// There is no database, or nothing in it. A server that may create makes it.
    #[error("{0}")]
    Absent(String),
    #[error("{0}")]
    Other(String),
}

impl From<Finding> for OpenError {
    fn from(found: Finding) -> Self {
        Self::Invalid(Invalid::one(found.to_string()))
    }
}

impl OpenError {
    /// A failure of the operating system while attempting something.
    pub fn system(attempt: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        |error| Self::System {
            attempt: attempt.into(),
            error,
        }
    }
}

/// Opens an instance. `public_url` is where clients reach it, for the links in mails.
pub async fn open(config: &Config, public_url: &str, setup: &Setup) -> Result<Arc<Core>, OpenError> {
    let folder = Folder::of(config);
    if setup.create {
        folder
            .create()
            .map_err(OpenError::system(format!("create {}", folder.root().display())))?;
    } else if let Some(database) = folder.database().filter(|database| !database.exists()) {
        let shown = database.display();
        return Err(OpenError::Absent(format!(
            "there is no database {shown}: name the data folder with --data or the file with --config, or make one with `vestibule init`"
        )));
    }
    // Found before the database is touched: a key that cannot be read should not leave an empty database behind.
    let mut found = master_key::find(&config.secrets, &folder)?;
    // Held until the key that is made here is noted in the database.
    let mut alone = None;
    if found.is_none() && setup.create {
        let root = folder.root().display();
        alone = Some(
            folder
                .alone()
                .map_err(OpenError::system(format!("lock {root}")))?,
        );
        found = master_key::find(&config.secrets, &folder)?;
    }
    if found.is_some() {
        drop(alone.take());
    }
    let store = Store::open(database(config, setup.role)).await?;
    match unlock(config, &folder, setup, &store, found).await {
        Ok(unlocked) => {
            let pool = HashPool::start(hashing(config, setup.role)?, setup.entropy.clone())?;
            let keys = unlocked.keys;
            let core = Core::new(Parts {
                store,
                clock: setup.clock.clone(),
                entropy: setup.entropy.clone(),
                pool,
                sealer: Sealer::new(
                    setup.entropy.clone(),
                    keys.current.clone(),
                    keys.previous.clone().into_iter().collect(),
                ),
                doors: crate::dialects::doors(),
                budgets: budgets(config, setup.role)?,
                settings: settings(config, public_url, setup.profile),
            });
            if unlocked.is_new {
                adopt(&core, &keys, &folder).await?;
            }
            Ok(core)
        }
        Err(refused) => {
            store.db.close().await;
            Err(refused)
        }
    }
}

/// Who counts the budgets that all nodes share, if not the database. A server starts without it: while it is away each
/// node counts for itself.
fn budgets(config: &Config, role: Role) -> Result<Option<Arc<dyn SharedCounts>>, OpenError> {
    let Some(url) = &config.limits.redis_url else {
        return Ok(None);
    };
    if role != Role::Server || config.limits.backend != LimitsBackend::Redis {
        return Ok(None);
    }
    let redis = vestibule_redis::Redis::start(url.expose_secret());
    let redis = redis.map_err(|wrong| Invalid::one(format!("limits.redis_url: {wrong}")))?;
    Ok(Some(Arc::new(redis)))
}

/// Notes the master key in the database, unless a process that started at the same moment has noted another.
async fn adopt(core: &Core, keys: &MasterKeys, folder: &Folder) -> Result<(), OpenError> {
    let noted = adopt_master_key(core).await;
    if noted.map_err(|error| OpenError::Other(format!("cannot note the master key: {error:?}")))? {
        return Ok(());
    }
    let sealed_by = instance::get(&core.store.db, instance::MASTER_KEY).await?;
    Ok(master_key::judge(Some(keys), sealed_by.as_deref(), folder)?)
}

/// What opens the secrets of a database.
struct Unlocked {
    keys: MasterKeys,
    /// Whether the database has sealed nothing yet.
    is_new: bool,
}

/// Sees to the schema, and makes sure that the master key is the one that sealed this database.
async fn unlock(
    config: &Config,
    folder: &Folder,
    setup: &Setup,
    store: &Store,
    found: Option<vestibule_keys::MasterKey>,
) -> Result<Unlocked, OpenError> {
    prepare_schema(store, setup).await?;
    refuse_half_moved(store).await?;
    let sealed_by = instance::get(&store.db, instance::MASTER_KEY).await?;
    let current = match found {
        None if setup.create && sealed_by.is_none() => {
            Some(master_key::make(folder, setup.entropy.as_ref())?)
        }
        found => found,
    };
    let previous = master_key::previous(&config.secrets, folder)?;
    let keys = current.map(|current| MasterKeys { current, previous });
    master_key::judge(keys.as_ref(), sealed_by.as_deref(), folder)?;
    let Some(keys) = keys else {
        return Err(OpenError::Other("there is no master key".into()));
    };
    Ok(Unlocked {
        keys,
        is_new: sealed_by.is_none(),
    })
}

/// A server brings the schema up to date. A command does not: an older server may be running on it.
async fn prepare_schema(store: &Store, setup: &Setup) -> Result<(), OpenError> {
    if setup.role == Role::Server {
        store.migrate(setup.clock.now()).await?;
    } else if !store.pending().await?.is_empty() {
        if store.is_empty().await? {
            return Err(OpenError::Absent(
                "the database has no tables yet: `vestibule init` or the first start of the server makes them".into(),
            ));
        }
        return Err(OpenError::Other(
            "the database was made by an older release: run `vestibule migrate`, or start this release's server".into(),
        ));
    }
    Ok(())
}

/// Refuses a database that only half of another has been moved into.
pub async fn refuse_half_moved(store: &Store) -> Result<(), OpenError> {
    let Some(unfinished) = moving::unfinished(&store.db).await? else {
        return Ok(());
    };
    Err(OpenError::Other(format!(
        "a move from {} into this database is unfinished: run the same `vestibule migrate --from … --to …` again, or \
         drop this database",
        unfinished.source
    )))
}

/// The configured database, as a server or a command uses it.
pub fn database(config: &Config, role: Role) -> Open {
    match (&config.database.url, Folder::of(config).database()) {
        (Some(url), _) => postgres(config, url.expose_secret(), role).into(),
        (None, path) => sqlite(config, path.unwrap_or(Path::new("")), role).into(),
    }
}

fn postgres(config: &Config, url: &str, role: Role) -> OpenPostgres {
    let mut options = match role {
        Role::Server => OpenPostgres {
            connections: config.postgres.connections as usize,
            ..OpenPostgres::new(url, Arc::new(()))
        },
        Role::Companion => OpenPostgres::companion(url),
    };
    options.prepare = config.postgres.prepare;
    let direct = config.postgres.direct_url.as_ref();
    options.direct_url = direct.map(|url| url.expose_secret().to_owned());
    options
}

fn sqlite(config: &Config, path: &Path, role: Role) -> OpenSqlite {
    let mut options = OpenSqlite::new(path, Arc::new(()));
    options.page_cache_kib = config.database.page_cache;
    if role == Role::Companion {
        options.role = role;
        options.readers = 1;
        options.scanners = 1;
    }
    options
}

/// A command beside the server hashes with as many threads as the machine has cores, whatever the server is told.
fn hashing(config: &Config, role: Role) -> Result<pool::Settings, OpenError> {
    let hashing = &config.hashing;
    let params = Params::new(hashing.memory, hashing.iterations)
        .map_err(|error| Invalid::one(format!("hashing: {error}")))?;
    let mut settings = pool::Settings::for_this_machine(params);
    if let Some(workers) = hashing.workers
        && role == Role::Server
    {
        settings.workers = workers as usize;
    }
    if hashing.portable {
        settings.engine = Engine::Portable;
    }
    Ok(settings)
}

fn settings(config: &Config, public_url: &str, profile: Profile) -> InstanceSettings {
    InstanceSettings {
        public_url: public_url.trim_end_matches('/').to_owned(),
        routes: crate::routes::all(),
        defaults: config.project_defaults(),
        lockout: config.lockout.lockout(),
        request_timeout: Duration::from_secs(config.server.request_timeout),
        capture_mail: profile == Profile::Development,
    }
}

/// The files of an instance that every user of the machine can read.
pub fn exposed_files(config: &Config) -> Vec<String> {
    let folder = Folder::of(config);
    let keys = [folder.master_key(), folder.dev_keys()];
    let files = folder
        .database()
        .into_iter()
        .chain(keys.iter().map(PathBuf::as_path));
    files.filter_map(data::exposed).collect()
}
