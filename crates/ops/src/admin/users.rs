//! Users.

use super::Operator;
use crate::core::Core;
use crate::deletion::{self, Deletion};
use crate::error::{Error, Stop};
use crate::roles::{self, Book};
use crate::update_profile::{self as profile_change, Change as ProfileChange};
use crate::user_schema::By;
use crate::{admin::user_import, passwords};
use serde_json::{Map, Value};
use vestibule_model::id::UserId;
use vestibule_model::mail::Purpose;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::session::EndReason;
use vestibule_model::user::User;
use vestibule_model::{Email, Environment, Project, Realm, Timestamp};
use vestibule_store::attempts::{self, Account};
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::{Tx, credentials, mailed_secrets, sessions, users};

pub use crate::admin::user_import::{NewUser, import};

/// A password as operators set it.
pub enum NewPassword {
    /// In plain text; the project's rule for new passwords holds (A16).
    Plain(String),
    /// The hash that another system stored: Argon2, bcrypt, scrypt, PBKDF2 or SHA-crypt.
    Hash(String),
}

/// Creates one user by the rules of registration. No mail is sent.
pub async fn create(
    core: &Core,
    by: &Operator,
    project: &Project,
    environment: Environment,
    new: NewUser,
) -> Result<User, Error> {
    let made = import(core, by, project, environment, vec![new]).await?;
    match made.into_iter().next() {
        Some(made) => made.map_err(Error::Refused),
        None => {
            Err(vestibule_model::Fault::Internal("one user was to be made, and none was".to_owned()).into())
        }
    }
}

/// Up to `limit` users after a number, in the order of their numbers.
pub async fn list(core: &Core, realm: Realm, after: i64, limit: u32) -> Result<Vec<User>, Error> {
    Ok(users::page(&core.store.db, realm, after, limit).await?)
}

/// How many users a realm has.
pub async fn count(core: &Core, realm: Realm) -> Result<i64, Error> {
    Ok(users::count(&core.store.db, realm).await?)
}

/// The user with this id in a realm.
pub async fn find(core: &Core, realm: Realm, id: UserId) -> Result<Option<User>, Error> {
    Ok(users::find(&core.store.db, id)
        .await?
        .filter(|user| user.realm == realm))
}

/// The user with this address, in any spelling.
pub async fn find_by_email(core: &Core, realm: Realm, email: &str) -> Result<Option<User>, Error> {
    match Email::parse(email) {
        Ok(email) => Ok(users::find_by_email(&core.store.db, realm, &email).await?),
        Err(_) => Ok(None),
    }
}

/// Up to `limit` audit rows about a user from before a moment, newest first.
pub async fn audit_rows(
    core: &Core,
    user: UserId,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    Ok(audit::of_user(&core.store.db, user, before, limit).await?)
}

/// When the lock of an account ends, if it is locked.
pub async fn locked_until(core: &Core, user: &User) -> Result<Option<Timestamp>, Error> {
    let (account, now) = (Account::User(user.id), core.clock.now());
    Ok(attempts::locked_until(&core.store.db, user.realm, &account, &core.settings.lockout, now).await?)
}

/// Disables an account and ends its sessions; `false` when it was disabled already, or is gone. The last enabled user
/// who may do everything stays.
pub async fn disable(core: &Core, by: &Operator, user: &User) -> Result<bool, Error> {
    change(
        core,
        user,
        Change::Disable,
        by.does(core, user.realm, Act::UserDisabled),
    )
    .await
}

/// Enables an account again; `false` when it was not disabled, or is gone.
pub async fn enable(core: &Core, by: &Operator, user: &User) -> Result<bool, Error> {
    change(
        core,
        user,
        Change::Enable,
        by.does(core, user.realm, Act::UserEnabled),
    )
    .await
}

/// Marks the address verified; `false` when it was already, or the user is gone.
pub async fn verify_email(core: &Core, by: &Operator, user: &User) -> Result<bool, Error> {
    change(
        core,
        user,
        Change::VerifyEmail,
        by.does(core, user.realm, Act::EmailVerified),
    )
    .await
}

/// Ends the lock of an account and forgets its failures.
pub async fn unlock(core: &Core, by: &Operator, user: &User) -> Result<bool, Error> {
    change(
        core,
        user,
        Change::Unlock,
        by.does(core, user.realm, Act::UserUnlocked),
    )
    .await
}

