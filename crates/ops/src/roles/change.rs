//! Who changes something about roles, and whether they may.

use crate::admin::Operator;
use crate::authenticate::Caller;
use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, KeepingWrites, Stop};
use crate::{audit, roles};
use vestibule_model::id::UserId;
use vestibule_model::refusal::Permission;
use vestibule_model::role::{Role, RolePermission};
use vestibule_model::{Authority, Environment, Fault, Project, Timestamp};
use vestibule_store::audit::{Act, Entry, Outcome};
use vestibule_store::{Tx, projects};

use super::Book;

/// The collections. A caller needs permissions on the resource of the one that is looked at or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// Roles.
    Roles,
    /// What they permit.
    Permissions,
    /// Who has them.
    Assignments,
}

impl Collection {
    pub(crate) const ALL: [Self; 3] = [Self::Roles, Self::Permissions, Self::Assignments];

    /// The name of the resource.
    pub(crate) const fn resource(self) -> &'static str {
        match self {
            Self::Roles => "auth-role",
            Self::Permissions => "auth-permission",
            Self::Assignments => "user-role",
        }
    }
}

/// Refuses a caller who is not permitted `action` on a collection (A15: by default nobody is but a superuser), and any change
/// of what the configuration says. Every operation does; a dialect also asks before it reads what is wanted, so that who
/// may not ask is told nothing else.
pub async fn demand(
    cx: &Cx,
    caller: &Caller,
    collection: Collection,
    action: &'static str,
) -> Result<(), Error> {
    let authority = roles::authority(cx, caller.user.id).await?;
    if !authority.permits(collection.resource(), action) {
        return Err(Permission::Insufficient.into());
    }
    if action != "View" && Book::of(&cx.project, cx.environment).is_configured() {
        return Err(Permission::ReadOnly.into());
    }
    Ok(())
}

/// Who acts.
enum Actor {
    /// Whoever may run commands beside the database may do everything.
    Operator,
    Caller {
        user: UserId,
        needs: (Collection, &'static str),
    },
}

/// A change that is asked for, as its transaction gets it.
pub(crate) struct Change<T> {
    pub(crate) book: Book,
    pub(crate) now: Timestamp,
    /// What is wanted.
    pub(crate) wanted: T,
    actor: Actor,
    entry: Entry,
}

impl<T> Change<T> {
    /// A change by a signed-in caller, who is refused here already when not permitted to ask for it.
    pub(crate) async fn by_caller(
        cx: &Cx,
        caller: &Caller,
        collection: Collection,
        action: &'static str,
        wanted: T,
    ) -> Result<Self, Error> {
        demand(cx, caller, collection, action).await?;
        let book = Book::of(&cx.project, cx.environment);
        let mut entry = audit::done(cx, Act::RoleChangeRefused).in_session(caller.session);
        entry.actor = format!("user:{}", caller.user.id);
        let actor = Actor::Caller {
            user: caller.user.id,
            needs: (collection, action),
        };
        Ok(Self {
            book,
            now: entry.at,
            wanted,
            actor,
            entry,
        })
    }

    /// A change by an operator.
    pub(crate) fn by_operator(
        core: &Core,
        by: &Operator,
        (project, environment): (&Project, Environment),
        wanted: T,
    ) -> Self {
        let book = Book::of(project, environment);
        let entry = by.does(core, book.realm, Act::RoleChangeRefused);
        Self {
            book,
            now: entry.at,
            wanted,
            actor: Actor::Operator,
            entry,
        }
    }

    /// Holds the project's row, so that no other change of its roles happens meanwhile, and answers what the actor may
    /// grant at this moment.
    pub(crate) async fn begin(&self, tx: &mut Tx) -> Result<Authority, Stop> {
        let project = self.book.realm.project;
        let gone = || Fault::Unavailable("the project has just been deleted".to_owned());
        projects::lock(tx, project).await?.ok_or_else(gone)?;
        match &self.actor {
            Actor::Operator => Ok(Authority {
                superuser: true,
                ..Authority::default()
            }),
            Actor::Caller {
                user,
                needs: (collection, action),
            } => {
                let held = self.book.authority_in(tx, *user).await?;
                if held.permits(collection.resource(), action) {
                    Ok(held)
                } else {
                    Err(Permission::Insufficient.into())
                }
            }
        }
    }

    /// Writes the audit row of what was done.
    pub(crate) async fn done(
        &self,
        tx: &mut Tx,
        act: Act,
        detail: &str,
        user: Option<UserId>,
    ) -> Result<(), Stop> {
        let entry = Entry {
            act,
            user,
            ..self.entry.clone().saying(detail)
        };
        Ok(vestibule_store::audit::write(tx, &entry).await?)
    }

    /// Refuses to grant what the actor does not hold, or to touch what stands above the actor; the attempt is written
    /// down. To be called before anything else is written.
    pub(crate) async fn refuse(&self, tx: &mut Tx, detail: &str) -> Stop {
        let entry = Entry {
            outcome: Outcome::Refused,
            ..self.entry.clone().saying(detail)
        };
        match vestibule_store::audit::write(tx, &entry).await {
            Ok(()) => Permission::Insufficient.keeping_writes(),
            Err(error) => error.into(),
        }
    }
}

/// Whether a role stands no higher than who holds `held`: it permits nothing beyond that.
pub(crate) fn covers(held: &Authority, role: &Role, permissions: &[RolePermission]) -> bool {
    let mut each = permissions.iter();
    held.superuser || !role.superuser && each.all(|it| held.permits(&it.resource, &it.action))
}
