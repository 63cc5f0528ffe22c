//! Which project and environment a request belongs to.

use crate::core::Core;
use crate::error::Error;
use serde_json::Map;
use std::sync::Arc;
use vestibule_keys::secret_text::{ApiKeyText, hash_of};
use vestibule_model::id::ProjectId;
use vestibule_model::project::OwnSettings;
use vestibule_model::refusal::ApiKey;
use vestibule_model::{Environment, Fault, Project, Realm, Settings};
use vestibule_store::Store;
use vestibule_store::cache::{Cache, Topic};
use vestibule_store::projects::{self, ProjectRow};
use vestibule_store::{api_keys, instance, mailed_secrets};

pub use vestibule_keys::secret_text::ApiKeyKind;

/// Longer than any scheme, host name and port together: such a text is no origin and is not remembered.
const LONGEST_ORIGIN: usize = 300;
/// The longest host name (RFC 1035 §2.3.4).
const LONGEST_HOST: usize = 253;

/// What an API key opens.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// The project.
    pub project: Arc<Project>,
    /// Which half of it.
    pub environment: Environment,
    /// The kind of the key.
    pub kind: ApiKeyKind,
}

/// What was learnt of API keys and projects, as long as it is known to be so.
pub struct Entrances {
    /// By the hash of an API key. The announced id of a revoked key is not its hash, so every key is looked up again.
    keys: Cache<[u8; 32], Opens>,
    projects: Cache<ProjectId, Arc<Project>>,
    slugs: Cache<String, ProjectId>,
    /// The default project, which is the only entry: requests without a key ask for nothing else.
    default: Cache<(), Arc<Project>>,
    /// Whether any project lists a browser origin.
    origins: Cache<String, bool>,
    /// Where a host name leads; `None` for those that no project has.
    hosts: Cache<String, Option<Realm>>,
}

/// What a good API key opens.
#[derive(Clone, Copy)]
struct Opens {
    realm: Realm,
    kind: ApiKeyKind,
}

impl Entrances {
    /// Empty, and kept fresh by the store.
    pub fn new(store: &Store) -> Self {
        let freshness = &store.freshness;
        Self {
            keys: freshness.cache(20_000, &[Topic::All(api_keys::TOPIC)]),
            projects: freshness.cache(20_000, &[Topic::Entry(projects::TOPIC, ProjectId::from_bytes)]),
            slugs: freshness.cache(10_000, &[Topic::All(projects::TOPIC)]),
            // Filled from the projects, so made after them.
            default: freshness.cache(100, &[Topic::All(projects::TOPIC), Topic::All(instance::TOPIC)]),
            origins: freshness.cache(10_000, &[Topic::All(projects::TOPIC)]),
            hosts: freshness.cache(10_000, &[Topic::All(projects::TOPIC)]),
        }
    }
}

/// What the API key `text` opens. A mistyped, unknown or revoked key, and one of a disabled project, are refused alike.
pub async fn resolve_api_key(core: &Core, text: &str) -> Result<Entrance, Error> {
    let hash = hash_of(text);
    let opens = core
        .entrances
        .keys
        .through(&hash, || good_key(core, &hash, text))
        .await?
        .ok_or(ApiKey::Invalid)?;
    let project = project_by_id(core, opens.realm.project)
        .await?
        .ok_or(ApiKey::Invalid)?;
    Ok(Entrance {
        project,
        environment: opens.realm.environment,
        kind: opens.kind,
    })
}

/// A key with a wrong checksum is looked for nowhere.
async fn good_key(core: &Core, hash: &[u8; 32], text: &str) -> Result<Option<Opens>, Error> {
    let ApiKeyText { kind, .. } = ApiKeyText::parse(text).map_err(|_| ApiKey::Invalid)?;
    let key = api_keys::find_by_hash(&core.store.db, hash).await?;
    Ok(key.filter(|key| key.revoked_at.is_none()).map(|key| Opens {
        realm: key.realm,
        kind,
    }))
}

/// The project that requests without a key belong to.
pub async fn default_project(core: &Core) -> Result<Arc<Project>, Error> {
    let project = core.entrances.default.through(&(), || read_default(core)).await?;
    let none = "there is no default project, or it is disabled: run `vestibule init`, or name another one";
    project.ok_or_else(|| Fault::Unavailable(none.to_owned()).into())
}

async fn read_default(core: &Core) -> Result<Option<Arc<Project>>, Error> {
    let Some(slug) = instance::get(&core.store.db, instance::DEFAULT_PROJECT).await? else {
        return Ok(None);
    };
    match id_of_slug(core, &slug).await? {
        Some(id) => project_by_id(core, id).await,
        None => Ok(None),
    }
}

