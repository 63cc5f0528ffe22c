//! Who has which role. Assignments grow with the users, so they are read in pages, each by an index.

use crate::columns;
use crate::sentences::sentences;
use std::time::Instant;
use vestibule_model::id::{AssignmentId, RoleId, UserId};
use vestibule_model::role::RoleAssignment;
use vestibule_model::Realm;
use vestibule_sql::{Db, Error, Row, Sql, Tx, Value, bind};

/// The cache topic under which users are announced whose roles changed.
pub const TOPIC: &str = "roles_of_user";
/// Most roles that one user can have: they stand in every token.
pub const MAX_OF_USER: i64 = 50;

macro_rules! all {
    () => {
        "id, project, environment, user_id, role, created_at, updated_at"
    };
}

/// A page of a realm's assignments in one order.
macro_rules! page {
    ($order:literal) => {
        concat!(
            "SELECT ", all!(), " FROM role_assignments WHERE project = $1 AND environment = $2 AND configured = $3
            ORDER BY ", $order, " LIMIT $4 OFFSET $5"
        )
    };
}

/// A page of a role's assignments in one order.
macro_rules! page_of_role {
    ($order:literal) => {
        concat!(
            "SELECT ", all!(), " FROM role_assignments WHERE role = $1 AND project = $2 AND environment = $3
            ORDER BY ", $order, " LIMIT $4 OFFSET $5"
        )
    };
}

sentences! {
    FIND = concat!(
        "SELECT ", all!(), " FROM role_assignments WHERE id = $1 AND project = $2 AND environment = $3 AND configured = $4"
    );
    OF_USER = concat!(
        "SELECT ", all!(), " FROM role_assignments WHERE user_id = $1 AND project = $2 AND environment = $3
        AND configured = $4 ORDER BY created_at, id"
    );
    PAGE = page!("created_at, id");
    PAGE_DOWN = page!("created_at DESC, id DESC");
    PAGE_BY_CHANGE = page!("updated_at, id");
    PAGE_BY_CHANGE_DOWN = page!("updated_at DESC, id DESC");
    PAGE_OF_ROLE = page_of_role!("created_at, id");
    PAGE_OF_ROLE_DOWN = page_of_role!("created_at DESC, id DESC");
    PAGE_OF_ROLE_BY_CHANGE = page_of_role!("updated_at, id");
    PAGE_OF_ROLE_BY_CHANGE_DOWN = page_of_role!("updated_at DESC, id DESC");
    COUNT = "SELECT COUNT(*) FROM role_assignments WHERE project = $1 AND environment = $2 AND configured = $3";
    COUNT_OF_ROLE = "SELECT COUNT(*) FROM role_assignments WHERE role = $1 AND project = $2 AND environment = $3";
    COUNT_OF_USER = "SELECT COUNT(*) FROM role_assignments WHERE user_id = $1 AND configured = $2";
    IS_HELD = "SELECT 1 AS held FROM role_assignments WHERE role = $1 LIMIT 1";
    ROLES_OF_USER = "SELECT roles.name, roles.superuser FROM role_assignments JOIN roles ON roles.id = role_assignments.role
        JOIN users ON users.id = role_assignments.user_id
        WHERE role_assignments.user_id = $1 AND roles.project = $2 AND roles.environment = $3 AND users.disabled_at IS NULL
        ORDER BY role_assignments.created_at, role_assignments.id";
    CONFIGURED_OF_USER = "SELECT role_assignments.role FROM role_assignments JOIN users ON users.id = role_assignments.user_id
        WHERE role_assignments.user_id = $1 AND role_assignments.project = $2 AND role_assignments.environment = $3
        AND role_assignments.configured AND users.disabled_at IS NULL
        ORDER BY role_assignments.created_at, role_assignments.id";
    HOLDER_IS_LEFT = "SELECT 1 AS found FROM role_assignments JOIN users ON users.id = role_assignments.user_id
        WHERE role_assignments.role = $1 AND users.disabled_at IS NULL AND users.id <> $2 LIMIT 1";
    INSERT = "INSERT INTO role_assignments (id, project, environment, user_id, role, configured, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id";
    // A role that the user has already is left alone: the row is then not updated.
    UPDATE = "UPDATE role_assignments SET user_id = $2, role = $3, updated_at = $4 WHERE id = $1 AND NOT EXISTS
        (SELECT 1 FROM role_assignments AS other WHERE other.user_id = $2 AND other.role = $3 AND other.id <> $1)";
    DELETE = "DELETE FROM role_assignments WHERE id = $1";
    DELETE_OF_ROLE = "DELETE FROM role_assignments WHERE id IN (SELECT id FROM role_assignments WHERE role = $1 LIMIT $2)
        RETURNING user_id";
}

