//! Changes of a user's own profile.

use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::user_schema::{self, By, Identifier, Profile};
use crate::{audit, register};
use serde_json::{Map, Value};
use vestibule_model::refusal::{Account as AccountRefusal, Failed, Input, Token};
use vestibule_model::user::User;
use vestibule_model::{Refusal, Timestamp};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::{Tx, identifiers, users};

/// How often a change is made anew on what somebody else has changed meanwhile.
const ATTEMPTS: usize = 32;

/// Changes fields of the caller's profile: what is absent stays, `null` clears a field, and an object or a list is
/// replaced as a whole. The profile that results is checked as a new one is; only what the user may edit can be named.
/// A change of nothing writes nothing.
pub async fn update_profile(cx: &Cx, caller: &Caller, changes: Map<String, Value>) -> Result<User, Error> {
    let rules = user_schema::of(&cx.project)?.rules()?;
    let names: Vec<_> = changes.keys().take(20).cloned().collect();
    let entry = audit::done(cx, Act::ProfileUpdated)
        .about(caller.user.id)
        .in_session(caller.session)
        .saying(&names.join(", "));
    for _ in 0..ATTEMPTS {
        let user = users::find(&cx.core.store.db, caller.user.id)
            .await?
            .ok_or(Token::Revoked)?;
        let profile = rules
            .change(&user.profile, changes.clone(), By::Owner)
            .map_err(Input::Fields)?;
        if profile.fields == user.profile {
            return Ok(user);
        }
        let update = Update {
            seen: user,
            profile,
            entry: entry.clone(),
            now: cx.now(),
        };
        if let Some(user) = cx.write(update_on, update).await? {
            return Ok(user);
        }
    }
    Err(Refusal::from(Failed::Unavailable).into())
}

struct Update {
    seen: User,
    profile: Profile,
    entry: Entry,
    now: Timestamp,
}

/// `None` when the profile that was checked is no longer the one that is changed.
async fn update_on(tx: &mut Tx, update: &Update) -> Result<Option<User>, Stop> {
    let mut user = users::lock(tx, update.seen.id).await?.ok_or(Token::Revoked)?;
    if user.disabled_at.is_some() {
        return Err(AccountRefusal::Disabled.into());
    }
    if user.profile != update.seen.profile {
        return Ok(None);
    }
    user.profile.clone_from(&update.profile.fields);
    user.updated_at = update.now;
    set_identifiers(tx, &user, &update.profile.identifiers).await?;
    users::update_profile(tx, user.id, &user.profile, update.now).await?;
    vestibule_store::audit::write(tx, &update.entry).await?;
    Ok(Some(user))
}

/// Makes a user's unique values exactly these: gives back what it no longer has, claims what is new.
async fn set_identifiers(tx: &mut Tx, user: &User, wanted: &[Identifier]) -> Result<(), Stop> {
    let present = identifiers::of_user(tx, user.id).await?;
    let has = |it: &&Identifier| {
        present
            .iter()
            .any(|(path, value)| *path == it.path && *value == it.value)
    };
    for (path, value) in &present {
        if !wanted.iter().any(|it| it.path == *path && it.value == *value) {
            identifiers::release(tx, user.realm, user.id, path, value).await?;
        }
    }
    let new: Vec<_> = wanted.iter().filter(|it| !has(it)).cloned().collect();
    register::claim(tx, user, &new).await
}
