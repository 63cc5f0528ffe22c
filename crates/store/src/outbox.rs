//! Mail on its way. A row is written in the transaction of the act that it tells of; the mail worker takes it from
//! there, under a lease, so that a worker that died gives its rows back by itself.

use crate::columns;
use crate::sentences::sentences;
use std::time::Instant;
use vestibule_model::id::{MailId, NodeId, ProjectId};
use vestibule_model::mail::MailKind;
use vestibule_model::{Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// What the payload is sealed for; the row's id is the associated data.
pub const SEALED_FOR: &str = "mail";

/// A mail as stored.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// Its id, also the local part of its `Message-ID`: a mail sent twice is recognised as one.
    pub id: MailId,
    /// Project and environment that it comes from.
    pub realm: Realm,
    /// Which template it is.
    pub kind: MailKind,
    /// The sealed letter; gone when the mail has gone, unless it is kept for the development inbox. One that was given
    /// up keeps it, so that an operator can try again.
    pub payload: Option<Vec<u8>>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it has become useless: an expired link is never sent.
    pub expires_at: Timestamp,
    /// When it is tried next; `None` when it has gone or is given up.
    pub next_attempt_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it went.
    pub sent_at: Option<Timestamp>,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
}

macro_rules! all {
    () => {
        "id, project, environment, kind, payload, created_at, expires_at, next_attempt_at, attempts, last_error, \
         sent_at, dead_at"
    };
}

