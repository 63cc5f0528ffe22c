//! Changes of a profile, by its owner or by an operator.

use crate::authenticate::Caller;
use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::user_schema::{self, By, Profile};
use crate::{audit, unique_values};
use serde_json::{Map, Value};
use vestibule_model::id::UserId;
use vestibule_model::refusal::{Account as AccountRefusal, Failed, Input, Token};
use vestibule_model::user::User;
use vestibule_model::{Project, Timestamp};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::{Tx, users};

/// How often a change is made anew on what somebody else has changed meanwhile.
const ATTEMPTS: usize = 32;
/// How many changed fields an audit row names.
const NAMED: usize = 20;

/// Changes fields of the caller's profile: what is absent stays, `null` clears a field, and an object or a list is
/// replaced as a whole. The profile that results is checked as a new one is; only what the user may edit can be named.
/// A change of nothing writes nothing.
pub async fn update_profile(cx: &Cx, caller: &Caller, changes: Map<String, Value>) -> Result<User, Error> {
    let entry = audit::done(cx, Act::ProfileUpdated)
        .about(caller.user.id)
        .in_session(caller.session);
    let change = Change {
        user: caller.user.id,
        changes,
        by: By::Owner,
        entry,
    };
    let user = self::change(&cx.core, &cx.project, change).await?;
    user.ok_or_else(|| Token::Revoked.into())
}

/// A change of a profile, and who makes it.
pub(crate) struct Change {
    /// Whose profile.
    pub(crate) user: UserId,
    /// The fields that change; `null` clears one.
    pub(crate) changes: Map<String, Value>,
    /// Who changes them.
    pub(crate) by: By,
    /// The audit row, but for its detail.
    pub(crate) entry: Entry,
}

/// The user after the change; `None` when there is no such user. The profile is checked outside of the transaction,
/// which refuses to replace any other than the one that was looked at.
pub(crate) async fn change(core: &Core, project: &Project, change: Change) -> Result<Option<User>, Error> {
    let rules = user_schema::of(project)?.rules()?;
    let names: Vec<_> = change.changes.keys().take(NAMED).cloned().collect();
    let entry = change.entry.saying(&names.join(", "));
    for _ in 0..ATTEMPTS {
        let Some(user) = users::find(&core.store.db, change.user).await? else {
            return Ok(None);
        };
        let profile = rules
            .change(&user.profile, change.changes.clone(), change.by)
            .map_err(Input::Fields)?;
        if profile.fields == user.profile {
            return Ok(Some(user));
        }
        let replacement = Replacement {
            seen: user,
            profile,
            by: change.by,
            entry: entry.clone(),
            now: core.clock.now(),
        };
        match core.write(replace, replacement).await? {
            Outcome::Done(user) => return Ok(Some(*user)),
            Outcome::Gone => return Ok(None),
            Outcome::Overtaken => {}
        }
    }
    Err(Failed::Unavailable.into())
}

struct Replacement {
    seen: User,
    profile: Profile,
    by: By,
    entry: Entry,
    now: Timestamp,
}

enum Outcome {
    Done(Box<User>),
    Gone,
    /// The profile that was checked is no longer the one that would be replaced.
    Overtaken,
}

async fn replace(tx: &mut Tx, new: &Replacement) -> Result<Outcome, Stop> {
    let Some(mut user) = users::lock(tx, new.seen.id).await? else {
        return Ok(Outcome::Gone);
    };
    if user.disabled_at.is_some() && new.by == By::Owner {
        return Err(AccountRefusal::Disabled.into());
    }
    if user.profile != new.seen.profile {
        return Ok(Outcome::Overtaken);
    }
    user.profile.clone_from(&new.profile.fields);
    user.updated_at = new.now;
    unique_values::replace(tx, &user, &new.profile.identifiers).await?;
    users::update_profile(tx, user.id, &user.profile, new.now).await?;
    vestibule_store::audit::write(tx, &new.entry).await?;
    Ok(Outcome::Done(Box::new(user)))
}
