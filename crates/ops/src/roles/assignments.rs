//! Who has which role.

pub use super::assignment_list::{AssignmentColumn, list};

use super::Book;
use super::change::{Change, Collection, covers, demand};
use super::role::find_in as find_role_in;
use super::superusers::Standing;
use crate::authenticate::Caller;
use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use std::time::Instant;
use vestibule_model::Refusal;
use vestibule_model::id::{AssignmentId, UserId};
use vestibule_model::refusal::{Conflict, NotFound, Record};
use vestibule_model::role::{Role, RoleAssignment, RolePermission};
use vestibule_store::audit::Act;
use vestibule_store::{Tx, permissions, role_assignments, users};

/// A role to be assigned.
#[derive(Clone, Debug)]
pub struct NewAssignment {
    /// The user's id.
    pub user: String,
    /// The role's id.
    pub role: String,
}

/// What is to change about an assignment; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AssignmentChange {
    /// The id of the user who gets the role instead.
    pub user: Option<String>,
    /// The id of the role instead.
    pub role: Option<String>,
}

/// The assignment with this id.
pub async fn get(cx: &Cx, caller: &Caller, id: &str) -> Result<RoleAssignment, Error> {
    demand(cx, caller, Collection::Assignments, "View").await?;
    let book = Book::of(&cx.project, cx.environment);
    let found = match id.parse() {
        Ok(id) => role_assignments::find(&cx.core.store.db, book.realm, book.is_configured(), id).await?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| NotFound::record(Record::Assignment, id))?)
}

/// Assigns a role that the caller has to a user of the realm.
pub async fn create(cx: &Cx, caller: &Caller, new: NewAssignment) -> Result<RoleAssignment, Error> {
    let change = Change::by_caller(cx, caller, Collection::Assignments, "Create", new).await?;
    insert(&cx.core, cx.deadline, change).await
}

pub(crate) async fn insert(
    core: &Core,
    deadline: Instant,
    change: Change<NewAssignment>,
) -> Result<RoleAssignment, Error> {
    let id = AssignmentId::new(core.entropy.as_ref(), change.now);
    Ok(core.store.db.write(deadline, insert_body, (change, id)).await?)
}

async fn insert_body(
    tx: &mut Tx,
    (change, id): &(Change<NewAssignment>, AssignmentId),
) -> Result<RoleAssignment, Stop> {
    let held = change.begin(tx).await?;
    let (role, _) = find_with_permissions(tx, &change.book, &change.wanted.role).await?;
    let user = find_user(tx, &change.book, &change.wanted.user).await?;
    if !held.has_role(&role.name) {
        return Err(change.refuse(tx, &format!("assign {}", role.name)).await);
    }
    room(tx, &change.book, user).await?;
    let new = RoleAssignment {
        id: *id,
        realm: change.book.realm,
        user,
        role: role.id,
        created_at: change.now,
        updated_at: change.now,
    };
    if !role_assignments::insert(tx, &new, change.book.is_configured()).await? {
        return Err(taken());
    }
    change.done(tx, Act::RoleAssigned, &role.name, Some(user)).await?;
    Ok(new)
}

/// Changes who has a role, or which role somebody has. It is taken from a user and assigned to one, so the rules of both
/// hold.
pub async fn update(
    cx: &Cx,
    caller: &Caller,
    id: &str,
    wanted: AssignmentChange,
) -> Result<RoleAssignment, Error> {
    let wanted = (id.to_owned(), wanted);
    let change = Change::by_caller(cx, caller, Collection::Assignments, "Update", wanted).await?;
    cx.write(alter, change).await
}