async fn id_of_slug(core: &Core, slug: &str) -> Result<Option<ProjectId>, Error> {
    Ok(projects::find_by_slug(&core.store.db, slug)
        .await?
        .map(|row| row.id))
}

/// The enabled project of this slug.
pub async fn project_by_slug(core: &Core, slug: &str) -> Result<Option<Arc<Project>>, Error> {
    if slug.is_empty() {
        return Ok(None);
    }
    match core
        .entrances
        .slugs
        .through(&slug.to_owned(), || id_of_slug(core, slug))
        .await?
    {
        Some(id) => project_by_id(core, id).await,
        None => Ok(None),
    }
}

/// The enabled project of this id.
pub async fn project_by_id(core: &Core, id: ProjectId) -> Result<Option<Arc<Project>>, Error> {
    let project = core
        .entrances
        .projects
        .through(&id, || read_project(core, id))
        .await?;
    Ok(project.filter(|project| project.disabled_at.is_none()))
}

async fn read_project(core: &Core, id: ProjectId) -> Result<Option<Arc<Project>>, Error> {
    let row = projects::find(&core.store.db, id).await?;
    row.map(|row| complete(core, row)).transpose()
}

/// The project and environment that a mailed token is of, for pages that are opened without a key. The token is not
/// judged and not consumed.
pub async fn realm_of_mailed_token(
    core: &Core,
    token: &str,
) -> Result<Option<(Arc<Project>, Environment)>, Error> {
    let Some(secret) = mailed_secrets::find_by_token(&core.store.db, &hash_of(token)).await? else {
        return Ok(None);
    };
    enabled(core, secret.realm).await
}

/// A realm with its project, if that is enabled.
pub(crate) async fn enabled(core: &Core, realm: Realm) -> Result<Option<(Arc<Project>, Environment)>, Error> {
    let project = project_by_id(core, realm.project).await?;
    Ok(project.map(|project| (project, realm.environment)))
}

/// Whether the instance's defaults or any enabled project list this browser origin (CORS preflight, which names no
/// project).
pub async fn origin_is_listed(core: &Core, origin: &str) -> Result<bool, Error> {
    let by_default = core
        .settings
        .defaults
        .cors
        .allowed_origins
        .iter()
        .any(|listed| listed == origin);
    if by_default || origin.len() > LONGEST_ORIGIN {
        return Ok(by_default);
    }
    let read = || async { Ok::<_, Error>(Some(projects::origin_is_listed(&core.store.db, origin).await?)) };
    Ok(core.entrances.origins.through(&origin.to_owned(), read).await? == Some(true))
}

/// The enabled project that a host name (lower case, without a port) leads to, and the environment.
pub async fn realm_of_host(core: &Core, host: &str) -> Result<Option<(Arc<Project>, Environment)>, Error> {
    if host.len() > LONGEST_HOST {
        return Ok(None);
    }
    let read = || async { Ok::<_, Error>(Some(projects::realm_of_host(&core.store.db, host).await?)) };
    let realm = core.entrances.hosts.through(&host.to_owned(), read).await?;
    let Some(realm) = realm.flatten() else {
        return Ok(None);
    };
    enabled(core, realm).await
}

/// A project with the instance's defaults below what it sets for itself.
pub(crate) fn complete(core: &Core, row: ProjectRow) -> Result<Arc<Project>, Error> {
    let unfit = |error: String| {
        Fault::Internal(format!(
            "the settings of project '{}' do not fit this release: {error}",
            row.slug
        ))
    };
    let settings = Settings::layered(&core.settings.defaults, &row.settings)
        .map_err(|error| unfit(error.to_string()))?;
    let nothing = Map::new();
    let tables = core.doors.iter().map(|door| {
        let table = settings.dialects.get(door.name.as_str());
        door.own.read(table.map_or(&nothing, |table| &table.own))
    });
    let mut own = tables
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unfit(error.to_string()))?;
    own.push(core.schemas.get(settings.user_schema.as_ref()).map_err(|wrong| {
        let told = wrong.iter().map(|it| format!("{} {}", it.field, it.message));
        unfit(told.collect::<Vec<_>>().join("; "))
    })?);
    let own = OwnSettings(own);
    Ok(Arc::new(Project {
        own,
        id: row.id,
        slug: row.slug,
        name: row.name,
        settings,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
    }))
}
