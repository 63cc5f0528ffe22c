//! A whole Vestibule in this process.

use crate::clock::ManualClock;
use crate::counts::Counts;
use crate::entropy::SeededEntropy;
use crate::keys::{Keys, lay_secret_keys};
use crate::{Answer, Database, Request, operator, postgres};
use http_body_util::BodyExt;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use vestibule_cluster::ThrowAway;
use vestibule_mail::Templates;
use vestibule_model::id::AuditId;
use vestibule_model::{Environment, Project};
use vestibule_ops::Core;
use vestibule_ops::admin::{instance, projects};
use vestibule_server::config::{Config, Profile};
use vestibule_server::instance::{Setup, open};
use vestibule_server::pages::{self, PagesState};
use vestibule_store::Role;
use vestibule_web::{App, Dialect, Rates, RouteInfo, Settings, Shutdown};

/// Where clients reach the server, as far as mailed links know.
pub const PUBLIC_URL: &str = "https://auth.example.com";

/// A server with its default project, on a database that goes with it. Time stands still until
/// [`Server::advance`]; no background task runs, so nothing happens but what the story does.
pub struct Server {
    /// The default project as it was at the beginning.
    pub project: Arc<Project>,
    /// Its API keys.
    pub keys: Keys,
    app: Arc<App>,
    core: Arc<Core>,
    clock: Arc<ManualClock>,
    templates: Arc<Templates>,
    pub(crate) taken: Mutex<HashSet<String>>,
    pub(crate) audited: Mutex<HashSet<AuditId>>,
    pub(crate) folder: TempDir,
    pub(crate) throw_away: Option<ThrowAway<'static>>,
}

impl Server {
    /// Starts a server.
    pub async fn start(database: Database) -> Self {
        let folder = throw_away_folder();
        let mut config = configuration(folder.path());
        let throw_away = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(postgres::house(&mut config).await),
        };
        let (clock, chance) = (Arc::new(ManualClock::begin()), Arc::new(SeededEntropy::new(7)));
        let setup = Setup {
            profile: Profile::Production,
            role: Role::Server,
            clock: clock.clone(),
            entropy: chance.clone(),
            create: true,
        };
        let mut core = open(&config, PUBLIC_URL, &setup).await.expect("the server opens");
        let ours = Arc::get_mut(&mut core).expect("nobody else has it yet");
        ours.budgets = Some(Arc::new(Counts::by(&clock)));
        let project = instance::initialise(&core, &operator(), "default", "Example")
            .await
            .expect("a default project");
        let keys = Keys::make(&core, &project).await;
        let dialects = vestibule_server::dialects::all();
        lay_secret_keys(&core, &chance, &core.doors, &project).await;
        let settings = Settings {
            default_environment: Environment::Live,
            trusted_proxies: Vec::new(),
            hosts: Vec::new(),
            rates: Rates::default(),
            gateway: None,
        };
        let templates = Arc::new(Templates::load(None).expect("the built-in templates"));
        let pages = pages::router(PagesState {
            core: core.clone(),
            templates: templates.clone(),
            dialects: Vec::new(),
            dev_keys: None,
            dev: false,
            default_environment: Environment::Live,
        });
        let app = App::new(core.clone(), settings, dialects, pages, Shutdown::new())
            .expect("routes without conflict");
        let (taken, audited) = Default::default();
        let server = Self {
            project,
            keys,
            app,
            core,
            clock,
            templates,
            taken,
            audited,
            folder,
            throw_away,
        };
        server.audit_rows().await;
        server
    }

    /// What a server says that does not start because its configuration was changed so.
    pub async fn refusal_to_start(&self, change: impl FnOnce(&mut Config)) -> String {
        let folder = throw_away_folder();
        let mut config = configuration(folder.path());
        change(&mut config);
        let core = &self.core;
        let setup = Setup {
            profile: Profile::Production,
            role: Role::Server,
            clock: core.clock.clone(),
            entropy: core.entropy.clone(),
            create: true,
        };
        open(&config, PUBLIC_URL, &setup)
            .await
            .err()
            .expect("it started")
            .to_string()
    }

    /// What operations work with, for what cannot be seen from the outside.
    pub const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn templates(&self) -> &Templates {
        &self.templates
    }

    /// Lets time pass, on the wall clock and on the monotonic one.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Sets a setting of the default project by its dotted path.
    pub async fn set(&self, path: &str, value: impl Into<Value>) {
        let set = projects::set(&self.core, &operator(), self.project.id, path, value.into()).await;
        set.expect("a good setting").expect("the project");
        self.audit_rows().await;
    }

    /// A request without any header.
    pub fn request(&self, method: &str, target: &str) -> Request<'_> {
        Request::new(self, method, target)
    }

    pub(crate) async fn send(&self, request: Request<'_>) -> Answer {
        let (sent, from) = request.put_together();
        let answer = Box::pin(self.app.answer(sent, from)).await;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }
}

/// The dialect of this name.
pub fn dialect(name: &str) -> Dialect {
    let found = vestibule_server::dialects::all()
        .into_iter()
        .find(|dialect| dialect.door.name.as_str() == name);
    found.expect("a dialect")
}

/// Its rows of the authorisation table.
pub fn routes_of(name: &str) -> Vec<RouteInfo> {
    vestibule_web::table(&[dialect(name)])
}

/// The defaults, with a data folder and few threads.
fn configuration(folder: &Path) -> Config {
    let mut config = Config::default();
    folder.clone_into(&mut config.server.data_dir);
    config.server.request_timeout = 30;
    config.hashing.workers = Some(2);
    config
}

/// In memory where the system has a place for that: no story is about the disk.
fn throw_away_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::with_prefix_in("vestibule-", memory)
    } else {
        TempDir::new()
    };
    folder.expect("a folder")
}
