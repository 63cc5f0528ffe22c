//! Lists of who has which role.

use super::change::{Collection, demand};
use super::listing::{Column, List, Page};
use super::{Book, role};
use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::Error;
use vestibule_model::id::{AssignmentId, RoleId, UserId};
use vestibule_model::role::RoleAssignment;
use vestibule_model::{Email, Refusal};
use vestibule_store::role_assignments::{Listed, Order};
use vestibule_store::{role_assignments, users};

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
