//! Roles, by the same rules that hold over HTTP (A16) but without asking who acts.

use super::Operator;
use crate::core::Core;
use crate::error::Error;
use crate::roles::assignments::{self, NewAssignment};
use crate::roles::permissions::{self, NewPermission};
use crate::roles::{Book, Change, NewRole, RoleChange, names, role};
use vestibule_model::id::{RoleId, UserId};
use vestibule_model::refusal::{NotFound, Record};
use vestibule_model::role::{Role, RoleAssignment, RolePermission};
use vestibule_model::{Authority, Environment, Project, Refusal};
use vestibule_store::role_assignments::{self, Listed, Order};

/// One half of a project.
pub type Half<'a> = (&'a Project, Environment);

/// Makes a role.
pub async fn create(core: &Core, by: &Operator, half: Half<'_>, new: NewRole) -> Result<Role, Error> {
    role::insert(core, core.deadline(), Change::by_operator(core, by, half, new)).await
}

/// All roles, earliest made first.
pub async fn list(core: &Core, half: Half<'_>) -> Result<Vec<Role>, Error> {
    role::all(core, half, core.deadline()).await
}

/// The role of this name.
pub async fn find(core: &Core, half: Half<'_>, name: &str) -> Result<Option<Role>, Error> {
    let roles = list(core, half).await?;
    Ok(roles.into_iter().find(|role| role.name == name))
}

/// Renames a role, or changes whether it permits everything.
pub async fn update(
    core: &Core,
    by: &Operator,
    half: Half<'_>,
    role: &Role,
    change: RoleChange,
) -> Result<Role, Error> {
    let wanted = (role.id.to_string(), change);
    role::alter(core, core.deadline(), Change::by_operator(core, by, half, wanted)).await
}

/// Deletes a role; whoever has it loses it.
pub async fn delete(core: &Core, by: &Operator, half: Half<'_>, role: &Role) -> Result<(), Error> {
    let change = Change::by_operator(core, by, half, role.id.to_string());
    role::remove(core, core.deadline(), change).await
}

/// What a role permits, by resource and action.
pub async fn permissions(core: &Core, half: Half<'_>, role: RoleId) -> Result<Vec<RolePermission>, Error> {
    let mut all = permissions::all(core, half, core.deadline()).await?;
    all.retain(|it| it.role == role);
    all.sort_by(|left, right| (&left.resource, &left.action).cmp(&(&right.resource, &right.action)));
    Ok(all)
}

/// Adds a permission, written as `resource:action`, to a role.
pub async fn grant(
    core: &Core,
    by: &Operator,
    half: Half<'_>,
    role: &Role,
    permission: &str,
) -> Result<RolePermission, Error> {
    let (resource, action) = pair(permission)?;
    let new = NewPermission {
        role: role.id.to_string(),
        resource: resource.to_owned(),
        action: action.to_owned(),
    };
    permissions::insert(core, core.deadline(), Change::by_operator(core, by, half, new)).await
}

/// Takes a permission, written as `resource:action`, from a role.
pub async fn revoke(
    core: &Core,
    by: &Operator,
    half: Half<'_>,
    role: &Role,
    permission: &str,
) -> Result<(), Error> {
    let (resource, action) = pair(permission)?;
    let all = permissions(core, half, role.id).await?;
    let found = all
        .iter()
        .find(|it| it.resource == resource && it.action == action);
    let found = found.ok_or_else(|| NotFound::record(Record::Permission, permission))?;
    let change = Change::by_operator(core, by, half, found.id.to_string());
    permissions::remove(core, core.deadline(), change).await
}

fn pair(permission: &str) -> Result<(&str, &str), Refusal> {
    names::pair(permission).map_err(|message| Refusal::field("permission", message))
}

/// Assigns a role to a user.
pub async fn assign(
    core: &Core,
    by: &Operator,
    half: Half<'_>,
    role: RoleId,
    user: UserId,
) -> Result<RoleAssignment, Error> {
    let new = NewAssignment {
        user: user.to_string(),
        role: role.to_string(),
    };
    assignments::insert(core, core.deadline(), Change::by_operator(core, by, half, new)).await
}

/// Takes a role from a user; `false` when the user does not have it.
pub async fn unassign(
    core: &Core,
    by: &Operator,
    half: Half<'_>,
    role: RoleId,
    user: UserId,
) -> Result<bool, Error> {
    let book = Book::of(half.0, half.1);
    let held = role_assignments::of_user(&core.store.db, book.realm, book.is_configured(), user).await?;
    let Some(found) = held.iter().find(|it| it.role == role) else {
        return Ok(false);
    };
    let change = Change::by_operator(core, by, half, found.id.to_string());
    assignments::remove(core, core.deadline(), change).await?;
    Ok(true)
}

/// The first `limit` assignments of a role, earliest first, and how many there are.
pub async fn holders(
    core: &Core,
    half: Half<'_>,
    role: RoleId,
    limit: u32,
) -> Result<(i64, Vec<RoleAssignment>), Error> {
    let book = Book::of(half.0, half.1);
    let listed = Listed {
        realm: book.realm,
        configured: book.is_configured(),
        role: Some(role),
    };
    let (db, deadline) = (&core.store.db, core.deadline());
    let total = role_assignments::count(db, deadline, &listed).await?;
    let rows = role_assignments::page(db, deadline, &listed, Order::Assigned, (limit, 0)).await?;
    Ok((total, rows))
}

/// What a user may do; nothing while disabled.
pub async fn authority(core: &Core, half: Half<'_>, user: UserId) -> Result<Authority, Error> {
    Ok(Book::of(half.0, half.1).authority(&core.store.db, user).await?)
}

/// Names of the roles that were assigned to a user, disabled or not, earliest first.
pub async fn assigned(core: &Core, half: Half<'_>, user: UserId) -> Result<Vec<String>, Error> {
    let book = Book::of(half.0, half.1);
    let held = role_assignments::of_user(&core.store.db, book.realm, book.is_configured(), user).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let roles = list(core, half).await?;
    let named = held
        .iter()
        .filter_map(|it| roles.iter().find(|role| role.id == it.role));
    Ok(named.map(|role| role.name.clone()).collect())
}
