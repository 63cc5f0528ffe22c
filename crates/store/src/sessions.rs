//! Sessions and their refresh families: one row each (`STORE.md` §2).

use crate::columns;
use crate::sentences::sentences;
use std::time::Duration;
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::refresh::Family;
use vestibule_model::session::{EndReason, Session};
use vestibule_model::{Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, Value, bind};

/// The cache topic under which a session that changed is announced. Its end is, on every node; that it went on to its
/// next generation or was used is known only where that happened, so elsewhere a cached session may be behind.
pub const TOPIC: &str = "session";
/// The cache topic under which the user is announced of whose sessions one changed; as above, on every node only when
/// one ended.
pub const OF_USER: &str = "sessions_of_user";
/// The cache topic under which the end of very many sessions at once is announced.
pub const ALL: &str = "all_sessions";

/// Live sessions that one user can have. The next login ends the oldest, so whatever concerns all sessions of a user
/// is bounded work.
pub const MAX_OF_USER: u32 = 500;
/// Sessions that a list shows.
const LISTED: u32 = 100;

macro_rules! all {
    () => {
        "id, user_id, project, environment, dialect, salt, created_at, expires_at, revoked_at, leaf, parent, \
         rotated_at, leaf_used_at, user_agent, ip_hash, idle_until"
    };
}

pub(crate) use all;

sentences! {
    FIND = concat!("SELECT ", all!(), " FROM sessions WHERE id = $1");
    LIVE_OF_USER = concat!(
        "SELECT ", all!(), " FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
            AND (idle_until IS NULL OR idle_until > $2)
        ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    INSERT = concat!(
        "INSERT INTO sessions (", all!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    // Row 3 of the state table, and row 5; whatever else is true, no row matches.
    ADVANCE = "UPDATE sessions SET parent = leaf, leaf = leaf + 1, rotated_at = $3, leaf_used_at = NULL, idle_until = $4
        WHERE id = $1 AND leaf = $2 AND revoked_at IS NULL AND expires_at > $3
            AND (idle_until IS NULL OR idle_until > $3)";
    REPLACE = "UPDATE sessions SET leaf = leaf + 1, rotated_at = $3, idle_until = $4
        WHERE id = $1 AND parent = $2 AND leaf_used_at IS NULL AND leaf IS DISTINCT FROM $6 AND rotated_at <= $5
            AND revoked_at IS NULL AND expires_at > $3 AND (idle_until IS NULL OR idle_until > $3)
        RETURNING leaf";
    // An update of nothing is the portable way to hold a row and to see its newest version.
    HOLD = concat!("UPDATE sessions SET leaf = leaf WHERE id = $1 RETURNING ", all!());
    END = "UPDATE sessions SET revoked_at = $2, revoked_why = $3 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id";
    END_ALL = "UPDATE sessions SET revoked_at = $2, revoked_why = $3
        WHERE user_id = $1 AND revoked_at IS NULL AND id <> $4 RETURNING id";
    END_RESTORED = "UPDATE sessions SET revoked_at = $1, revoked_why = $2 WHERE id IN
        (SELECT id FROM sessions WHERE revoked_at IS NULL LIMIT $3)";
    MARK_USED = "UPDATE sessions SET leaf_used_at = $3 WHERE id = $1 AND leaf = $2 AND leaf_used_at IS NULL
        RETURNING user_id";
    STAY = "UPDATE sessions SET idle_until = $2 WHERE id = $1 AND idle_until < $2 RETURNING user_id";
    SWEEP = "DELETE FROM sessions WHERE id IN
        (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    DELETE_OF_USER = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 LIMIT $2) RETURNING id";
}

fn session(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row.get(0).map(SessionId::from_bytes)?,
        user: row.get(1).map(UserId::from_bytes)?,
        realm: columns::realm(row, 2)?,
        dialect: row.get(4)?,
        salt: row.get(5)?,
        created_at: columns::time(row, 6)?,
        family: Family {
            expires_at: columns::time(row, 7)?,
            revoked_at: columns::time_or_none(row, 8)?,
            leaf: row.get(9)?,
            parent: row.get(10)?,
            rotated_at: columns::time(row, 11)?,
            leaf_used_at: columns::time_or_none(row, 12)?,
        },
        user_agent: row.get(13)?,
        ip_hash: row.get(14)?,
        idle_until: columns::time_or_none(row, 15)?,
    })
}

/// The session with this id, live or not, in whatever realm.
pub async fn find(db: &Db, id: SessionId) -> Result<Option<Session>, Error> {
    db.read_one(FIND, bind![id.bytes()]).await?.as_ref().map(session).transpose()
}

/// A user's live sessions, newest first, at most 100.
pub async fn live_of_user(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
    let rows = db.read_all(LIVE_OF_USER, bind![user.bytes(), now.micros(), LISTED]).await?;
    rows.iter().map(session).collect()
}

/// Inserts a session, for which [`sign_in::hold`](crate::sign_in::hold) has made room.
pub async fn insert(tx: &mut Tx, session: &Session) -> Result<(), Error> {
    tx.send(INSERT, &values(session)).await?;
    announce_begun(tx, session);
    Ok(())
}

/// Tells this node that a session began.
pub(crate) fn announce_begun(tx: &mut Tx, session: &Session) {
    tx.announce_here(OF_USER, session.user.bytes());
}

