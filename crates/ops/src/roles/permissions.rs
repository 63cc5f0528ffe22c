//! What the roles of a realm permit.

use super::change::{Change, Collection, covers, demand};
use super::listing::{Column, List, Page};
use super::role::{self, stored};
use super::{Book, names};
use crate::authenticate::Caller;
use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use std::time::Instant;
use vestibule_model::id::PermissionId;
use vestibule_model::refusal::{Conflict, NotFound, Record};
use vestibule_model::role::{Role, RolePermission, spell};
use vestibule_model::{Authority, Environment, Project, Refusal};
use vestibule_store::audit::Act;
use vestibule_store::{Tx, permissions};

/// The columns of permissions that lists know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionColumn {
    /// The id.
    Id,
    /// The role's id.
    Role,
    /// The resource.
    Resource,
    /// The action.
    Action,
    /// When it was added.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
}

impl Column for PermissionColumn {
    fn sorts(self) -> bool {
        true
    }

    fn filters(self) -> bool {
        !matches!(self, Self::CreatedAt | Self::UpdatedAt)
    }
}

/// A permission to be added to a role.
#[derive(Clone, Debug)]
pub struct NewPermission {
    /// The role's id.
    pub role: String,
    /// On what.
    pub resource: String,
    /// What may be done.
    pub action: String,
}

/// What is to change about a permission; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PermissionChange {
    /// The id of the role that it moves to.
    pub role: Option<String>,
    /// On what.
    pub resource: Option<String>,
    /// What may be done.
    pub action: Option<String>,
}

/// Lists permissions. A search finds resources and actions that contain the text, whatever its case.
pub async fn list(
    cx: &Cx,
    caller: &Caller,
    list: &List<PermissionColumn>,
) -> Result<Page<RolePermission>, Error> {
    demand(cx, caller, Collection::Permissions, "View").await?;
    let mut rows = all(&cx.core, (&cx.project, cx.environment), cx.deadline).await?;
    rows.retain(|it| {
        let mut filters = list.filters.iter();
        filters.all(|(column, value)| match column {
            PermissionColumn::Id => it.id.to_string() == *value,
            PermissionColumn::Role => it.role.to_string() == *value,
            PermissionColumn::Resource => it.resource == *value,
            PermissionColumn::Action => it.action == *value,
            PermissionColumn::CreatedAt | PermissionColumn::UpdatedAt => false,
        })
    });
    if let Some(text) = list.search.as_ref().map(|text| text.to_lowercase()) {
        rows.retain(|it| it.resource.contains(&text) || it.action.to_lowercase().contains(&text));
    }
    let page = list.cut(rows, |column, left, right| match column {
        PermissionColumn::Id => left.id.cmp(&right.id),
        PermissionColumn::Role => left.role.cmp(&right.role),
        PermissionColumn::Resource => left.resource.cmp(&right.resource),
        PermissionColumn::Action => left.action.cmp(&right.action),
        PermissionColumn::CreatedAt => left.created_at.cmp(&right.created_at),
        PermissionColumn::UpdatedAt => left.updated_at.cmp(&right.updated_at),
    });
    Ok(page?)
}

/// All permissions of a realm's roles, earliest added first.
pub(crate) async fn all(
    core: &Core,
    (project, environment): (&Project, Environment),
    deadline: Instant,
) -> Result<Vec<RolePermission>, Error> {
    let book = Book::of(project, environment);
    let mut rows = match book.configured {
        Some(configured) => configured.into_iter().flat_map(|it| it.permissions).collect(),
        None => permissions::of_realm(&core.store.db, book.realm, deadline).await?,
    };
    rows.sort_by_key(|it| it.id);
    Ok(rows)
}

/// The permission with this id.
pub async fn get(cx: &Cx, caller: &Caller, id: &str) -> Result<RolePermission, Error> {
    demand(cx, caller, Collection::Permissions, "View").await?;
    let book = Book::of(&cx.project, cx.environment);
    let found = match (id.parse::<PermissionId>(), &book.configured) {
        (Err(_), _) => None,
        (Ok(id), Some(configured)) => {
            let mut all = configured.iter().flat_map(|it| &it.permissions);
            all.find(|it| it.id == id).cloned()
        }
        (Ok(id), None) => permissions::find(&cx.core.store.db, book.realm, id).await?,
    };
    Ok(found.ok_or_else(|| NotFound::record(Record::Permission, id))?)
}

/// Adds to a role a permission that the caller holds; the role permits nothing beyond what the caller may do.
pub async fn create(cx: &Cx, caller: &Caller, new: NewPermission) -> Result<RolePermission, Error> {
    let change = Change::by_caller(cx, caller, Collection::Permissions, "Create", new).await?;
    insert(&cx.core, cx.deadline, change).await
}

pub(crate) async fn insert(
    core: &Core,
    deadline: Instant,
    change: Change<NewPermission>,
) -> Result<RolePermission, Error> {
    stored(&change.book)?;
    let NewPermission { resource, action, .. } = &change.wanted;
    names::fields([
        ("resource", names::resource(resource)),
        ("action", names::action(action)),
    ])?;
    let id = PermissionId::new(core.entropy.as_ref(), change.now);
    Ok(core.store.db.write(deadline, insert_body, (change, id)).await?)
}