sentences! {
    INSERT = concat!("INSERT INTO outbox (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    // The condition stands twice: in the inner query it finds the rows, in the outer one it is judged again on the
    // newest version of each, so that two workers never claim the same row.
    CLAIM = concat!(
        "UPDATE outbox SET next_attempt_at = $2, attempts = attempts + 1, claimed_by = $4 WHERE next_attempt_at <= $1 AND id IN
            (SELECT id FROM outbox WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $3)
        RETURNING ", all!()
    );
    IS_CLAIMED_BY = "SELECT 1 FROM outbox WHERE id = $1 AND claimed_by = $2";
    // Judged again of each row when it is changed: its node may be done with it by then.
    RELEASE = "UPDATE outbox SET next_attempt_at = $1, claimed_by = NULL
        WHERE claimed_by <> $2 AND next_attempt_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = outbox.claimed_by AND nodes.alive_until > $3)";
    NEXT_TURN = "SELECT MIN(next_attempt_at) FROM outbox WHERE next_attempt_at IS NOT NULL";
    SENT = "UPDATE outbox SET sent_at = $2, next_attempt_at = NULL, last_error = NULL, claimed_by = NULL,
            payload = CASE WHEN CAST($3 AS BOOLEAN) THEN payload ELSE NULL END
        WHERE id = $1";
    FAILED = "UPDATE outbox SET next_attempt_at = $2, last_error = $3, claimed_by = NULL
        WHERE id = $1 AND sent_at IS NULL AND claimed_by = $4";
    DEAD = "UPDATE outbox SET dead_at = $2, next_attempt_at = NULL, last_error = $3, claimed_by = NULL
        WHERE id = $1 AND sent_at IS NULL AND claimed_by = $4";
    RETRY = "UPDATE outbox SET next_attempt_at = $2, dead_at = NULL, attempts = 0, claimed_by = NULL
        WHERE id = $1 AND sent_at IS NULL AND payload IS NOT NULL AND expires_at > $2";
    DELETE = "DELETE FROM outbox WHERE id = $1";
    FIND = concat!("SELECT ", all!(), " FROM outbox WHERE id = $1");
    PAGE = concat!(
        "SELECT ", all!(), " FROM outbox WHERE created_at < $1 AND kind <> 'nothing'
        ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    CAPTURED = concat!(
        "SELECT ", all!(), " FROM outbox
        WHERE created_at < $1 AND sent_at IS NOT NULL AND payload IS NOT NULL AND kind <> 'nothing'
        ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    WAITING = "SELECT COUNT(*) FROM outbox WHERE next_attempt_at IS NOT NULL";
    SWEEP = "DELETE FROM outbox WHERE id IN
        (SELECT id FROM outbox WHERE created_at < $1 AND next_attempt_at IS NULL ORDER BY created_at LIMIT $2)";
    SEALED_AFTER = "SELECT id, payload FROM outbox WHERE id > $1 AND payload IS NOT NULL ORDER BY id LIMIT $2";
    RESEAL = "UPDATE outbox SET payload = $3 WHERE id = $1 AND payload = $2";
    DELETE_OF_PROJECT = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE project = $1 LIMIT $2)";
}

fn mail(row: &Row) -> Result<OutboxRow, Error> {
    Ok(OutboxRow {
        id: row.get(0).map(MailId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        kind: columns::named(row, 3, MailKind::parse)?,
        payload: row.get(4)?,
        created_at: columns::time(row, 5)?,
        expires_at: columns::time(row, 6)?,
        next_attempt_at: columns::time_or_none(row, 7)?,
        attempts: row.get(8)?,
        last_error: row.get(9)?,
        sent_at: columns::time_or_none(row, 10)?,
        dead_at: columns::time_or_none(row, 11)?,
    })
}

/// Inserts a mail.
pub async fn insert(tx: &mut Tx, mail: &OutboxRow) -> Result<(), Error> {
    let row = bind![
        mail.id.bytes(),
        mail.realm.project.bytes(),
        mail.realm.environment.as_str(),
        mail.kind.as_str(),
        mail.payload.as_ref(),
        mail.created_at.micros(),
        mail.expires_at.micros(),
        mail.next_attempt_at.map(Timestamp::micros),
        mail.attempts,
        mail.last_error.as_ref(),
        mail.sent_at.map(Timestamp::micros),
        mail.dead_at.map(Timestamp::micros),
    ];
    tx.run(INSERT, row).await.map(drop)
}

/// Takes up to `limit` mails whose turn it is for a node, until `lease_until`: which does not report by then loses them
/// again.
pub async fn claim(
    tx: &mut Tx,
    node: NodeId,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<OutboxRow>, Error> {
    let bind = bind![now.micros(), lease_until.micros(), limit, node.bytes()];
    tx.all(CLAIM, bind).await?.iter().map(mail).collect()
}

/// Whether a mail is still this node's to send.
pub async fn is_claimed_by(db: &Db, id: MailId, node: NodeId) -> Result<bool, Error> {
    Ok(db.read_one(IS_CLAIMED_BY, bind![id.bytes(), node.bytes()]).await?.is_some())
}

/// Puts what nodes were sending that are alive no more, by the database's clock, into the line again at once; what
/// `node` itself sends stays. Answers how many.
pub async fn release(tx: &mut Tx, node: NodeId, now: Timestamp, clock: Timestamp) -> Result<u64, Error> {
    tx.run(RELEASE, bind![now.micros(), node.bytes(), clock.micros()]).await
}

/// When the next mail's turn is.
pub async fn next_turn(db: &Db) -> Result<Option<Timestamp>, Error> {
    let row = db.read_one(NEXT_TURN, &[]).await?;
    row.map_or(Ok(None), |row| columns::time_or_none(&row, 0))
}

/// The mail has gone. Its payload goes with it, unless it is kept for the development inbox.
pub async fn sent(tx: &mut Tx, id: MailId, now: Timestamp, keep_payload: bool) -> Result<(), Error> {
    tx.run(SENT, bind![id.bytes(), now.micros(), keep_payload]).await.map(drop)
}

/// The node's attempt failed; the mail is tried again later. Nothing happens when it is another's by now.
pub async fn failed(
    tx: &mut Tx,
    id: MailId,
    node: NodeId,
    next_attempt_at: Timestamp,
    error: &str,
) -> Result<(), Error> {
    let bind = bind![id.bytes(), next_attempt_at.micros(), error, node.bytes()];
    tx.run(FAILED, bind).await.map(drop)
}

/// The node gives the mail up: refused for good, tried too often, or expired. Nothing happens when it is another's by
/// now.
pub async fn dead(tx: &mut Tx, id: MailId, node: NodeId, now: Timestamp, error: &str) -> Result<(), Error> {
    tx.run(DEAD, bind![id.bytes(), now.micros(), error, node.bytes()]).await.map(drop)
}

/// Puts a mail that has not gone into the line again; `false` when there is none, or it has become useless.
pub async fn retry(tx: &mut Tx, id: MailId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.run(RETRY, bind![id.bytes(), now.micros()]).await? == 1)
}

/// Deletes one mail: what is sent to nobody, once its turn has come.
pub async fn delete(tx: &mut Tx, id: MailId) -> Result<(), Error> {
    tx.run(DELETE, bind![id.bytes()]).await.map(drop)
}

/// The mail with this id.
pub async fn find(db: &Db, id: MailId) -> Result<Option<OutboxRow>, Error> {
    db.read_one(FIND, bind![id.bytes()]).await?.as_ref().map(mail).transpose()
}

/// Mails written before a moment, newest first, whatever became of them.
pub async fn page(db: &Db, before: Timestamp, limit: u32) -> Result<Vec<OutboxRow>, Error> {
    db.read_all(PAGE, bind![before.micros(), limit]).await?.iter().map(mail).collect()
}

/// Mails that went and whose payload was kept, written before a moment, newest first.
pub async fn captured(db: &Db, before: Timestamp, limit: u32) -> Result<Vec<OutboxRow>, Error> {
    db.read_all(CAPTURED, bind![before.micros(), limit]).await?.iter().map(mail).collect()
}

/// How many mails wait: as long work as there are many.
pub async fn waiting(db: &Db, deadline: Instant) -> Result<i64, Error> {
    let counted = db.scan(deadline, WAITING, Vec::new()).await?;
    counted.first().map_or(Ok(0), |row| row.get(0))
}

/// Deletes mails written before `before` that went or were given up; answers how many.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.run(SWEEP, bind![before.micros(), limit]).await
}

/// Sealed payloads in the order of their ids, for sealing them again under a new master key.
pub async fn sealed_after(db: &Db, after: MailId, limit: u32) -> Result<Vec<(MailId, Vec<u8>)>, Error> {
    let rows = db.read_all(SEALED_AFTER, bind![after.bytes(), limit]).await?;
    rows.iter().map(|row| Ok((row.get(0).map(MailId::from_bytes)?, row.get(1)?))).collect()
}

/// Replaces a sealed payload, if it is still `old`.
pub async fn reseal(tx: &mut Tx, id: MailId, old: &[u8], new: &[u8]) -> Result<bool, Error> {
    Ok(tx.run(RESEAL, bind![id.bytes(), old, new]).await? == 1)
}

/// Deletes mails of a project that is going; answers how many.
pub async fn delete_of_project(tx: &mut Tx, project: ProjectId, limit: u32) -> Result<u64, Error> {
    tx.run(DELETE_OF_PROJECT, bind![project.bytes(), limit]).await
}
