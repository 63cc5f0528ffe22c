//! Consecutive failures of accounts, and the locks that follow.
//!
//! An attempt is charged as a failure *before* the password is looked at, by one conditional upsert; success takes
//! the row away. So however many attempts run side by side, no more than the limit are ever evaluated.

use crate::columns;
use crate::sentences::sentences;
use vestibule_model::id::UserId;
use vestibule_model::lockout::Lockout;
use vestibule_model::session::Session;
use vestibule_model::{Realm, Timestamp};
use vestibule_sql::{Db, Error, Sql, Tx, Value, bind};

/// Whose failures are counted: a user, or a name that is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// A user, under whatever name and through whatever door.
    User(UserId),
    /// SHA-256 of the canonical typed name, where there is no such user.
    Nobody([u8; 32]),
}

impl Account {
    /// Sixteen bytes for a user, thirty-two for a name: the two cannot collide.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::User(user) => user.bytes().to_vec(),
            Self::Nobody(hash) => hash.to_vec(),
        }
    }
}

/// Whether an attempt may be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It may; it counts as a failure until [`clear`] says otherwise.
    Counted,
    /// The account is locked until then.
    Locked {
        /// The end of the lock.
        until: Timestamp,
    },
}

// A lock that ends later than the longest step can make it end was written by a clock that has since been set back;
// it counts as ended, so that nobody is kept out for longer than that step.
sentences! {
    CHARGE = "INSERT INTO login_attempts (project, environment, account, failures, locked_until, updated_at)
        VALUES ($1, $2, $3, 1, CASE WHEN CAST($5 AS BIGINT) <= 1 THEN CAST($6 AS BIGINT) ELSE 0 END, $4)
        ON CONFLICT (project, environment, account) DO UPDATE SET
            failures = login_attempts.failures + 1,
            locked_until = CASE
                WHEN login_attempts.failures + 1 < CAST($5 AS BIGINT) THEN 0
                WHEN login_attempts.failures + 1 = CAST($5 AS BIGINT) THEN CAST($6 AS BIGINT)
                WHEN login_attempts.failures = CAST($5 AS BIGINT) THEN CAST($7 AS BIGINT)
                ELSE CAST($8 AS BIGINT) END,
            updated_at = $4
        WHERE login_attempts.locked_until <= $4 OR login_attempts.locked_until > $8";
    // A charge is only ever made while the account is open, so taking one back opens it again.
    REFUND = "UPDATE login_attempts SET failures = failures - 1, locked_until = 0
        WHERE project = $1 AND environment = $2 AND account = $3 AND failures > 0";
    LOCKED_UNTIL = "SELECT locked_until FROM login_attempts WHERE project = $1 AND environment = $2 AND account = $3";
    CLEAR = "DELETE FROM login_attempts WHERE project = $1 AND environment = $2 AND account = $3";
    CLEAR_IF_BEGUN = "DELETE FROM login_attempts WHERE project = $1 AND environment = $2 AND account = $3
        AND EXISTS (SELECT 1 FROM sessions WHERE id = $4)";
    SWEEP = "DELETE FROM login_attempts WHERE (project, environment, account) IN
        (SELECT project, environment, account FROM login_attempts WHERE updated_at < $1 ORDER BY updated_at LIMIT $2)";
    DELETE_OF_PROJECT = "DELETE FROM login_attempts WHERE (project, environment, account) IN
        (SELECT project, environment, account FROM login_attempts WHERE project = $1 LIMIT $2)";
}

/// Charges one attempt as a failure, unless the account is locked: in a transaction of its own.
pub async fn charge(
    tx: &mut Tx,
    realm: Realm,
    account: &Account,
    lockout: &Lockout,
    now: Timestamp,
) -> Result<Charge, Error> {
    let [first, second, last] = lockout.steps.map(|step| now.plus(step).micros());
    let (project, environment) = (realm.project.bytes(), realm.environment.as_str());
    let bind =
        bind![project, environment, account.bytes(), now.micros(), lockout.failures, first, second, last];
    if tx.sole(CHARGE, bind).await? {
        return Ok(Charge::Counted);
    }
    let row = tx.one(LOCKED_UNTIL, bind![project, environment, account.bytes()]).await?;
    let until = row.map(|row| columns::time(&row, 0)).transpose()?;
    Ok(Charge::Locked { until: until.unwrap_or(now) })
}

/// Takes one charge back: the attempt could not be evaluated.
pub async fn refund(tx: &mut Tx, realm: Realm, account: &Account) -> Result<(), Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), account.bytes()];
    tx.run(REFUND, bind).await.map(drop)
}

/// When the account's lock ends, if it is locked now.
pub async fn locked_until(
    db: &Db,
    realm: Realm,
    account: &Account,
    lockout: &Lockout,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), account.bytes()];
    let row = db.read_one(LOCKED_UNTIL, bind).await?;
    let until = row.map(|row| columns::time(&row, 0)).transpose()?;
    let [.., longest] = lockout.steps;
    Ok(until.filter(|until| *until > now && *until <= now.plus(longest)))
}

/// Forgets the failures of an account: it proved its password, or control of its mailbox.
pub async fn clear(tx: &mut Tx, realm: Realm, account: &Account) -> Result<(), Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), account.bytes()];
    tx.send(CLEAR, bind).await
}

/// Forgets the failures of a session's user if it has begun.
pub(crate) fn clear_if_begun(session: &Session) -> (Sql, Vec<Value>) {
    let Session { id, user, realm: Realm { project, environment }, .. } = session;
    let bind = bind![project.bytes(), environment.as_str(), Account::User(*user).bytes(), id.bytes()];
    (CLEAR_IF_BEGUN, bind.to_vec())
}

/// Deletes rows that nobody has touched since `before`; answers how many.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.run(SWEEP, bind![before.micros(), limit]).await
}

/// Deletes rows of a project that is going; answers how many.
pub async fn delete_of_project(
    tx: &mut Tx,
    project: vestibule_model::id::ProjectId,
    limit: u32,
) -> Result<u64, Error> {
    tx.run(DELETE_OF_PROJECT, bind![project.bytes(), limit]).await
}