/// A new row.
pub(crate) fn values(session: &Session) -> Vec<Value> {
    let Session { id, user, realm: Realm { project, environment }, family, .. } = session;
    bind![
        id.bytes(),
        user.bytes(),
        project.bytes(),
        environment.as_str(),
        &session.dialect,
        session.salt,
        session.created_at.micros(),
        family.expires_at.micros(),
        family.revoked_at.map(Timestamp::micros),
        family.leaf,
        family.parent,
        family.rotated_at.micros(),
        family.leaf_used_at.map(Timestamp::micros),
        session.user_agent.as_ref(),
        &session.ip_hash,
        session.idle_until.map(Timestamp::micros),
    ]
    .to_vec()
}

/// A step to the next generation: what is presented, when, and what this process knows.
#[derive(Clone, Copy, Debug)]
pub struct Advance {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The presented generation; its MAC was verified.
    pub generation: i64,
    /// The moment of the step.
    pub now: Timestamp,
    /// How long a consumed token yields the same successor again.
    pub overlap: Duration,
    /// The newest generation whose access token was seen in use here, if that is not yet written.
    pub used: Option<i64>,
    /// When the session then ends unless it is used before.
    pub idle_until: Option<Timestamp>,
}

/// Moves the family to its next generation, if the state table allows (rows 3 and 5); answers that generation. Of any
/// number of concurrent calls with one presented generation exactly one is answered with one. It is the first that its
/// transaction does, and the last if it moved anything.
pub async fn advance(tx: &mut Tx, step: &Advance) -> Result<Option<i64>, Error> {
    let Advance { session, user, generation, now, overlap, used, idle_until } = *step;
    let idle_until = idle_until.map(Timestamp::micros);
    let leaf = if tx.sole(ADVANCE, bind![session.bytes(), generation, now.micros(), idle_until]).await? {
        tx.announce_here(TOPIC, session.bytes());
        generation + 1
    } else {
        let latest = now.minus(overlap).micros();
        let bind = bind![session.bytes(), generation, now.micros(), idle_until, latest, used];
        let Some(row) = tx.one(REPLACE, bind).await? else { return Ok(None) };
        // The generation between the two was left behind, and its access token is dead on every node.
        tx.announce(TOPIC, session.bytes());
        row.get(0)?
    };
    tx.announce_here(OF_USER, user.bytes());
    Ok(Some(leaf))
}

/// The newest version of a session, which nobody else changes until this transaction ends.
pub async fn hold(tx: &mut Tx, id: SessionId) -> Result<Option<Session>, Error> {
    tx.one(HOLD, bind![id.bytes()]).await?.as_ref().map(session).transpose()
}

/// Ends a session; answers whether it had not ended before.
pub async fn end(tx: &mut Tx, id: SessionId, why: EndReason, now: Timestamp) -> Result<bool, Error> {
    let Some(row) = tx.one(END, bind![id.bytes(), now.micros(), why.as_str()]).await? else { return Ok(false) };
    tx.announce(TOPIC, id.bytes());
    tx.announce(OF_USER, row.get(0)?);
    Ok(true)
}

/// Ends every session of a user, `except` one; answers how many had not ended before.
pub async fn end_all(
    tx: &mut Tx,
    user: UserId,
    why: EndReason,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<u64, Error> {
    let except = except.map_or([0; 16], SessionId::bytes);
    let ended = tx.all(END_ALL, bind![user.bytes(), now.micros(), why.as_str(), except]).await?;
    announce(tx, &ended)?;
    tx.announce(OF_USER, user.bytes());
    Ok(ended.len() as u64)
}

pub(crate) fn announce(tx: &mut Tx, ids: &[Row]) -> Result<(), Error> {
    for row in ids {
        tx.announce(TOPIC, row.get(0)?);
    }
    Ok(())
}

/// Ends up to `limit` sessions that a restored backup shows as live; answers how many.
pub async fn end_restored(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.announce(ALL, [0; 16]);
    tx.run(END_RESTORED, bind![now.micros(), EndReason::Restored.as_str(), limit]).await
}

/// Writes down that the access token of `generation` was first used at `at`, if that is still the live one.
pub async fn mark_used(tx: &mut Tx, id: SessionId, generation: i64, at: Timestamp) -> Result<(), Error> {
    if let Some(row) = tx.one(MARK_USED, bind![id.bytes(), generation, at.micros()]).await? {
        tx.announce_here(TOPIC, id.bytes());
        tx.announce_here(OF_USER, row.get(0)?);
    }
    Ok(())
}

/// Lets a session live until `until` unless it is used before; it is never shortened.
pub async fn stay(tx: &mut Tx, id: SessionId, until: Timestamp) -> Result<(), Error> {
    if let Some(row) = tx.one(STAY, bind![id.bytes(), until.micros()]).await? {
        tx.announce_here(TOPIC, id.bytes());
        tx.announce_here(OF_USER, row.get(0)?);
    }
    Ok(())
}

/// Deletes sessions that ended by themselves before `before`; answers how many.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.run(SWEEP, bind![before.micros(), limit]).await
}

/// Deletes sessions of a user who is going; answers how many.
pub async fn delete_of_user(tx: &mut Tx, user: UserId, limit: u32) -> Result<u64, Error> {
    let deleted = tx.all(DELETE_OF_USER, bind![user.bytes(), limit]).await?;
    announce(tx, &deleted)?;
    tx.announce(OF_USER, user.bytes());
    Ok(deleted.len() as u64)
}

#[cfg(test)]
mod tests;