async fn insert_body(
    tx: &mut Tx,
    (change, id): &(Change<NewPermission>, PermissionId),
) -> Result<RolePermission, Stop> {
    let held = change.begin(tx).await?;
    let NewPermission {
        role,
        resource,
        action,
    } = &change.wanted;
    let role = role::find_in(tx, &change.book, role).await?;
    let new = RolePermission {
        id: *id,
        realm: role.realm,
        role: role.id,
        resource: resource.clone(),
        action: action.clone(),
        created_at: change.now,
        updated_at: change.now,
    };
    if !may_add(tx, &held, &role, &new).await? {
        return Err(change.refuse(tx, &format!("add {}", told(&new, &role))).await);
    }
    room(tx, &role).await?;
    if permissions::count(tx, role.realm).await? >= permissions::MAX_OF_REALM {
        return Err(Refusal::field("role", "has no room: a project has at most 10000 permissions").into());
    }
    if !permissions::insert(tx, &new).await? {
        return Err(taken());
    }
    change
        .done(tx, Act::PermissionAdded, &told(&new, &role), None)
        .await?;
    Ok(new)
}

/// Changes a permission, or moves it to another role. It is taken from a role and added to one, so the rules of both
/// hold.
pub async fn update(
    cx: &Cx,
    caller: &Caller,
    id: &str,
    wanted: PermissionChange,
) -> Result<RolePermission, Error> {
    let wanted = (id.to_owned(), wanted);
    let change = Change::by_caller(cx, caller, Collection::Permissions, "Update", wanted).await?;
    let PermissionChange { resource, action, .. } = &change.wanted.1;
    names::fields([
        ("resource", resource.as_deref().map_or(Ok(()), names::resource)),
        ("action", action.as_deref().map_or(Ok(()), names::action)),
    ])?;
    cx.write(alter, change).await
}

async fn alter(tx: &mut Tx, change: &Change<(String, PermissionChange)>) -> Result<RolePermission, Stop> {
    let held = change.begin(tx).await?;
    let (id, wanted) = &change.wanted;
    let (before, from) = find_in(tx, &change.book, id).await?;
    let to = match &wanted.role {
        Some(role) => role::find_in(tx, &change.book, role).await?,
        None => from.clone(),
    };
    let after = RolePermission {
        role: to.id,
        resource: wanted.resource.clone().unwrap_or_else(|| before.resource.clone()),
        action: wanted.action.clone().unwrap_or_else(|| before.action.clone()),
        updated_at: change.now,
        ..before.clone()
    };
    if !may_change(tx, &held, &from).await? || !may_add(tx, &held, &to, &after).await? {
        let detail = format!("change {} to {}", told(&before, &from), told(&after, &to));
        return Err(change.refuse(tx, &detail).await);
    }
    if to.id != from.id {
        room(tx, &to).await?;
    }
    if !permissions::update(tx, &after).await? {
        return Err(taken());
    }
    change
        .done(tx, Act::PermissionUpdated, &told(&after, &to), None)
        .await?;
    Ok(after)
}

/// Takes a permission from a role that permits nothing beyond what the caller may do.
pub async fn delete(cx: &Cx, caller: &Caller, id: &str) -> Result<(), Error> {
    let change = Change::by_caller(cx, caller, Collection::Permissions, "Delete", id.to_owned()).await?;
    remove(&cx.core, cx.deadline, change).await
}

pub(crate) async fn remove(core: &Core, deadline: Instant, change: Change<String>) -> Result<(), Error> {
    stored(&change.book)?;
    Ok(core.store.db.write(deadline, remove_body, change).await?)
}

async fn remove_body(tx: &mut Tx, change: &Change<String>) -> Result<(), Stop> {
    let held = change.begin(tx).await?;
    let (gone, role) = find_in(tx, &change.book, &change.wanted).await?;
    if !may_change(tx, &held, &role).await? {
        return Err(change.refuse(tx, &format!("remove {}", told(&gone, &role))).await);
    }
    permissions::delete(tx, &gone).await?;
    change
        .done(tx, Act::PermissionRemoved, &told(&gone, &role), None)
        .await
}

/// The stored permission with this id and its role, as the transaction sees them.
async fn find_in(tx: &mut Tx, book: &Book, id: &str) -> Result<(RolePermission, Role), Stop> {
    let found = match id.parse() {
        Ok(id) => permissions::find_in(tx, book.realm, id).await?,
        Err(_) => None,
    };
    let found = found.ok_or_else(|| NotFound::record(Record::Permission, id))?;
    let role = role::find_in(tx, book, &found.role.to_string()).await?;
    Ok((found, role))
}

async fn may_change(tx: &mut Tx, held: &Authority, role: &Role) -> Result<bool, Stop> {
    Ok(covers(held, role, &permissions::of_role_in(tx, role.id).await?))
}

async fn may_add(tx: &mut Tx, held: &Authority, role: &Role, new: &RolePermission) -> Result<bool, Stop> {
    Ok(held.permits(&new.resource, &new.action) && may_change(tx, held, role).await?)
}

async fn room(tx: &mut Tx, role: &Role) -> Result<(), Stop> {
    if permissions::count_of_role(tx, role.id).await? >= permissions::MAX_OF_ROLE {
        return Err(Refusal::field("role", "has no room: a role has at most 400 permissions").into());
    }
    Ok(())
}

fn told(permission: &RolePermission, role: &Role) -> String {
    format!(
        "{} of {}",
        spell(&permission.resource, &permission.action),
        role.name
    )
}

fn taken() -> Stop {
    Conflict::ValueTaken(["role", "resource", "action"].map(str::to_owned).to_vec()).into()
}
