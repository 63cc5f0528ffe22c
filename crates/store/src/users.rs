//! Users, without their credentials.

use crate::columns;
use crate::sentences::sentences;
use serde_json::{Map, Value as Json};
use vestibule_model::id::{ProjectId, UserId};
use vestibule_model::user::User;
use vestibule_model::{Email, Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// The cache topic under which changes of users are announced.
pub const TOPIC: &str = "user";

macro_rules! all {
    () => {
        "id, project, environment, number, email, email_typed, email_verified_at, profile, public_metadata, \
         disabled_at, created_at, updated_at"
    };
}
pub(crate) use all;

/// How many columns these are.
pub(crate) const WIDTH: usize = 12;

sentences! {
    FIND = concat!("SELECT ", all!(), " FROM users WHERE id = $1");
    FIND_BY_EMAIL = concat!("SELECT ", all!(), " FROM users WHERE project = $1 AND environment = $2 AND email = $3");
    // SQLite has one writer, which nothing can overtake: there is nothing to lock.
    LOCK = both!(
        sqlite: concat!("SELECT ", all!(), " FROM users WHERE id = $1"),
        postgres: concat!("SELECT ", all!(), " FROM users WHERE id = $1 FOR UPDATE"),
    );
    NEXT_NUMBER = "INSERT INTO user_numbers (project, environment, last) VALUES ($1, $2, 1)
        ON CONFLICT (project, environment) DO UPDATE SET last = user_numbers.last + 1 RETURNING last";
    INSERT = concat!(
        "INSERT INTO users (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT DO NOTHING RETURNING number"
    );
    UPDATE_PROFILE = "UPDATE users SET profile = $2, updated_at = $3 WHERE id = $1";
    VERIFY_EMAIL = "UPDATE users SET email_verified_at = $3, updated_at = $3
        WHERE id = $1 AND email = $2 AND email_verified_at IS NULL";
    DISABLE = "UPDATE users SET disabled_at = $2, updated_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    ENABLE = "UPDATE users SET disabled_at = NULL, updated_at = $2 WHERE id = $1 AND disabled_at IS NOT NULL";
    DELETE = "DELETE FROM users WHERE id = $1";
    PAGE = concat!(
        "SELECT ", all!(),
        " FROM users WHERE project = $1 AND environment = $2 AND number > $3 ORDER BY number LIMIT $4"
    );
    COUNT = "SELECT COUNT(*) FROM users WHERE project = $1 AND environment = $2";
    IDS_OF_PROJECT = "SELECT id FROM users WHERE project = $1 LIMIT $2";
}

pub(crate) fn user(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row.get(0).map(UserId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        number: row.get(3)?,
        email: row.get(4).map(Email::from_store)?,
        email_typed: row.get(5)?,
        email_verified_at: columns::time_or_none(row, 6)?,
        profile: columns::object(row, 7)?,
        public_metadata: columns::object(row, 8)?,
        disabled_at: columns::time_or_none(row, 9)?,
        created_at: columns::time(row, 10)?,
        updated_at: columns::time(row, 11)?,
    })
}

/// The user with this id, in whatever realm.
pub async fn find(db: &Db, id: UserId) -> Result<Option<User>, Error> {
    db.read_one(FIND, bind![id.bytes()]).await?.as_ref().map(user).transpose()
}

/// The user with this id, in whatever realm, as the transaction sees it.
pub async fn find_in(tx: &mut Tx, id: UserId) -> Result<Option<User>, Error> {
    tx.one(FIND, bind![id.bytes()]).await?.as_ref().map(user).transpose()
}

/// The user with this canonical address.
pub async fn find_by_email(db: &Db, realm: Realm, email: &Email) -> Result<Option<User>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), email.as_str()];
    db.read_one(FIND_BY_EMAIL, bind).await?.as_ref().map(user).transpose()
}