async fn alter(tx: &mut Tx, change: &Change<(String, AssignmentChange)>) -> Result<RoleAssignment, Stop> {
    let held = change.begin(tx).await?;
    let (book, (id, wanted)) = (&change.book, &change.wanted);
    let before = find_in(tx, book, id).await?;
    let (from, permitted) = find_with_permissions(tx, book, &before.role.to_string()).await?;
    let to = match &wanted.role {
        Some(role) => find_role_in(tx, book, role).await?,
        None => from.clone(),
    };
    let user = match &wanted.user {
        Some(user) => find_user(tx, book, user).await?,
        None => before.user,
    };
    if !held.has_role(&to.name) || !covers(&held, &from, &permitted) {
        let detail = format!("assign {} instead of {}", to.name, from.name);
        return Err(change.refuse(tx, &detail).await);
    }
    if user != before.user {
        room(tx, book, user).await?;
    }
    let after = RoleAssignment {
        user,
        role: to.id,
        updated_at: change.now,
        ..before.clone()
    };
    let standing = Standing::before(tx, book).await?;
    if !role_assignments::update(tx, &after, before.user).await? {
        return Err(taken());
    }
    standing.after(tx, book).await?;
    change.done(tx, Act::RoleReassigned, &to.name, Some(user)).await?;
    Ok(after)
}

/// Takes a role that permits nothing beyond what the caller may do from a user.
pub async fn delete(cx: &Cx, caller: &Caller, id: &str) -> Result<(), Error> {
    let change = Change::by_caller(cx, caller, Collection::Assignments, "Delete", id.to_owned()).await?;
    remove(&cx.core, cx.deadline, change).await
}

pub(crate) async fn remove(core: &Core, deadline: Instant, change: Change<String>) -> Result<(), Error> {
    Ok(core.store.db.write(deadline, remove_body, change).await?)
}

async fn remove_body(tx: &mut Tx, change: &Change<String>) -> Result<(), Stop> {
    let held = change.begin(tx).await?;
    let book = &change.book;
    let gone = find_in(tx, book, &change.wanted).await?;
    let (role, permitted) = find_with_permissions(tx, book, &gone.role.to_string()).await?;
    if !covers(&held, &role, &permitted) {
        return Err(change.refuse(tx, &format!("unassign {}", role.name)).await);
    }
    let standing = Standing::before(tx, book).await?;
    role_assignments::delete(tx, &gone).await?;
    standing.after(tx, book).await?;
    change
        .done(tx, Act::RoleUnassigned, &role.name, Some(gone.user))
        .await
}

async fn find_in(tx: &mut Tx, book: &Book, id: &str) -> Result<RoleAssignment, Stop> {
    let found = match id.parse() {
        Ok(id) => role_assignments::find_in(tx, book.realm, book.is_configured(), id).await?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| NotFound::record(Record::Assignment, id))?)
}

/// The role with this id and what it permits, wherever it stands.
async fn find_with_permissions(
    tx: &mut Tx,
    book: &Book,
    id: &str,
) -> Result<(Role, Vec<RolePermission>), Stop> {
    if !book.is_configured() {
        let role = find_role_in(tx, book, id).await?;
        let permitted = permissions::of_role_in(tx, role.id).await?;
        return Ok((role, permitted));
    }
    let found = id.parse().ok().and_then(|id| book.configured_role(id));
    let found = found.ok_or_else(|| NotFound::record(Record::Role, id))?;
    Ok((found.role.clone(), found.permissions.clone()))
}

async fn find_user(tx: &mut Tx, book: &Book, id: &str) -> Result<UserId, Stop> {
    let found = match id.parse() {
        Ok(id) => users::find_in(tx, id).await?,
        Err(_) => None,
    };
    let found = found.filter(|user| user.realm == book.realm);
    Ok(found.ok_or_else(|| NotFound::record(Record::User, id))?.id)
}

async fn room(tx: &mut Tx, book: &Book, user: UserId) -> Result<(), Stop> {
    let count = role_assignments::count_of_user(tx, user, book.is_configured()).await?;
    if count >= role_assignments::MAX_OF_USER {
        return Err(Refusal::field("user", "has no room: a user has at most 50 roles").into());
    }
    Ok(())
}

fn taken() -> Stop {
    Conflict::ValueTaken(["user", "role"].map(str::to_owned).to_vec()).into()
}
