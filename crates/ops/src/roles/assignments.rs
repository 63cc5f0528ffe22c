//! Who has which role.

use super::change::{Change, Collection, covers, demand};
use super::listing::{Column, List, Page};
use super::role::find_in as find_role_in;
use super::superusers::Standing;
use super::{Book, role};
use crate::authenticate::Caller;
use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use std::time::Instant;
use vestibule_model::id::{AssignmentId, RoleId, UserId};
use vestibule_model::refusal::{Conflict, NotFound, Record};
use vestibule_model::role::{Role, RoleAssignment, RolePermission};
use vestibule_model::{Email, Refusal};
use vestibule_store::audit::Act;
use vestibule_store::role_assignments::{Listed, Order};
use vestibule_store::{Tx, permissions, role_assignments, users};

/// The columns of assignments that lists know. A realm has as many assignments as it has users, so lists are sorted
/// only by what there is an index for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignmentColumn {
    /// The id.
    Id,
    /// The user's id.
    User,
    /// The role's id.
    Role,
    /// When it was assigned.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
}

impl Column for AssignmentColumn {
    fn sorts(self) -> bool {
        matches!(self, Self::CreatedAt | Self::UpdatedAt)
    }

    fn filters(self) -> bool {
        !self.sorts()
    }
}

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

/// Lists assignments. A search finds those of the user with this e-mail address, or of the role with this name.
pub async fn list(
    cx: &Cx,
    caller: &Caller,
    list: &List<AssignmentColumn>,
) -> Result<Page<RoleAssignment>, Error> {
    demand(cx, caller, Collection::Assignments, "View").await?;
    let book = Book::of(&cx.project, cx.environment);
    let Some(wanted) = Wanted::of(cx, &book, list).await? else {
        return Ok(Page {
            total: 0,
            rows: Vec::new(),
        });
    };
    let (db, realm, configured) = (&cx.core.store.db, book.realm, book.is_configured());
    let few = match (wanted.id, wanted.user) {
        (Some(id), _) => Some(Vec::from_iter(
            role_assignments::find(db, realm, configured, id).await?,
        )),
        (None, Some(user)) => Some(role_assignments::of_user(db, realm, configured, user).await?),
        (None, None) => None,
    };
    if let Some(mut few) = few {
        few.retain(|it| {
            wanted.user.is_none_or(|user| it.user == user) && wanted.role.is_none_or(|role| it.role == role)
        });
        return Ok(list.cut(few, |column, left, right| match column {
            AssignmentColumn::UpdatedAt => left.updated_at.cmp(&right.updated_at),
            _ => left.created_at.cmp(&right.created_at),
        })?);
    }
    let listed = Listed {
        realm,
        configured,
        role: wanted.role,
    };
    let total = role_assignments::count(db, cx.deadline, &listed).await?;
    let place = (list.limit, list.offset()?);
    let rows = role_assignments::page(db, cx.deadline, &listed, order(list)?, place).await?;
    Ok(Page {
        total: u64::try_from(total).unwrap_or(0),
        rows,
    })
}

/// What the rows of a list must be.
#[derive(Default)]
struct Wanted {
    id: Option<AssignmentId>,
    user: Option<UserId>,
    role: Option<RoleId>,
}

impl Wanted {
    /// `None` when nothing can be that.
    async fn of(cx: &Cx, book: &Book, list: &List<AssignmentColumn>) -> Result<Option<Self>, Error> {
        let mut wanted = Self::default();
        for (column, value) in &list.filters {
            let possible = match column {
                AssignmentColumn::Id => narrow(&mut wanted.id, value.parse().ok()),
                AssignmentColumn::User => narrow(&mut wanted.user, value.parse().ok()),
                AssignmentColumn::Role => narrow(&mut wanted.role, value.parse().ok()),
                AssignmentColumn::CreatedAt | AssignmentColumn::UpdatedAt => false,
            };
            if !possible {
                return Ok(None);
            }
        }
        let Some(text) = &list.search else {
            return Ok(Some(wanted));
        };
        let possible = if let Ok(email) = Email::parse(text) {
            let user = users::find_by_email(&cx.core.store.db, book.realm, &email).await?;
            narrow(&mut wanted.user, user.map(|user| user.id))
        } else {
            let roles = role::all(&cx.core, (&cx.project, cx.environment), cx.deadline).await?;
            let role = roles.iter().find(|role| role.name == *text);
            narrow(&mut wanted.role, role.map(|role| role.id))
        };
        Ok(possible.then_some(wanted))
    }
}

/// Whether `place` can be `value`, which it then is.
fn narrow<T: Copy + PartialEq>(place: &mut Option<T>, value: Option<T>) -> bool {
    let possible = value.is_some() && (place.is_none() || *place == value);
    *place = value;
    possible
}

fn order(list: &List<AssignmentColumn>) -> Result<Order, Refusal> {
    match list.sort.as_slice() {
        [(AssignmentColumn::UpdatedAt, descending)] if *descending => Ok(Order::ChangedLast),
        [(AssignmentColumn::UpdatedAt, _)] => Ok(Order::Changed),
        [(_, descending)] if *descending => Ok(Order::AssignedLast),
        [] | [_] => Ok(Order::Assigned),
        _ => Err(Refusal::field("sort", "must be one field for this list")),
    }
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