/// The user with this canonical address, as the transaction sees it.
pub async fn find_by_email_in(tx: &mut Tx, realm: Realm, email: &Email) -> Result<Option<User>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), email.as_str()];
    tx.one(FIND_BY_EMAIL, bind).await?.as_ref().map(user).transpose()
}

/// The newest version of a user, whose row nobody else changes until this transaction ends.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<Option<User>, Error> {
    tx.one(LOCK, bind![id.bytes()]).await?.as_ref().map(user).transpose()
}

/// The realm's next user number, from 1.
pub async fn next_number(tx: &mut Tx, realm: Realm) -> Result<i64, Error> {
    let row = tx.one(NEXT_NUMBER, bind![realm.project.bytes(), realm.environment.as_str()]).await?;
    row.ok_or_else(|| Error::Other("no user number was returned".to_owned()))?.get(0)
}

/// Inserts a user; `false` when the address is taken.
pub async fn insert(tx: &mut Tx, user: &User) -> Result<bool, Error> {
    let row = bind![
        user.id.bytes(),
        user.realm.project.bytes(),
        user.realm.environment.as_str(),
        user.number,
        user.email.as_str(),
        &user.email_typed,
        user.email_verified_at.map(Timestamp::micros),
        columns::object_text(&user.profile),
        columns::object_text(&user.public_metadata),
        user.disabled_at.map(Timestamp::micros),
        user.created_at.micros(),
        user.updated_at.micros(),
    ];
    Ok(tx.one(INSERT, row).await?.is_some())
}

/// Replaces a user's profile.
pub async fn update_profile(
    tx: &mut Tx,
    id: UserId,
    profile: &Map<String, Json>,
    now: Timestamp,
) -> Result<(), Error> {
    tx.run(UPDATE_PROFILE, bind![id.bytes(), columns::object_text(profile), now.micros()]).await?;
    tx.announce(TOPIC, id.bytes());
    Ok(())
}

/// Marks the address verified, if it is still `email`; answers whether that changed anything.
pub async fn verify_email(tx: &mut Tx, id: UserId, email: &Email, now: Timestamp) -> Result<bool, Error> {
    let changed = tx.run(VERIFY_EMAIL, bind![id.bytes(), email.as_str(), now.micros()]).await? == 1;
    tx.announce(TOPIC, id.bytes());
    Ok(changed)
}

/// Disables an account; answers whether it was enabled. Its sessions are the caller's to end.
pub async fn disable(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<bool, Error> {
    let changed = tx.run(DISABLE, bind![id.bytes(), now.micros()]).await? == 1;
    tx.announce(TOPIC, id.bytes());
    Ok(changed)
}

/// Enables an account again; answers whether it was disabled.
pub async fn enable(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<bool, Error> {
    let changed = tx.run(ENABLE, bind![id.bytes(), now.micros()]).await? == 1;
    tx.announce(TOPIC, id.bytes());
    Ok(changed)
}

/// Deletes a user and everything that hangs on it; answers whether there was one.
pub async fn delete(tx: &mut Tx, id: UserId) -> Result<bool, Error> {
    tx.announce(TOPIC, id.bytes());
    Ok(tx.run(DELETE, bind![id.bytes()]).await? == 1)
}

/// The users of a realm after a number, in the order of their numbers.
pub async fn page(db: &Db, realm: Realm, after: i64, limit: u32) -> Result<Vec<User>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), after, limit];
    db.read_all(PAGE, bind).await?.iter().map(user).collect()
}

/// How many users a realm has. Reads its whole index: for operators only.
pub async fn count(db: &Db, realm: Realm) -> Result<i64, Error> {
    let row = db.read_one(COUNT, bind![realm.project.bytes(), realm.environment.as_str()]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Some users of a project that is going.
pub async fn ids_of_project(db: &Db, project: ProjectId, limit: u32) -> Result<Vec<UserId>, Error> {
    let rows = db.read_all(IDS_OF_PROJECT, bind![project.bytes(), limit]).await?;
    rows.iter().map(|row| row.get(0).map(UserId::from_bytes)).collect()
}