/// Changes fields of a user's profile by the project's user schema, those for operators only too; `null` clears one.
/// `None` when the user is gone.
pub async fn update_profile(
    core: &Core,
    by: &Operator,
    project: &Project,
    user: &User,
    changes: Map<String, Value>,
) -> Result<Option<User>, Error> {
    let change = ProfileChange {
        user: user.id,
        changes,
        by: By::Operator,
        entry: by.does(core, user.realm, Act::ProfileUpdated).about(user.id),
    };
    profile_change::change(core, project, change).await
}

/// Sets a password, ends every session and voids every mailed secret.
pub async fn set_password(
    core: &Core,
    by: &Operator,
    project: &Project,
    user: &User,
    new: NewPassword,
) -> Result<bool, Error> {
    let hash = stored_hash(core, project, user, new).await?;
    change(
        core,
        user,
        Change::Password(hash),
        by.does(core, user.realm, Act::PasswordSet),
    )
    .await
}

/// Deletes a user and everything that hangs on it but its audit rows; `false` when there is none. The last enabled user
/// who may do everything stays.
pub async fn delete(core: &Core, by: &Operator, user: &User) -> Result<bool, Error> {
    let row = |act| by.does(core, user.realm, act).about(user.id);
    let deletion = Deletion {
        user: user.id,
        book: Book::load(core, user.realm).await?,
        disabled: row(Act::UserDisabled).saying("being deleted"),
        deleted: row(Act::UserDeleted),
    };
    deletion::delete(core, deletion).await
}

/// The hash to store for a password that an operator gives.
pub(super) async fn stored_hash(
    core: &Core,
    project: &Project,
    user: &User,
    new: NewPassword,
) -> Result<String, Error> {
    match new {
        NewPassword::Plain(typed) => {
            let password = passwords::admit_by(rule(core, project), project, user, &typed)?;
            Ok(core
                .pool
                .hash(&password, core.deadline())
                .await?
                .text()
                .to_owned())
        }
        NewPassword::Hash(text) => Ok(user_import::check_hash(&text)?),
    }
}

/// The rule for passwords that operators set: that of the first dialect, as the project has it.
fn rule(core: &Core, project: &Project) -> PasswordPolicy {
    let Some(door) = core.doors.first() else {
        return PasswordPolicy::default();
    };
    project.dialect(door.name).map_or_else(
        || door.policy.password,
        |settings| settings.over(&door.policy).password,
    )
}

enum Change {
    Disable,
    Enable,
    VerifyEmail,
    Unlock,
    Password(String),
}

struct Changing {
    user: UserId,
    book: Book,
    change: Change,
    entry: Entry,
    now: Timestamp,
}

async fn change(core: &Core, user: &User, change: Change, entry: Entry) -> Result<bool, Error> {
    let input = Changing {
        user: user.id,
        book: Book::load(core, user.realm).await?,
        change,
        entry: entry.about(user.id),
        now: core.clock.now(),
    };
    core.write(apply, input).await
}

async fn apply(tx: &mut Tx, input: &Changing) -> Result<bool, Stop> {
    let (id, now) = (input.user, input.now);
    let Some(user) = users::lock(tx, id).await? else {
        return Ok(false);
    };
    let changed = match &input.change {
        Change::Disable => {
            roles::leave(tx, &input.book, id).await?;
            sessions::end_all(tx, id, EndReason::UserDisabled, None, now).await?;
            users::disable(tx, id, now).await?
        }
        Change::Enable => users::enable(tx, id, now).await?,
        Change::VerifyEmail => users::verify_email(tx, id, &user.email, now).await?,
        Change::Unlock => {
            attempts::clear(tx, user.realm, &Account::User(id)).await?;
            true
        }
        Change::Password(hash) => {
            credentials::set(tx, id, hash, now).await?;
            sessions::end_all(tx, id, EndReason::Operator, None, now).await?;
            for purpose in [Purpose::VerifyEmail, Purpose::ResetPassword] {
                mailed_secrets::void(tx, id, purpose, now).await?;
            }
            attempts::clear(tx, user.realm, &Account::User(id)).await?;
            true
        }
    };
    if changed {
        audit::write(tx, &input.entry).await?;
    }
    Ok(changed)
}
