//! What lives as long as the process: the store, the clocks, the keys, the pool, the doors.

use crate::caches::Caches;
use crate::entrance::Entrances;
use crate::error::{Error, Stop};
use crate::keyring::{Making, Parsed};
use crate::node::Node;
use crate::own_settings::OwnSettings;
use crate::staying::Staying;
use crate::turns::Turns;
use crate::used::Used;
use crate::user_schema::Schemas;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vestibule_keys::pool::HashPool;
use vestibule_keys::seal::Sealer;
use vestibule_model::budget::SharedCounts;
use vestibule_model::lockout::Lockout;
use vestibule_model::token::TokenShape;
use vestibule_model::{Clock, DialectName, Entropy, Policy, Project, Settings};
use vestibule_store::{Act, By, Store};

/// How long a write beside a hash waits for company, at most; and never longer than others wait for their hashes to begin.
const COMPANY: Duration = Duration::from_millis(100);
/// So many hashes of each worker are enough to wait for: the slower they are, the more time it takes to find company.
const HASHES: u32 = 4;

/// A dialect as operations see it: its name, its defaults, and the shape of its tokens.
pub struct Door {
    /// The dialect's name.
    pub name: DialectName,
    /// What it demands unless the project says otherwise.
    pub policy: Policy,
    /// The `iss` of its access tokens unless the project sets one.
    pub issuer: &'static str,
    /// Their `aud` unless the project sets one; unset: the project's id.
    pub audience: Option<&'static str>,
    /// The shape of its access tokens.
    pub token: &'static dyn TokenShape,
    /// What only this dialect has as settings.
    pub own: OwnSettings,
}

impl Door {
    /// What this door demands of a project.
    pub fn policy_for(&self, project: &Project) -> Policy {
        match project.dialect(self.name) {
            Some(settings) => settings.over(&self.policy),
            None => self.policy.clone(),
        }
    }

    /// The `iss` and `aud` of a project's tokens.
    pub(crate) fn names_for(&self, project: &Project) -> (String, String) {
        let settings = project.dialect(self.name);
        let issuer = settings.and_then(|settings| settings.issuer.clone());
        let audience = settings.and_then(|settings| settings.audience.clone());
        (
            issuer.unwrap_or_else(|| self.issuer.to_owned()),
            audience
                .or_else(|| self.audience.map(str::to_owned))
                .unwrap_or_else(|| project.id.to_string()),
        )
    }
}

/// The settings of the whole instance that operations read.
#[derive(Clone, Debug)]
pub struct InstanceSettings {
    /// Where clients reach us, without a trailing slash; mailed links are built from it and from nothing else.
    pub public_url: String,
    /// The paths that the server itself answers, with `{name}` where anything may stand: no gateway may cover them.
    pub routes: Vec<&'static str>,
    /// The defaults under every project's own settings.
    pub defaults: Settings,
    /// The progressive lock of accounts.
    pub lockout: Lockout,
    /// How long a request may take before it is given up.
    pub request_timeout: Duration,
    /// Whether sent mail is kept for the development inbox.
    pub capture_mail: bool,
}

/// What a [`Core`] is made of.
pub struct Parts {
    /// Database and caches.
    pub store: Store,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Where passwords are hashed.
    pub pool: HashPool,
    /// Seals and opens what the database must not show.
    pub sealer: Sealer,
    /// The dialects that this binary serves.
    pub doors: Vec<&'static Door>,
    /// Who counts the budgets that all nodes share, in place of the database.
    pub budgets: Option<Arc<dyn SharedCounts>>,
    /// The instance's settings.
    pub settings: InstanceSettings,
}

/// Everything that operations work with, shared by all requests.
pub struct Core {
    /// Database and caches.
    pub store: Store,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Where passwords are hashed.
    pub pool: HashPool,
    /// Seals and opens what the database must not show.
    pub sealer: Sealer,
    /// The dialects that this binary serves.
    pub doors: Vec<&'static Door>,
    /// Who counts the budgets that all nodes share, in place of the database.
    pub budgets: Option<Arc<dyn SharedCounts>>,
    /// The instance's settings.
    pub settings: InstanceSettings,
    /// Wakes the outbox worker after an operation has queued mail.
    pub mail_queued: tokio::sync::Notify,
    /// What was learnt of API keys and projects.
    pub(crate) entrances: Entrances,
    /// The user schemas of the projects in memory.
    pub(crate) schemas: Schemas,
    /// What was learnt of keys, users, sessions and tokens.
    pub(crate) caches: Caches,
    /// Whose newest access token was seen in use.
    pub(crate) used: Used,
    /// Which sessions were seen in use and so live longer.
    pub(crate) staying: Staying,
    /// Which keys are being made.
    pub(crate) making: Making,
    /// Which keys were parsed before.
    pub(crate) parsed: Parsed,
    /// This process among those that serve the same database.
    pub node: Node,
    /// Which accounts' passwords are being looked at.
    pub(crate) turns: Turns,
}

impl Core {
    /// The core of a process.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            store,
            clock,
            entropy,
            pool,
            sealer,
            doors,
            budgets,
            settings,
        } = parts;
        Arc::new(Self {
            entrances: Entrances::new(&store),
            schemas: Schemas::default(),
            caches: Caches::over(&store),
            used: Used::default(),
            staying: Staying::default(),
            making: Making::default(),
            parsed: Parsed::default(),
            turns: Turns::default(),
            node: Node::new(&entropy, &clock),
            mail_queued: tokio::sync::Notify::new(),
            store,
            clock,
            entropy,
            pool,
            sealer,
            doors,
            budgets,
            settings,
        })
    }

    /// The moment at which work that begins now is given up.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.settings.request_timeout
    }

    /// By when a write beside a hash begins: while others wait for theirs, it may wait a little for company.
    pub(crate) fn in_company(&self, deadline: Instant) -> By {
        By {
            deadline,
            company: self.pool.backlog(HASHES).min(COMPANY),
        }
    }

    /// Runs a transaction body that begins before the usual deadline.
    pub(crate) async fn write<F, I, T>(&self, body: F, input: I) -> Result<T, Error>
    where
        F: for<'t> Act<'t, I, Result<T, Stop>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        Ok(self.store.db.write(self.deadline(), body, input).await?)
    }

    /// The dialect of this name.
    pub fn door(&self, name: &str) -> Option<&'static Door> {
        self.doors.iter().copied().find(|door| door.name.as_str() == name)
    }
}
