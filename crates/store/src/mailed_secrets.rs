//! One-time tokens and codes that go out by mail, of which only hashes are kept.

use crate::columns;
use crate::sentences::sentences;
use vestibule_model::id::{SecretId, UserId};
use vestibule_model::mail::Purpose;
use vestibule_model::{Email, Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// Wrong codes after which a mail's code is dead. Its link lives on: a stranger who knows the address could otherwise
/// kill every mail.
pub const MAX_CODE_FAILURES: i64 = 5;

/// A mailed secret.
#[derive(Clone, Debug)]
pub struct MailedSecret {
    /// Its id, which the code's hash is bound to.
    pub id: SecretId,
    /// Whose it is; `None` keeps the work for an address without an account equal to that for one with.
    pub user: Option<UserId>,
    /// Project and environment.
    pub realm: Realm,
    /// What it may do.
    pub purpose: Purpose,
    /// The address that it was mailed to, and the only one that it is good for.
    pub email: Email,
    /// SHA-256 of the token in the link.
    pub token_hash: [u8; 32],
    /// Keyed hash of the six-digit code.
    pub code_hash: [u8; 32],
    /// Wrong codes so far.
    pub code_failures: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// When a newer mail, a change of password or an operator took its power away.
    pub voided_at: Option<Timestamp>,
}

impl MailedSecret {
    /// Whether it has been neither used nor voided. It may still be too old.
    pub const fn is_open(&self) -> bool {
        self.used_at.is_none() && self.voided_at.is_none()
    }
}

macro_rules! all {
    () => {
        "id, user_id, project, environment, purpose, email, token_hash, code_hash, code_failures, created_at, \
         expires_at, used_at, voided_at"
    };
}

sentences! {
    INSERT = concat!(
        "INSERT INTO mailed_secrets (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    FIND_BY_TOKEN = concat!("SELECT ", all!(), " FROM mailed_secrets WHERE token_hash = $1");
    NEWEST = concat!(
        "SELECT ", all!(),
        " FROM mailed_secrets WHERE user_id = $1 AND purpose = $2 ORDER BY created_at DESC, id DESC LIMIT 1"
    );
    COUNT_SINCE = "SELECT COUNT(*) FROM (
        SELECT id FROM mailed_secrets WHERE user_id = $1 AND purpose = $2 AND created_at > $3 LIMIT 100) AS recent";
    VOID = "UPDATE mailed_secrets SET voided_at = $3
        WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL AND voided_at IS NULL";
    CONSUME = "UPDATE mailed_secrets SET used_at = $2
        WHERE id = $1 AND used_at IS NULL AND voided_at IS NULL AND expires_at > $2 RETURNING user_id";
    // Counted before it is compared, so that parallel guesses are no more than the limit.
    TRY_CODE = concat!(
        "UPDATE mailed_secrets SET code_failures = code_failures + 1 WHERE id = $1 AND code_failures < $2 RETURNING ",
        all!()
    );
    CODE_WAS_RIGHT = "UPDATE mailed_secrets SET code_failures = code_failures - 1 WHERE id = $1";
    VOID_ALL = "UPDATE mailed_secrets SET voided_at = $1 WHERE id IN
        (SELECT id FROM mailed_secrets WHERE used_at IS NULL AND voided_at IS NULL LIMIT $2)";
    SWEEP = "DELETE FROM mailed_secrets WHERE id IN
        (SELECT id FROM mailed_secrets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

fn secret(row: &Row) -> Result<MailedSecret, Error> {
    Ok(MailedSecret {
        id: row.get(0).map(SecretId::from_bytes)?,
        user: row.get::<Option<_>>(1)?.map(UserId::from_bytes),
        realm: columns::realm(row, 2)?,
        purpose: columns::named(row, 4, Purpose::parse)?,
        email: row.get(5).map(Email::from_store)?,
        token_hash: row.get(6)?,
        code_hash: row.get(7)?,
        code_failures: row.get(8)?,
        created_at: columns::time(row, 9)?,
        expires_at: columns::time(row, 10)?,
        used_at: columns::time_or_none(row, 11)?,
        voided_at: columns::time_or_none(row, 12)?,
    })
}

/// Inserts a secret.
pub async fn insert(tx: &mut Tx, secret: &MailedSecret) -> Result<(), Error> {
    let row = bind![
        secret.id.bytes(),
        secret.user.map(UserId::bytes),
        secret.realm.project.bytes(),
        secret.realm.environment.as_str(),
        secret.purpose.as_str(),
        secret.email.as_str(),
        secret.token_hash,
        secret.code_hash,
        secret.code_failures,
        secret.created_at.micros(),
        secret.expires_at.micros(),
        secret.used_at.map(Timestamp::micros),
        secret.voided_at.map(Timestamp::micros),
    ];
    tx.run(INSERT, row).await.map(drop)
}

/// The secret whose token has this hash, used or not. Looked up by hash, so its timing says nothing about the token.
pub async fn find_by_token(db: &Db, token_hash: &[u8; 32]) -> Result<Option<MailedSecret>, Error> {
    db.read_one(FIND_BY_TOKEN, bind![token_hash]).await?.as_ref().map(secret).transpose()
}

/// A user's newest secret of one purpose, which is the only one that can be open.
pub async fn newest(db: &Db, user: UserId, purpose: Purpose) -> Result<Option<MailedSecret>, Error> {
    db.read_one(NEWEST, bind![user.bytes(), purpose.as_str()]).await?.as_ref().map(secret).transpose()
}

/// How many secrets of one purpose were made for a user after `since`; at most 100 are counted.
pub async fn count_since(tx: &mut Tx, user: UserId, purpose: Purpose, since: Timestamp) -> Result<i64, Error> {
    let row = tx.one(COUNT_SINCE, bind![user.bytes(), purpose.as_str(), since.micros()]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Takes the power from every open secret of one purpose.
pub async fn void(tx: &mut Tx, user: UserId, purpose: Purpose, now: Timestamp) -> Result<(), Error> {
    tx.run(VOID, bind![user.bytes(), purpose.as_str(), now.micros()]).await.map(drop)
}

/// Uses a secret up; `false` when somebody else did, or it was voided, or it is too old.
pub async fn consume(tx: &mut Tx, id: SecretId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.one(CONSUME, bind![id.bytes(), now.micros()]).await?.is_some())
}

/// Counts a code as wrong before it is compared; `None` when too many were, or there is no such secret.
pub async fn try_code(tx: &mut Tx, id: SecretId) -> Result<Option<MailedSecret>, Error> {
    tx.one(TRY_CODE, bind![id.bytes(), MAX_CODE_FAILURES]).await?.as_ref().map(secret).transpose()
}

/// Takes back what [`try_code`] counted.
pub async fn code_was_right(tx: &mut Tx, id: SecretId) -> Result<(), Error> {
    tx.run(CODE_WAS_RIGHT, bind![id.bytes()]).await.map(drop)
}

/// Takes the power from open secrets, whosever they are, after a restore; answers how many.
pub async fn void_all(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.run(VOID_ALL, bind![now.micros(), limit]).await
}

/// Deletes secrets that expired before `before`; answers how many.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.run(SWEEP, bind![before.micros(), limit]).await
}
