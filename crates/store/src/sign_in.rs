//! What a sign-in needs of a user, the password and the sessions, each time in one trip.

use crate::audit::{self, Entry};
use crate::sentences::sentences;
use crate::users::{self, user};
use crate::{attempts, sessions};
use vestibule_model::id::UserId;
use vestibule_model::session::{EndReason, Session};
use vestibule_model::user::{Credential, User};
use vestibule_model::{Email, Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// Sessions of a user among whom the next sign-in looks for those that are too many. They are counted before the user is
/// held, so as many as are missing to [`sessions::MAX_OF_USER`] may begin meanwhile.
const MANY: u32 = sessions::MAX_OF_USER / 2;

macro_rules! with_password {
    ($join:literal) => {
        concat!("SELECT ", users::all!(), ", version, hash FROM users ", $join, " credentials ON user_id = id ")
    };
}

macro_rules! hold {
    () => {
        concat!(with_password!("JOIN"), "WHERE id = $1")
    };
}

// The user comes first: by that is sorted what shares a transaction.
macro_rules! begin {
    () => {
        concat!(
            "INSERT INTO sessions (", sessions::all!(), ")
                SELECT $2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
                FROM users JOIN credentials ON user_id = id
                WHERE id = $1 AND version = $17
                    AND disabled_at IS NOT DISTINCT FROM $18 AND email_verified_at IS NOT DISTINCT FROM $19
                    AND (SELECT id FROM sessions
                        WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL LIMIT 1 OFFSET $20) IS NULL"
        )
    };
}

sentences! {
    BY_EMAIL = concat!(with_password!("LEFT JOIN"), "WHERE project = $1 AND environment = $2 AND email = $3");
    BY_IDENTIFIER = concat!(
        with_password!("LEFT JOIN"),
        "WHERE id = (SELECT identifiers.user_id FROM identifiers
            WHERE project = $1 AND environment = $2 AND path = $3 AND value = $4)"
    );
    // Both rows are held, so each is the newest, whoever was waited for. A session that is there is this one, begun by a run
    // whose answer was lost.
    BEGIN = both!(
        sqlite: concat!(begin!(), " ON CONFLICT (id) DO UPDATE SET leaf = sessions.leaf"),
        postgres: concat!(begin!(), " FOR UPDATE ON CONFLICT (id) DO UPDATE SET leaf = sessions.leaf"),
    );
    HOLD = both!(sqlite: hold!(), postgres: concat!(hold!(), " FOR UPDATE"));
    END_OLDEST = "UPDATE sessions SET revoked_at = $3, revoked_why = $4 WHERE id IN
        (SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET $2) RETURNING id";
}

/// A user and the password record, where one is set.
pub type Holder = (User, Option<Credential>);

fn holder(row: &Row) -> Result<Holder, Error> {
    let version: Option<i64> = row.get(users::WIDTH)?;
    let credential = match version {
        Some(version) => Some(Credential { version, hash: row.get(users::WIDTH + 1)? }),
        None => None,
    };
    Ok((user(row)?, credential))
}

/// The user with this canonical address.
pub async fn by_email(db: &Db, realm: Realm, email: &Email) -> Result<Option<Holder>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), email.as_str()];
    db.read_one(BY_EMAIL, bind).await?.as_ref().map(holder).transpose()
}

/// The user who has claimed this value of an identifier.
pub async fn by_identifier(db: &Db, realm: Realm, path: &str, value: &str) -> Result<Option<Holder>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), path, value];
    db.read_one(BY_IDENTIFIER, bind).await?.as_ref().map(holder).transpose()
}

/// Begins a session of a user whom nobody has judged otherwise since, with this version of the password record and not so
/// many sessions that some must end; forgets the failures of the account, and writes the row of the act. Answers whether it
/// did; nothing is written if not.
pub async fn begin(tx: &mut Tx, (user, version): (&User, i64), session: &Session, entry: &Entry) -> Result<bool, Error> {
    let mut bind = sessions::values(session);
    bind.swap(0, 1);
    let [disabled, verified] = [user.disabled_at, user.email_verified_at].map(|at| at.map(Timestamp::micros));
    bind.extend_from_slice(bind![version, disabled, verified, MANY]);
    let others = [attempts::clear_if_begun(session), audit::if_begun(entry)];
    let begun = tx.sole_with(BEGIN, &bind, &others).await?;
    if begun {
        sessions::announce_begun(tx, session);
    }
    Ok(begun)
}

/// The newest version of a user who has a password and of its record, which nobody else changes until this transaction
/// ends. The oldest sessions of a user who has [`sessions::MAX_OF_USER`] or more are ended, so that there is room for one.
pub async fn hold(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Option<Holder>, Error> {
    let Some(held) = tx.one(HOLD, bind![user.bytes()]).await? else {
        return Ok(None);
    };
    let why = EndReason::TooMany.as_str();
    let oldest = bind![user.bytes(), sessions::MAX_OF_USER - 1, now.micros(), why];
    let ended = tx.all(END_OLDEST, oldest).await?;
    sessions::announce(tx, &ended)?;
    holder(&held).map(Some)
}
