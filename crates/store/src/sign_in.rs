//! What a sign-in needs of a user, the password and the sessions, each time in one trip.

use crate::sentences::sentences;
use crate::users::{self, user};
use crate::sessions;
use vestibule_model::id::UserId;
use vestibule_model::session::EndReason;
use vestibule_model::user::{Credential, User};
use vestibule_model::{Email, Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Tx, bind};

/// Sessions of a user among whom the next sign-in looks for those that are too many. It counts before it holds the user,
/// so as many as are missing to [`sessions::MAX_OF_USER`] may begin meanwhile.
const MANY: u32 = sessions::MAX_OF_USER / 2;

macro_rules! with_password {
    ($join:literal) => {
        with_password!($join, "")
    };
    ($join:literal, $more:literal) => {
        concat!("SELECT ", users::all!(), ", version, hash", $more, " FROM users ", $join, " credentials ON user_id = id ")
    };
}

macro_rules! hold {
    () => {
        concat!(
            with_password!(
                "JOIN",
                ", (SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL LIMIT 1 OFFSET $2)"
            ),
            "WHERE id = $1"
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
    // Both rows are held, so each is the newest, whoever was waited for.
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

/// The newest version of a user who has a password and of its record, which nobody else changes until this transaction
/// ends. The oldest sessions of a user who has [`sessions::MAX_OF_USER`] or more are ended, so that there is room for one.
pub async fn begin(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Option<Holder>, Error> {
    let Some(held) = tx.one(HOLD, bind![user.bytes(), MANY]).await? else {
        return Ok(None);
    };
    let many: Option<Vec<u8>> = held.get(users::WIDTH + 2)?;
    if many.is_some() {
        let why = EndReason::TooMany.as_str();
        let oldest = bind![user.bytes(), sessions::MAX_OF_USER - 1, now.micros(), why];
        let ended = tx.all(END_OLDEST, oldest).await?;
        sessions::announce(tx, &ended)?;
    }
    holder(&held).map(Some)
}