/// By what a list of assignments is sorted; the id decides between equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Earliest assigned first.
    Assigned,
    /// Latest assigned first.
    AssignedLast,
    /// Earliest changed first.
    Changed,
    /// Latest changed first.
    ChangedLast,
}

/// Which assignments a list shows.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Of which realm.
    pub realm: Realm,
    /// Whether those of roles in the configuration, or of stored ones.
    pub configured: bool,
    /// Only those of this role.
    pub role: Option<RoleId>,
}

fn assignment(row: &Row) -> Result<RoleAssignment, Error> {
    Ok(RoleAssignment {
        id: row.get(0).map(AssignmentId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        user: row.get(3).map(UserId::from_bytes)?,
        role: row.get(4).map(RoleId::from_bytes)?,
        created_at: columns::time(row, 5)?,
        updated_at: columns::time(row, 6)?,
    })
}

fn keyed(id: [u8; 16], realm: Realm) -> [Value; 3] {
    [id.into(), realm.project.bytes().into(), realm.environment.as_str().into()]
}

fn keyed_kind(id: [u8; 16], realm: Realm, configured: bool) -> [Value; 4] {
    [id.into(), realm.project.bytes().into(), realm.environment.as_str().into(), configured.into()]
}

impl Listed {
    fn bind(&self) -> Vec<Value> {
        match self.role {
            Some(role) => keyed(role.bytes(), self.realm).into(),
            None => {
                vec![self.realm.project.bytes().into(), self.realm.environment.as_str().into(), self.configured.into()]
            }
        }
    }
}

/// The assignment with this id, if it is of this realm and kind.
pub async fn find(db: &Db, realm: Realm, configured: bool, id: AssignmentId) -> Result<Option<RoleAssignment>, Error> {
    let bind = keyed_kind(id.bytes(), realm, configured);
    db.read_one(FIND, &bind).await?.as_ref().map(assignment).transpose()
}

/// The same as the transaction sees it.
pub async fn find_in(
    tx: &mut Tx,
    realm: Realm,
    configured: bool,
    id: AssignmentId,
) -> Result<Option<RoleAssignment>, Error> {
    let bind = keyed_kind(id.bytes(), realm, configured);
    tx.one(FIND, &bind).await?.as_ref().map(assignment).transpose()
}

/// A user's assignments, earliest first.
pub async fn of_user(db: &Db, realm: Realm, configured: bool, user: UserId) -> Result<Vec<RoleAssignment>, Error> {
    let bind = keyed_kind(user.bytes(), realm, configured);
    db.read_all(OF_USER, &bind).await?.iter().map(assignment).collect()
}

/// A page of assignments.
pub async fn page(
    db: &Db,
    deadline: Instant,
    listed: &Listed,
    order: Order,
    (limit, offset): (u32, u32),
) -> Result<Vec<RoleAssignment>, Error> {
    let sentence: Sql = match (listed.role.is_some(), order) {
        (false, Order::Assigned) => PAGE,
        (false, Order::AssignedLast) => PAGE_DOWN,
        (false, Order::Changed) => PAGE_BY_CHANGE,
        (false, Order::ChangedLast) => PAGE_BY_CHANGE_DOWN,
        (true, Order::Assigned) => PAGE_OF_ROLE,
        (true, Order::AssignedLast) => PAGE_OF_ROLE_DOWN,
        (true, Order::Changed) => PAGE_OF_ROLE_BY_CHANGE,
        (true, Order::ChangedLast) => PAGE_OF_ROLE_BY_CHANGE_DOWN,
    };
    let mut bind = listed.bind();
    bind.extend([Value::from(limit), Value::from(offset)]);
    db.scan(deadline, sentence, bind).await?.iter().map(assignment).collect()
}

/// How many assignments a list has on all its pages.
pub async fn count(db: &Db, deadline: Instant, listed: &Listed) -> Result<i64, Error> {
    let sentence = if listed.role.is_some() { COUNT_OF_ROLE } else { COUNT };
    let rows = db.scan(deadline, sentence, listed.bind()).await?;
    rows.first().map_or(Ok(0), |row| row.get(0))
}

/// How many roles of a kind a user has.
pub async fn count_of_user(tx: &mut Tx, user: UserId, configured: bool) -> Result<i64, Error> {
    let row = tx.one(COUNT_OF_USER, bind![user.bytes(), configured]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Whether anybody has the role.
pub async fn is_held(tx: &mut Tx, role: RoleId) -> Result<bool, Error> {
    Ok(tx.one(IS_HELD, bind![role.bytes()]).await?.is_some())
}

/// Names of the stored roles of a user, and whether each permits everything, earliest assigned first; none while the
/// user is disabled.
pub async fn roles_of_user(db: &Db, realm: Realm, user: UserId) -> Result<Vec<(String, bool)>, Error> {
    db.read_all(ROLES_OF_USER, &keyed(user.bytes(), realm)).await?.iter().map(Row::read).collect()
}

/// The same as the transaction sees it.
pub async fn roles_of_user_in(tx: &mut Tx, realm: Realm, user: UserId) -> Result<Vec<(String, bool)>, Error> {
    tx.all(ROLES_OF_USER, &keyed(user.bytes(), realm)).await?.iter().map(Row::read).collect()
}

/// The configured roles of a user, earliest assigned first; none while the user is disabled.
pub async fn configured_of_user(db: &Db, realm: Realm, user: UserId) -> Result<Vec<RoleId>, Error> {
    role_ids(&db.read_all(CONFIGURED_OF_USER, &keyed(user.bytes(), realm)).await?)
}

/// The same as the transaction sees it.
pub async fn configured_of_user_in(tx: &mut Tx, realm: Realm, user: UserId) -> Result<Vec<RoleId>, Error> {
    role_ids(&tx.all(CONFIGURED_OF_USER, &keyed(user.bytes(), realm)).await?)
}

fn role_ids(rows: &[Row]) -> Result<Vec<RoleId>, Error> {
    rows.iter().map(|row| row.get(0).map(RoleId::from_bytes)).collect()
}

/// Whether an enabled user other than `except` has the role.
pub async fn holder_is_left(tx: &mut Tx, role: RoleId, except: Option<UserId>) -> Result<bool, Error> {
    let except = except.map_or([0; 16], UserId::bytes);
    Ok(tx.one(HOLDER_IS_LEFT, bind![role.bytes(), except]).await?.is_some())
}

/// Assigns a role; `false` when the user has it already. Hold the user's row first.
pub async fn insert(tx: &mut Tx, new: &RoleAssignment, configured: bool) -> Result<bool, Error> {
    tx.announce(TOPIC, new.user.bytes());
    let row = bind![
        new.id.bytes(),
        new.realm.project.bytes(),
        new.realm.environment.as_str(),
        new.user.bytes(),
        new.role.bytes(),
        configured,
        new.created_at.micros(),
        new.updated_at.micros(),
    ];
    Ok(tx.one(INSERT, row).await?.is_some())
}

/// Writes user and role of an assignment that was of user `before`; `false` when the user has the role already.
pub async fn update(tx: &mut Tx, changed: &RoleAssignment, before: UserId) -> Result<bool, Error> {
    tx.announce(TOPIC, before.bytes());
    tx.announce(TOPIC, changed.user.bytes());
    let bind = bind![changed.id.bytes(), changed.user.bytes(), changed.role.bytes(), changed.updated_at.micros()];
    Ok(tx.run(UPDATE, bind).await? == 1)
}

/// Deletes an assignment.
pub async fn delete(tx: &mut Tx, gone: &RoleAssignment) -> Result<(), Error> {
    tx.announce(TOPIC, gone.user.bytes());
    tx.run(DELETE, bind![gone.id.bytes()]).await.map(drop)
}

/// Takes a role from up to `limit` users; answers how many.
pub async fn delete_of_role(tx: &mut Tx, role: RoleId, limit: u32) -> Result<u64, Error> {
    let gone = tx.all(DELETE_OF_ROLE, bind![role.bytes(), limit]).await?;
    for row in &gone {
        tx.announce(TOPIC, row.get(0)?);
    }
    Ok(gone.len() as u64)
}
