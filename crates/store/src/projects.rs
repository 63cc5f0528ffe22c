//! Projects, with the settings that they make for themselves.

use crate::columns;
use crate::sentences::sentences;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use vestibule_model::id::ProjectId;
use vestibule_model::{Environment, Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// The cache topic under which changes of projects are announced.
pub const TOPIC: &str = "project";

/// A project as stored: its own settings, without the instance's defaults below them.
#[derive(Clone, Debug)]
pub struct ProjectRow {
    /// Its id.
    pub id: ProjectId,
    /// Its name in commands and paths.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What it sets for itself.
    pub settings: Map<String, Value>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When an operator disabled it.
    pub disabled_at: Option<Timestamp>,
}

macro_rules! all {
    () => {
        "id, slug, name, settings, created_at, updated_at, disabled_at"
    };
}

sentences! {
    FIND = concat!("SELECT ", all!(), " FROM projects WHERE id = $1");
    FIND_BY_SLUG = concat!("SELECT ", all!(), " FROM projects WHERE slug = $1");
    INSERT = concat!(
        "INSERT INTO projects (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id"
    );
    PAGE = concat!("SELECT ", all!(), " FROM projects WHERE slug > $1 ORDER BY slug LIMIT $2");
    RENAME = "UPDATE projects SET name = $2, updated_at = $3 WHERE id = $1";
    LOCK = concat!("UPDATE projects SET name = name WHERE id = $1 RETURNING ", all!());
    SET_SETTINGS = "UPDATE projects SET settings = $2, updated_at = $3 WHERE id = $1";
    SET_DISABLED = "UPDATE projects SET disabled_at = $2, updated_at = $3 WHERE id = $1";
    DELETE = "DELETE FROM projects WHERE id = $1";
    FORGET_ORIGINS = "DELETE FROM allowed_origins WHERE project = $1";
    ALLOW_ORIGIN = "INSERT INTO allowed_origins (origin, project) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    FORGET_HOSTS = "DELETE FROM project_hosts WHERE project = $1";
    CLAIM_HOST = "INSERT INTO project_hosts (host, project, environment) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING RETURNING host";
    OF_HOST = "SELECT project, environment FROM project_hosts WHERE host = $1";
    ORIGIN_IS_LISTED = "SELECT 1 AS listed FROM allowed_origins WHERE origin = $1 AND project IN
        (SELECT id FROM projects WHERE disabled_at IS NULL) LIMIT 1";
}

fn project(row: &Row) -> Result<ProjectRow, Error> {
    Ok(ProjectRow {
        id: row.get(0).map(ProjectId::from_bytes)?,
        slug: row.get(1)?,
        name: row.get(2)?,
        settings: columns::object(row, 3)?,
        created_at: columns::time(row, 4)?,
        updated_at: columns::time(row, 5)?,
        disabled_at: columns::time_or_none(row, 6)?,
    })
}

/// The project with this id.
pub async fn find(db: &Db, id: ProjectId) -> Result<Option<ProjectRow>, Error> {
    db.read_one(FIND, bind![id.bytes()]).await?.as_ref().map(project).transpose()
}

/// The project with this slug.
pub async fn find_by_slug(db: &Db, slug: &str) -> Result<Option<ProjectRow>, Error> {
    db.read_one(FIND_BY_SLUG, bind![slug]).await?.as_ref().map(project).transpose()
}

/// Inserts a project; `false` when the slug is taken.
pub async fn insert(tx: &mut Tx, project: &ProjectRow) -> Result<bool, Error> {
    let row = bind![
        project.id.bytes(),
        &project.slug,
        &project.name,
        columns::object_text(&project.settings),
        project.created_at.micros(),
        project.updated_at.micros(),
        project.disabled_at.map(Timestamp::micros),
    ];
    Ok(tx.one(INSERT, row).await?.is_some())
}

/// The projects after a slug, by slug.
pub async fn page(db: &Db, after: &str, limit: u32) -> Result<Vec<ProjectRow>, Error> {
    db.read_all(PAGE, bind![after, limit]).await?.iter().map(project).collect()
}

/// The newest version of a project, which nobody else changes until this transaction ends.
pub async fn lock(tx: &mut Tx, id: ProjectId) -> Result<Option<ProjectRow>, Error> {
    tx.one(LOCK, bind![id.bytes()]).await?.as_ref().map(project).transpose()
}

/// Changes the name for people.
pub async fn rename(tx: &mut Tx, id: ProjectId, name: &str, now: Timestamp) -> Result<bool, Error> {
    tx.announce(TOPIC, id.bytes());
    Ok(tx.run(RENAME, bind![id.bytes(), name, now.micros()]).await? == 1)
}

/// Replaces what the project sets for itself.
pub async fn set_settings(
    tx: &mut Tx,
    id: ProjectId,
    settings: &Map<String, Value>,
    now: Timestamp,
) -> Result<bool, Error> {
    tx.announce(TOPIC, id.bytes());
    Ok(tx.run(SET_SETTINGS, bind![id.bytes(), columns::object_text(settings), now.micros()]).await? == 1)
}

/// Disables the project since `disabled_at`, or enables it again.
pub async fn set_disabled(
    tx: &mut Tx,
    id: ProjectId,
    disabled_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, Error> {
    tx.announce(TOPIC, id.bytes());
    Ok(tx.run(SET_DISABLED, bind![id.bytes(), disabled_at.map(Timestamp::micros), now.micros()]).await? == 1)
}

/// Deletes a project with its keys. Its users go before it, in batches.
pub async fn delete(tx: &mut Tx, id: ProjectId) -> Result<bool, Error> {
    tx.announce(TOPIC, id.bytes());
    Ok(tx.run(DELETE, bind![id.bytes()]).await? == 1)
}

/// Replaces the browser origins that the project lists.
pub async fn set_origins(tx: &mut Tx, id: ProjectId, origins: &[String]) -> Result<(), Error> {
    tx.run(FORGET_ORIGINS, bind![id.bytes()]).await?;
    for origin in origins {
        tx.run(ALLOW_ORIGIN, bind![origin, id.bytes()]).await?;
    }
    Ok(())
}

/// Whether any enabled project lists this browser origin.
pub async fn origin_is_listed(db: &Db, origin: &str) -> Result<bool, Error> {
    Ok(db.read_one(ORIGIN_IS_LISTED, bind![origin]).await?.is_some())
}

/// Replaces the host names that lead to the project; answers the first that leads to another one.
pub async fn set_hosts(
    tx: &mut Tx,
    id: ProjectId,
    hosts: &BTreeMap<String, Environment>,
) -> Result<Option<String>, Error> {
    tx.run(FORGET_HOSTS, bind![id.bytes()]).await?;
    for (host, environment) in hosts {
        if tx.one(CLAIM_HOST, bind![host, id.bytes(), environment.as_str()]).await?.is_none() {
            return Ok(Some(host.clone()));
        }
    }
    Ok(None)
}

/// The project and environment that a host name leads to.
pub async fn realm_of_host(db: &Db, host: &str) -> Result<Option<Realm>, Error> {
    let row = db.read_one(OF_HOST, bind![host]).await?;
    row.map(|row| columns::realm(&row, 0)).transpose()
}
