//! Projects.

use super::{Operator, gateway, settings};
use crate::core::Core;
use crate::entrance;
use crate::error::{Error, Stop};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use vestibule_model::id::{ProjectId, UserId};
use vestibule_model::refusal::Conflict;
use vestibule_model::{Environment, Project, Realm, Refusal, Settings, Timestamp};
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::projects::{self, ProjectRow};
use vestibule_store::{Tx, attempts, instance, outbox, sessions, users};

/// Most rows that one transaction deletes.
const BATCH: u32 = 400;
/// Most users that one transaction deletes; each has a handful of rows.
const USERS: u32 = 50;

/// A project to be created.
pub struct NewProject {
    /// Its name in commands and paths.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What it sets for itself.
    pub settings: Map<String, Value>,
}

/// Creates a project. Its keys are made when they are first used, its API keys by [`super::api_keys::create`].
pub async fn create(core: &Core, by: &Operator, new: NewProject) -> Result<Arc<Project>, Error> {
    check_slug(&new.slug)?;
    check_name(&new.name)?;
    let settings = check_settings(core, &new.settings)?;
    let now = core.clock.now();
    let id = ProjectId::new(core.entropy.as_ref(), now);
    let NewProject {
        slug,
        name,
        settings: own,
    } = new;
    let row = ProjectRow {
        id,
        slug,
        name,
        settings: own,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    let entry = by.does(core, live(id), Act::ProjectCreated).saying(&row.slug);
    let input = Creation {
        row: row.clone(),
        names: Names::of(settings),
        entry,
    };
    core.write(insert, input).await?;
    entrance::complete(core, row)
}

struct Creation {
    row: ProjectRow,
    names: Names,
    entry: Entry,
}

/// What of a project's settings other rows are found by.
struct Names {
    origins: Vec<String>,
    hosts: BTreeMap<String, Environment>,
}

impl Names {
    fn of(settings: Settings) -> Self {
        Self {
            origins: settings.cors.allowed_origins,
            hosts: settings.hosts,
        }
    }

    async fn write(&self, tx: &mut Tx, project: ProjectId) -> Result<(), Stop> {
        projects::set_origins(tx, project, &self.origins).await?;
        match projects::set_hosts(tx, project, &self.hosts).await? {
            None => Ok(()),
            Some(host) => {
                Err(Refusal::field(&format!("hosts.{host}"), "leads to another project already").into())
            }
        }
    }
}

async fn insert(tx: &mut Tx, input: &Creation) -> Result<(), Stop> {
    if !projects::insert(tx, &input.row).await? {
        return Err(Conflict::ValueTaken(vec!["slug".to_owned()]).into());
    }
    input.names.write(tx, input.row.id).await?;
    Ok(audit::write(tx, &input.entry).await?)
}

/// Up to `limit` projects after a slug, by slug, disabled ones too.
pub async fn list(core: &Core, after: &str, limit: u32) -> Result<Vec<ProjectRow>, Error> {
    Ok(projects::page(&core.store.db, after, limit).await?)
}

/// The project of this slug, disabled or not.
pub async fn find(core: &Core, slug: &str) -> Result<Option<ProjectRow>, Error> {
    Ok(projects::find_by_slug(&core.store.db, slug).await?)
}

/// A project with its settings complete.
pub fn complete(core: &Core, row: ProjectRow) -> Result<Arc<Project>, Error> {
    entrance::complete(core, row)
}

/// Changes a project's name for people; `false` when there is no such project.
pub async fn rename(core: &Core, by: &Operator, id: ProjectId, name: &str) -> Result<bool, Error> {
    check_name(name)?;
    let entry = by.does(core, live(id), Act::ProjectUpdated).saying("name");
    change(core, id, Change::Name(name.to_owned()), entry).await
}

/// Sets one setting by its dotted path; `null` gives it back to the instance's defaults. `None` when there is no such
/// project; [`Refusal::Input`] when the value does not fit.
pub async fn set(
    core: &Core,
    by: &Operator,
    id: ProjectId,
    path: &str,
    value: Value,
) -> Result<Option<Settings>, Error> {
    let Some(row) = projects::find(&core.store.db, id).await? else {
        return Ok(None);
    };
    let mut own = row.settings;
    settings::put(&mut own, path, value)?;
    let settings = check_settings(core, &own)?;
    let names = Names::of(settings.clone());
    let entry = by.does(core, live(id), Act::ProjectUpdated).saying(path);
    let done = change(
        core,
        id,
        Change::Settings {
            own,
            names,
            seen: row.updated_at,
        },
        entry,
    )
    .await?;
    Ok(done.then_some(settings))
}

/// Shuts all doors of a project.
pub async fn disable(core: &Core, by: &Operator, id: ProjectId) -> Result<bool, Error> {
    change(
        core,
        id,
        Change::Disabled(Some(core.clock.now())),
        by.does(core, live(id), Act::ProjectDisabled),
    )
    .await
}

/// Opens the doors of a project again.
pub async fn enable(core: &Core, by: &Operator, id: ProjectId) -> Result<bool, Error> {
    change(
        core,
        id,
        Change::Disabled(None),
        by.does(core, live(id), Act::ProjectEnabled),
    )
    .await
}

enum Change {
    Name(String),
    Settings {
        own: Map<String, Value>,
        names: Names,
        seen: Timestamp,
    },
    Disabled(Option<Timestamp>),
}

struct Changing {
    id: ProjectId,
    change: Change,
    entry: Entry,
    now: Timestamp,
}

async fn change(core: &Core, id: ProjectId, change: Change, entry: Entry) -> Result<bool, Error> {
    let input = Changing {
        id,
        change,
        entry,
        now: core.clock.now(),
    };
    core.write(apply, input).await
}

async fn apply(tx: &mut Tx, input: &Changing) -> Result<bool, Stop> {
    let Some(row) = projects::lock(tx, input.id).await? else {
        return Ok(false);
    };
    match &input.change {
        Change::Name(name) => projects::rename(tx, input.id, name, input.now).await?,
        Change::Disabled(at) => projects::set_disabled(tx, input.id, *at, input.now).await?,
        Change::Settings { own, names, seen } => {
            if row.updated_at != *seen {
                return Err(
                    Refusal::field("settings", "were changed by somebody else meanwhile; try again").into(),
                );
            }
            names.write(tx, input.id).await?;
            projects::set_settings(tx, input.id, own, input.now).await?
        }
    };
    audit::write(tx, &input.entry).await?;
    Ok(true)
}

/// Deletes a project and everything in it but its audit rows: its doors are shut first, then its users go in batches.
/// `progress` hears how many users have gone. Interrupted, it is resumed by calling it again. `false` when there is no
/// such project.
pub async fn delete(
    core: &Core,
    by: &Operator,
    id: ProjectId,
    mut progress: impl FnMut(u64) + Send,
) -> Result<bool, Error> {
    let Some(row) = projects::find(&core.store.db, id).await? else {
        return Ok(false);
    };
    if instance::get(&core.store.db, instance::DEFAULT_PROJECT).await? == Some(row.slug) {
        return Err(Refusal::field(
            "project",
            "is the default one; make another project the default first",
        )
        .into());
    }
    disable(core, by, id).await?;
    let mut gone = 0;
    loop {
        let users = users::ids_of_project(&core.store.db, id, USERS).await?;
        if users.is_empty() {
            break;
        }
        let leaving: Vec<_> = users
            .into_iter()
            .map(|user| Leaving { user, entry: None })
            .collect();
        gone += core.write(delete_users, leaving).await?;
        progress(gone);
    }
    while core.write(delete_rest, id).await? > 0 {}
    let entry = by.does(core, live(id), Act::ProjectDeleted);
    core.write(delete_row, (id, entry)).await
}

/// A user who is to be deleted, and the audit row of it; a project's own row stands for those of its users.
pub(super) struct Leaving {
    pub(super) user: UserId,
    pub(super) entry: Option<Entry>,
}

/// Deletes users with their sessions, as far as one transaction goes; answers how many users.
pub(super) async fn delete_users(tx: &mut Tx, leaving: &Vec<Leaving>) -> Result<u64, Stop> {
    let (mut left, mut gone) = (BATCH, 0);
    for Leaving { user, entry } in leaving {
        let deleted = sessions::delete_of_user(tx, *user, left).await?;
        left = left.saturating_sub(u32::try_from(deleted).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        if users::delete(tx, *user).await? {
            gone += 1;
            if let Some(entry) = entry {
                audit::write(tx, entry).await?;
            }
        }
    }
    Ok(gone)
}

async fn delete_rest(tx: &mut Tx, id: &ProjectId) -> Result<u64, Stop> {
    let attempts = attempts::delete_of_project(tx, *id, BATCH).await?;
    Ok(attempts + outbox::delete_of_project(tx, *id, BATCH).await?)
}

async fn delete_row(tx: &mut Tx, (id, entry): &(ProjectId, Entry)) -> Result<bool, Stop> {
    let gone = projects::delete(tx, *id).await?;
    audit::write(tx, entry).await?;
    Ok(gone)
}

fn check_settings(core: &Core, own: &Map<String, Value>) -> Result<Settings, Refusal> {
    let settings = settings::check(&core.settings.defaults, own, &core.doors)?;
    let dialects: Vec<&str> = core.doors.iter().map(|door| door.name.as_str()).collect();
    gateway::judge(&settings.gateway, &dialects, &core.settings.routes)?;
    Ok(settings)
}

fn check_slug(slug: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let edges = slug.starts_with('-') || slug.ends_with('-');
    if (1..=63).contains(&slug.len()) && slug.chars().all(allowed) && !edges {
        return Ok(());
    }
    Err(Refusal::field(
        "slug",
        "must be 1 to 63 lower-case letters, digits and dashes, with no dash at either end",
    ))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if (1..=100).contains(&name.trim().len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::field(
        "name",
        "must be 1 to 100 bytes without control characters",
    ))
}

/// Acts on a whole project are written down in its live half.
pub(super) const fn live(project: ProjectId) -> Realm {
    Realm {
        project,
        environment: Environment::Live,
    }
}
