//! Roles of a realm.

use crate::columns;
use crate::sentences::sentences;
use vestibule_model::id::{ProjectId, RoleId, UserId};
use vestibule_model::role::Role;
use vestibule_model::Realm;
use vestibule_sql::{Db, Error, Row, Tx, Value, bind};

/// The cache topic under which projects are announced whose roles or permissions changed.
pub const TOPIC: &str = "roles";
/// Most roles that one realm can have, so that listing them is bounded work.
pub const MAX_OF_REALM: i64 = 1_000;

macro_rules! all {
    () => {
        "id, project, environment, name, superuser, created_at, updated_at"
    };
}

sentences! {
    FIND = concat!("SELECT ", all!(), " FROM roles WHERE id = $1 AND project = $2 AND environment = $3");
    FIND_BY_NAME = concat!("SELECT ", all!(), " FROM roles WHERE project = $1 AND environment = $2 AND name = $3");
    OF_REALM = concat!("SELECT ", all!(), " FROM roles WHERE project = $1 AND environment = $2");
    COUNT = "SELECT COUNT(*) FROM roles WHERE project = $1 AND environment = $2";
    INSERT = concat!(
        "INSERT INTO roles (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id"
    );
    // A name that another role has is left to that one: the row is then not updated.
    UPDATE = "UPDATE roles SET name = $2, superuser = $3, updated_at = $4 WHERE id = $1 AND NOT EXISTS
        (SELECT 1 FROM roles AS other WHERE other.project = $5 AND other.environment = $6 AND other.name = $2
        AND other.id <> $1)";
    DELETE = "DELETE FROM roles WHERE id = $1";
    DEPART = "INSERT INTO departed_roles (role) VALUES ($1) ON CONFLICT DO NOTHING";
    DEPARTED = "SELECT role FROM departed_roles LIMIT $1";
    HAS_GONE = "DELETE FROM departed_roles WHERE role = $1";
    DELETE_OF_PROJECT = "DELETE FROM roles WHERE id IN (SELECT id FROM roles WHERE project = $1 LIMIT $2)";
    SUPERUSER_IS_LEFT = "SELECT 1 AS found FROM roles JOIN role_assignments ON role_assignments.role = roles.id
        JOIN users ON users.id = role_assignments.user_id
        WHERE roles.project = $1 AND roles.environment = $2 AND roles.superuser AND users.disabled_at IS NULL
        AND users.id <> $3 LIMIT 1";
}

fn role(row: &Row) -> Result<Role, Error> {
    Ok(Role {
        id: row.get(0).map(RoleId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        name: row.get(3)?,
        superuser: row.get(4)?,
        created_at: columns::time(row, 5)?,
        updated_at: columns::time(row, 6)?,
    })
}

fn named(realm: Realm, name: &str) -> [Value; 3] {
    [realm.project.bytes().into(), realm.environment.as_str().into(), name.into()]
}

fn keyed(realm: Realm, id: RoleId) -> [Value; 3] {
    [id.bytes().into(), realm.project.bytes().into(), realm.environment.as_str().into()]
}

/// The role with this id, if it is of this realm.
pub async fn find(db: &Db, realm: Realm, id: RoleId) -> Result<Option<Role>, Error> {
    db.read_one(FIND, &keyed(realm, id)).await?.as_ref().map(role).transpose()
}

/// The role with this id, if it is of this realm, as the transaction sees it.
pub async fn find_in(tx: &mut Tx, realm: Realm, id: RoleId) -> Result<Option<Role>, Error> {
    tx.one(FIND, &keyed(realm, id)).await?.as_ref().map(role).transpose()
}

/// The role with this name.
pub async fn find_by_name(db: &Db, realm: Realm, name: &str) -> Result<Option<Role>, Error> {
    db.read_one(FIND_BY_NAME, &named(realm, name)).await?.as_ref().map(role).transpose()
}

/// All roles of a realm, in no particular order.
pub async fn of_realm(db: &Db, realm: Realm, deadline: std::time::Instant) -> Result<Vec<Role>, Error> {
    let bind = vec![realm.project.bytes().into(), realm.environment.as_str().into()];
    db.scan(deadline, OF_REALM, bind).await?.iter().map(role).collect()
}

/// How many roles a realm has.
pub async fn count(tx: &mut Tx, realm: Realm) -> Result<i64, Error> {
    let row = tx.one(COUNT, bind![realm.project.bytes(), realm.environment.as_str()]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Inserts a role; `false` when the name is taken.
pub async fn insert(tx: &mut Tx, role: &Role) -> Result<bool, Error> {
    let row = bind![
        role.id.bytes(),
        role.realm.project.bytes(),
        role.realm.environment.as_str(),
        &role.name,
        role.superuser,
        role.created_at.micros(),
        role.updated_at.micros(),
    ];
    Ok(tx.one(INSERT, row).await?.is_some())
}

/// Writes a role's name and whether it permits everything; `false` when the name is taken. Hold the project first.
pub async fn update(tx: &mut Tx, role: &Role) -> Result<bool, Error> {
    let Realm { project, environment } = role.realm;
    tx.announce(TOPIC, project.bytes());
    let bind = bind![
        role.id.bytes(),
        &role.name,
        role.superuser,
        role.updated_at.micros(),
        project.bytes(),
        environment.as_str(),
    ];
    Ok(tx.run(UPDATE, bind).await? == 1)
}

/// Deletes a role with its permissions. Its assignments mean nothing from then on, and go in batches.
pub async fn delete(tx: &mut Tx, role: &Role) -> Result<(), Error> {
    tx.announce(TOPIC, role.realm.project.bytes());
    tx.run(DELETE, bind![role.id.bytes()]).await?;
    tx.run(DEPART, bind![role.id.bytes()]).await.map(drop)
}

/// Deleted roles whose assignments have not all gone.
pub async fn departed(db: &Db, limit: u32) -> Result<Vec<RoleId>, Error> {
    let rows = db.read_all(DEPARTED, bind![limit]).await?;
    rows.iter().map(|row| row.get(0).map(RoleId::from_bytes)).collect()
}

/// Notes that no assignment of a deleted role is left.
pub async fn has_gone(tx: &mut Tx, role: RoleId) -> Result<(), Error> {
    tx.run(HAS_GONE, bind![role.bytes()]).await.map(drop)
}

/// Deletes roles of a project that is going; answers how many.
pub async fn delete_of_project(tx: &mut Tx, project: ProjectId, limit: u32) -> Result<u64, Error> {
    tx.run(DELETE_OF_PROJECT, bind![project.bytes(), limit]).await
}

/// Whether an enabled user of the realm, other than `except`, has a role that permits everything.
pub async fn superuser_is_left(tx: &mut Tx, realm: Realm, except: Option<UserId>) -> Result<bool, Error> {
    let except = except.map_or([0; 16], UserId::bytes);
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), except];
    Ok(tx.one(SUPERUSER_IS_LEFT, bind).await?.is_some())
}
