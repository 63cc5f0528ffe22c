//! The roles of a realm.

use super::change::{Change, Collection, covers, demand};
use super::listing::{Column, List, Page};
use super::superusers::Standing;
use super::{Book, names, sweep};
use crate::authenticate::Caller;
use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use std::time::Instant;
use vestibule_model::id::RoleId;
use vestibule_model::refusal::{Conflict, NotFound, Permission, Record};
use vestibule_model::role::Role;
use vestibule_model::{Environment, Project, Refusal};
use vestibule_store::audit::Act;
use vestibule_store::{Tx, permissions, role_assignments, roles};

/// The columns of roles that lists know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleColumn {
    /// The id.
    Id,
    /// The name.
    Name,
    /// When it was made.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
}

impl Column for RoleColumn {
    fn sorts(self) -> bool {
        true
    }

    fn filters(self) -> bool {
        matches!(self, Self::Id | Self::Name)
    }
}

/// A role to be made.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// Whether it permits everything; only who may do everything can make one.
    pub superuser: bool,
}

/// What is to change about a role; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    /// The new name.
    pub name: Option<String>,
    /// Whether it permits everything.
    pub superuser: Option<bool>,
}

/// Lists roles. A search finds names that contain the text, whatever its case.
pub async fn list(cx: &Cx, caller: &Caller, list: &List<RoleColumn>) -> Result<Page<Role>, Error> {
    demand(cx, caller, Collection::Roles, "View").await?;
    let mut rows = all(&cx.core, (&cx.project, cx.environment), cx.deadline).await?;
    rows.retain(|role| {
        let mut filters = list.filters.iter();
        filters.all(|(column, value)| match column {
            RoleColumn::Id => role.id.to_string() == *value,
            RoleColumn::Name => role.name == *value,
            RoleColumn::CreatedAt | RoleColumn::UpdatedAt => false,
        })
    });
    if let Some(text) = list.search.as_ref().map(|text| text.to_lowercase()) {
        rows.retain(|role| role.name.to_lowercase().contains(&text));
    }
    let page = list.cut(rows, |column, left, right| match column {
        RoleColumn::Id => left.id.cmp(&right.id),
        RoleColumn::Name => left.name.cmp(&right.name),
        RoleColumn::CreatedAt => left.created_at.cmp(&right.created_at),
        RoleColumn::UpdatedAt => left.updated_at.cmp(&right.updated_at),
    });
    Ok(page?)
}

/// All roles of a realm, earliest made first.
pub(crate) async fn all(
    core: &Core,
    (project, environment): (&Project, Environment),
    deadline: Instant,
) -> Result<Vec<Role>, Error> {
    let book = Book::of(project, environment);
    let mut rows = match book.configured {
        Some(configured) => configured.into_iter().map(|it| it.role).collect(),
        None => roles::of_realm(&core.store.db, book.realm, deadline).await?,
    };
    rows.sort_by_key(|role| role.id);
    Ok(rows)
}

/// The role with this id.
pub async fn get(cx: &Cx, caller: &Caller, id: &str) -> Result<Role, Error> {
    demand(cx, caller, Collection::Roles, "View").await?;
    let role = find(&cx.core, &Book::of(&cx.project, cx.environment), id).await?;
    Ok(role.ok_or_else(|| NotFound::record(Record::Role, id))?)
}

async fn find(core: &Core, book: &Book, id: &str) -> Result<Option<Role>, Error> {
    let Ok(id) = id.parse::<RoleId>() else {
        return Ok(None);
    };
    if book.is_configured() {
        return Ok(book.configured_role(id).map(|it| it.role.clone()));
    }
    Ok(roles::find(&core.store.db, book.realm, id).await?)
}

/// Makes a role. It permits nothing yet and nobody has it.
pub async fn create(cx: &Cx, caller: &Caller, new: NewRole) -> Result<Role, Error> {
    let change = Change::by_caller(cx, caller, Collection::Roles, "Create", new).await?;
    insert(&cx.core, cx.deadline, change).await
}

pub(crate) async fn insert(core: &Core, deadline: Instant, change: Change<NewRole>) -> Result<Role, Error> {
    stored(&change.book)?;
    names::fields([("name", names::role(&change.wanted.name))])?;
    let role = Role {
        id: RoleId::new(core.entropy.as_ref(), change.now),
        realm: change.book.realm,
        name: change.wanted.name.clone(),
        superuser: change.wanted.superuser,
        created_at: change.now,
        updated_at: change.now,
    };
    Ok(core.store.db.write(deadline, insert_body, (change, role)).await?)
}

