//! What the roles of a realm permit.

use crate::columns;
use crate::roles::TOPIC;
use crate::sentences::sentences;
use vestibule_model::Realm;
use vestibule_model::id::{PermissionId, ProjectId, RoleId, UserId};
use vestibule_model::role::RolePermission;
use vestibule_sql::{Db, Error, Row, Tx, Value, bind};

/// Most permissions that the roles of one realm can have together, so that listing them is bounded work.
pub const MAX_OF_REALM: i64 = 10_000;
/// Most permissions of one role; they go with it in one transaction.
pub const MAX_OF_ROLE: i64 = 400;

macro_rules! all {
    () => {
        "id, project, environment, role, resource, action, created_at, updated_at"
    };
}

sentences! {
    FIND = concat!("SELECT ", all!(), " FROM permissions WHERE id = $1 AND project = $2 AND environment = $3");
    OF_REALM = concat!("SELECT ", all!(), " FROM permissions WHERE project = $1 AND environment = $2");
    OF_ROLE = concat!("SELECT ", all!(), " FROM permissions WHERE role = $1 ORDER BY resource, action");
    OF_USER = "SELECT resource, action FROM role_assignments JOIN permissions ON permissions.role = role_assignments.role
        WHERE role_assignments.user_id = $1 AND permissions.project = $2 AND permissions.environment = $3";
    COUNT = "SELECT COUNT(*) FROM permissions WHERE project = $1 AND environment = $2";
    COUNT_OF_ROLE = "SELECT COUNT(*) FROM permissions WHERE role = $1";
    INSERT = concat!(
        "INSERT INTO permissions (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id"
    );
    // What the role permits already is left alone: the row is then not updated.
    UPDATE = "UPDATE permissions SET role = $2, resource = $3, action = $4, updated_at = $5 WHERE id = $1 AND NOT EXISTS
        (SELECT 1 FROM permissions AS other WHERE other.role = $2 AND other.resource = $3 AND other.action = $4
        AND other.id <> $1)";
    DELETE = "DELETE FROM permissions WHERE id = $1";
    DELETE_OF_PROJECT = "DELETE FROM permissions WHERE id IN (SELECT id FROM permissions WHERE project = $1 LIMIT $2)";
}

fn permission(row: &Row) -> Result<RolePermission, Error> {
    Ok(RolePermission {
        id: row.get(0).map(PermissionId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        role: row.get(3).map(RoleId::from_bytes)?,
        resource: row.get(4)?,
        action: row.get(5)?,
        created_at: columns::time(row, 6)?,
        updated_at: columns::time(row, 7)?,
    })
}

fn keyed(realm: Realm, id: [u8; 16]) -> [Value; 3] {
    [id.into(), realm.project.bytes().into(), realm.environment.as_str().into()]
}

fn pairs(rows: &[Row]) -> Result<Vec<(String, String)>, Error> {
    rows.iter().map(Row::read).collect()
}

/// The permission with this id, if it is of this realm.
pub async fn find(db: &Db, realm: Realm, id: PermissionId) -> Result<Option<RolePermission>, Error> {
    db.read_one(FIND, &keyed(realm, id.bytes())).await?.as_ref().map(permission).transpose()
}

/// The permission with this id, if it is of this realm, as the transaction sees it.
pub async fn find_in(tx: &mut Tx, realm: Realm, id: PermissionId) -> Result<Option<RolePermission>, Error> {
    tx.one(FIND, &keyed(realm, id.bytes())).await?.as_ref().map(permission).transpose()
}

/// All permissions of a realm's roles, in no particular order.
pub async fn of_realm(db: &Db, realm: Realm, deadline: std::time::Instant) -> Result<Vec<RolePermission>, Error> {
    let bind = vec![realm.project.bytes().into(), realm.environment.as_str().into()];
    db.scan(deadline, OF_REALM, bind).await?.iter().map(permission).collect()
}

/// What a role permits.
pub async fn of_role(db: &Db, role: RoleId) -> Result<Vec<RolePermission>, Error> {
    db.read_all(OF_ROLE, bind![role.bytes()]).await?.iter().map(permission).collect()
}

/// What a role permits, as the transaction sees it.
pub async fn of_role_in(tx: &mut Tx, role: RoleId) -> Result<Vec<RolePermission>, Error> {
    tx.all(OF_ROLE, bind![role.bytes()]).await?.iter().map(permission).collect()
}

/// Resource and action of whatever the roles of a user permit, in no particular order.
pub async fn of_user(db: &Db, realm: Realm, user: UserId) -> Result<Vec<(String, String)>, Error> {
    pairs(&db.read_all(OF_USER, &keyed(realm, user.bytes())).await?)
}

/// The same as the transaction sees it.
pub async fn of_user_in(tx: &mut Tx, realm: Realm, user: UserId) -> Result<Vec<(String, String)>, Error> {
    pairs(&tx.all(OF_USER, &keyed(realm, user.bytes())).await?)
}

/// How many permissions the roles of a realm have together.
pub async fn count(tx: &mut Tx, realm: Realm) -> Result<i64, Error> {
    let row = tx.one(COUNT, bind![realm.project.bytes(), realm.environment.as_str()]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// How many permissions a role has.
pub async fn count_of_role(tx: &mut Tx, role: RoleId) -> Result<i64, Error> {
    let row = tx.one(COUNT_OF_ROLE, bind![role.bytes()]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Inserts a permission; `false` when the role has it already.
pub async fn insert(tx: &mut Tx, new: &RolePermission) -> Result<bool, Error> {
    tx.announce(TOPIC, new.realm.project.bytes());
    let row = bind![
        new.id.bytes(),
        new.realm.project.bytes(),
        new.realm.environment.as_str(),
        new.role.bytes(),
        &new.resource,
        &new.action,
        new.created_at.micros(),
        new.updated_at.micros(),
    ];
    Ok(tx.one(INSERT, row).await?.is_some())
}

/// Writes role, resource and action of a permission; `false` when the role has it already. Hold the project first.
pub async fn update(tx: &mut Tx, changed: &RolePermission) -> Result<bool, Error> {
    tx.announce(TOPIC, changed.realm.project.bytes());
    let bind = bind![
        changed.id.bytes(),
        changed.role.bytes(),
        &changed.resource,
        &changed.action,
        changed.updated_at.micros(),
    ];
    Ok(tx.run(UPDATE, bind).await? == 1)
}

/// Deletes a permission.
pub async fn delete(tx: &mut Tx, gone: &RolePermission) -> Result<(), Error> {
    tx.announce(TOPIC, gone.realm.project.bytes());
    tx.run(DELETE, bind![gone.id.bytes()]).await.map(drop)
}

/// Deletes permissions of a project that is going; answers how many.
pub async fn delete_of_project(tx: &mut Tx, project: ProjectId, limit: u32) -> Result<u64, Error> {
    tx.run(DELETE_OF_PROJECT, bind![project.bytes(), limit]).await
}