async fn insert_body(tx: &mut Tx, (change, role): &(Change<NewRole>, Role)) -> Result<Role, Stop> {
    let held = change.begin(tx).await?;
    if role.superuser && !held.superuser {
        return Err(change
            .refuse(tx, &format!("create superuser role {}", role.name))
            .await);
    }
    if roles::count(tx, role.realm).await? >= roles::MAX_OF_REALM {
        return Err(Refusal::field("name", "is one too many: a project has at most 1000 roles").into());
    }
    if !roles::insert(tx, role).await? {
        return Err(Conflict::ValueTaken(vec!["name".to_owned()]).into());
    }
    change.done(tx, Act::RoleCreated, &role.name, None).await?;
    Ok(role.clone())
}

/// Roles of the configuration are not changed here.
pub(super) fn stored(book: &Book) -> Result<(), Permission> {
    if book.is_configured() {
        Err(Permission::ReadOnly)
    } else {
        Ok(())
    }
}

/// Changes a role that permits nothing beyond what the caller may do. A new name is something new for whoever has the
/// role, because apps and gateways go by names: only who may do everything renames a role that somebody has.
pub async fn update(cx: &Cx, caller: &Caller, id: &str, wanted: RoleChange) -> Result<Role, Error> {
    let wanted = (id.to_owned(), wanted);
    let change = Change::by_caller(cx, caller, Collection::Roles, "Update", wanted).await?;
    alter(&cx.core, cx.deadline, change).await
}

pub(crate) async fn alter(
    core: &Core,
    deadline: Instant,
    change: Change<(String, RoleChange)>,
) -> Result<Role, Error> {
    stored(&change.book)?;
    if let Some(name) = &change.wanted.1.name {
        names::fields([("name", names::role(name))])?;
    }
    Ok(core.store.db.write(deadline, alter_body, change).await?)
}

async fn alter_body(tx: &mut Tx, change: &Change<(String, RoleChange)>) -> Result<Role, Stop> {
    let held = change.begin(tx).await?;
    let (id, wanted) = &change.wanted;
    let before = find_in(tx, &change.book, id).await?;
    let mut after = before.clone();
    if let Some(name) = &wanted.name {
        after.name.clone_from(name);
    }
    after.superuser = wanted.superuser.unwrap_or(before.superuser);
    let permitted = permissions::of_role_in(tx, before.id).await?;
    let renames_others = after.name != before.name && role_assignments::is_held(tx, before.id).await?;
    let beyond = after.superuser || renames_others || !covers(&held, &before, &permitted);
    if beyond && !held.superuser {
        return Err(change.refuse(tx, &format!("update role {}", before.name)).await);
    }
    if after == before {
        return Ok(before);
    }
    after.updated_at = change.now;
    let standing = Standing::before(tx, &change.book).await?;
    if !roles::update(tx, &after).await? {
        return Err(Conflict::ValueTaken(vec!["name".to_owned()]).into());
    }
    standing.after(tx, &change.book).await?;
    let detail = if after.name == before.name {
        after.name.clone()
    } else {
        format!("{} is now {}", before.name, after.name)
    };
    change.done(tx, Act::RoleUpdated, &detail, None).await?;
    Ok(after)
}

/// Deletes a role that permits nothing beyond what the caller may do, whoever has it.
pub async fn delete(cx: &Cx, caller: &Caller, id: &str) -> Result<(), Error> {
    let change = Change::by_caller(cx, caller, Collection::Roles, "Delete", id.to_owned()).await?;
    remove(&cx.core, cx.deadline, change).await
}

pub(crate) async fn remove(core: &Core, deadline: Instant, change: Change<String>) -> Result<(), Error> {
    stored(&change.book)?;
    core.store.db.write(deadline, remove_body, change).await?;
    // The role has gone for good. What is left of its assignments also goes at the next sweep.
    if let Err(error) = sweep::departed(core).await {
        tracing::warn!(
            ?error,
            "assignments of a deleted role are left for the next sweep"
        );
    }
    Ok(())
}

async fn remove_body(tx: &mut Tx, change: &Change<String>) -> Result<(), Stop> {
    let held = change.begin(tx).await?;
    let role = find_in(tx, &change.book, &change.wanted).await?;
    let permitted = permissions::of_role_in(tx, role.id).await?;
    if !covers(&held, &role, &permitted) {
        return Err(change.refuse(tx, &format!("delete role {}", role.name)).await);
    }
    let standing = Standing::before(tx, &change.book).await?;
    roles::delete(tx, &role).await?;
    standing.after(tx, &change.book).await?;
    change.done(tx, Act::RoleDeleted, &role.name, None).await
}

/// The stored role with this id, as the transaction sees it.
pub(super) async fn find_in(tx: &mut Tx, book: &Book, id: &str) -> Result<Role, Stop> {
    let role = match id.parse() {
        Ok(id) => roles::find_in(tx, book.realm, id).await?,
        Err(_) => None,
    };
    Ok(role.ok_or_else(|| NotFound::record(Record::Role, id))?)
}
