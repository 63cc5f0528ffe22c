//! Who did what, when, from where: one row per act, in the act's own transaction.

use crate::columns;
use crate::sentences::sentences;
use vestibule_model::id::{AuditId, SessionId, UserId};
use vestibule_model::{Realm, Timestamp};
use vestibule_sql::{Db, Error, Row, Sql, Tx, Value, bind};

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What was done. The names are stable: operators search and alert by them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Act { $($(#[$doc])* $name),* }

        impl Act {
            /// The name as stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The act of this name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

acts! {
    /// An account was made by its owner.
    UserRegistered = "user.registered",
    /// An account was made by an operator.
    UserCreated = "user.created",
    /// Somebody tried to register an address that has an account.
    UserRegisteredAgain = "user.registered_again",
    /// The account was disabled by an operator, or because it is being deleted.
    UserDisabled = "user.disabled",
    /// An operator enabled the account again.
    UserEnabled = "user.enabled",
    /// An operator ended the lock of the account.
    UserUnlocked = "user.unlocked",
    /// The account was deleted, by an operator or by its owner.
    UserDeleted = "user.deleted",
    /// The profile changed; the detail names the fields.
    ProfileUpdated = "profile.updated",
    /// A password was right and a session began.
    LoginSucceeded = "login.succeeded",
    /// A login was refused; the detail says why.
    LoginRefused = "login.refused",
    /// The owner changed the password.
    PasswordChanged = "password.changed",
    /// A change of password was refused because the current one was wrong.
    PasswordChangeRefused = "password.change_refused",
    /// The password was set by a mailed secret.
    PasswordReset = "password.reset",
    /// An operator set the password.
    PasswordSet = "password.set",
    /// Control of the address was proven.
    EmailVerified = "email.verified",
    /// A mailed secret was asked for; the detail names its purpose.
    MailRequested = "mail.requested",
    /// A mailed token or code was refused.
    SecretRefused = "secret.refused",
    /// A session was ended; the detail says why.
    SessionRevoked = "session.revoked",
    /// All sessions of a user were ended; the detail says why.
    SessionsRevoked = "sessions.revoked",
    /// A consumed refresh token came back, and its session was ended.
    RefreshReused = "refresh.reused",
    /// A project was created.
    ProjectCreated = "project.created",
    /// A project's name or settings changed.
    ProjectUpdated = "project.updated",
    /// A project was disabled.
    ProjectDisabled = "project.disabled",
    /// A project was enabled again.
    ProjectEnabled = "project.enabled",
    /// A project was deleted.
    ProjectDeleted = "project.deleted",
    /// An API key was created.
    ApiKeyCreated = "api_key.created",
    /// An API key was revoked.
    ApiKeyRevoked = "api_key.revoked",
    /// A signing key was made.
    KeyCreated = "key.created",
    /// A signing key was replaced by a newer one.
    KeyRotated = "key.rotated",
    /// A signing key was revoked.
    KeyRevoked = "key.revoked",
    /// A role was made; the detail is its name.
    RoleCreated = "role.created",
    /// A role changed; the detail names it.
    RoleUpdated = "role.updated",
    /// A role was deleted; the detail is its name.
    RoleDeleted = "role.deleted",
    /// A permission was added to a role; the detail names both.
    PermissionAdded = "role_permission.added",
    /// A permission was changed or moved to another role; the detail names what it is now.
    PermissionUpdated = "role_permission.updated",
    /// A permission was taken from a role; the detail names both.
    PermissionRemoved = "role_permission.removed",
    /// A role was assigned to the user; the detail names it.
    RoleAssigned = "role.assigned",
    /// An assignment was changed; the detail names the role that the user has now.
    RoleReassigned = "role.reassigned",
    /// A role was taken from the user; the detail names it.
    RoleUnassigned = "role.unassigned",
    /// Somebody tried to grant what they do not hold, or to change who stands above them; the detail says what.
    RoleChangeRefused = "role.change_refused",
    /// Everything sealed was sealed again by a new master key.
    MasterKeyRotated = "master_key.rotated",
    /// The database was restored from a backup: every session was ended and every mailed secret voided.
    Restored = "instance.restored",
    /// An undelivered mail was put back in line.
    MailRetried = "mail.retried",
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Success, Self::Refused].into_iter().find(|it| it.as_str() == name)
    }
}

/// One audit row. It never holds a secret, nor the address of somebody who has no account.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: AuditId,
    /// Project and environment in which it happened; an act on a whole project names its live half.
    pub realm: Realm,
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: Act,
    /// How it ended.
    pub outcome: Outcome,
    /// Who: `user` (the one whom it concerns), `user:<id>` (another one), `client` (nobody signed in), or
    /// `operator:<name>`.
    pub actor: String,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// The session that it concerns.
    pub session: Option<SessionId>,
    /// Through which door; empty for the command line.
    pub dialect: String,
    /// The client's address.
    pub ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The `X-Request-Id` of the answer; empty for the command line.
    pub request_id: String,
    /// A word or two more, such as why a login was refused.
    pub detail: Option<String>,
}

impl Entry {
    /// The same row, about a user.
    #[must_use]
    pub fn about(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// The same row, about a session.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// The same row, with a word more.
    #[must_use]
    pub fn saying(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }
}

macro_rules! all {
    () => {
        "id, project, environment, at, act, outcome, actor, user_id, session_id, dialect, ip, user_agent, request_id, detail"
    };
}

sentences! {
    INSERT = concat!(
        "INSERT INTO audit (", all!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    INSERT_IF_BEGUN = concat!(
        "INSERT INTO audit (", all!(), ") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
        WHERE EXISTS (SELECT 1 FROM sessions WHERE id = $9) ON CONFLICT (id) DO NOTHING"
    );
    OF_USER = concat!("SELECT ", all!(), " FROM audit WHERE user_id = $1 AND at < $2 ORDER BY at DESC, id DESC LIMIT $3");
    OF_REALM = concat!(
        "SELECT ", all!(),
        " FROM audit WHERE project = $1 AND environment = $2 AND at < $3 ORDER BY at DESC, id DESC LIMIT $4"
    );
    COUNT_OF_USER = "SELECT COUNT(*) FROM (SELECT id FROM audit WHERE user_id = $1 AND at > $2 AND act = $3 LIMIT 100) AS recent";
}

fn entry(row: &Row) -> Result<Entry, Error> {
    Ok(Entry {
        id: row.get(0).map(AuditId::from_bytes)?,
        realm: columns::realm(row, 1)?,
        at: columns::time(row, 3)?,
        act: columns::named(row, 4, Act::parse)?,
        outcome: columns::named(row, 5, Outcome::parse)?,
        actor: row.get(6)?,
        user: row.get::<Option<_>>(7)?.map(UserId::from_bytes),
        session: row.get::<Option<_>>(8)?.map(SessionId::from_bytes),
        dialect: row.get(9)?,
        ip: row.get(10)?,
        user_agent: row.get(11)?,
        request_id: row.get(12)?,
        detail: row.get(13)?,
    })
}

/// Writes one row.
pub async fn write(tx: &mut Tx, entry: &Entry) -> Result<(), Error> {
    tx.send(INSERT, &values(entry)).await
}

/// Writes one row, once, if the session that it concerns has begun.
pub(crate) fn if_begun(entry: &Entry) -> (Sql, Vec<Value>) {
    (INSERT_IF_BEGUN, values(entry))
}

fn values(entry: &Entry) -> Vec<Value> {
    bind![
        entry.id.bytes(),
        entry.realm.project.bytes(),
        entry.realm.environment.as_str(),
        entry.at.micros(),
        entry.act.as_str(),
        entry.outcome.as_str(),
        &entry.actor,
        entry.user.map(UserId::bytes),
        entry.session.map(SessionId::bytes),
        &entry.dialect,
        entry.ip.as_ref(),
        entry.user_agent.as_ref(),
        &entry.request_id,
        entry.detail.as_ref(),
    ]
    .to_vec()
}

/// How often `act` concerned a user after `since`; at most 100 are counted.
pub async fn count_of_user(tx: &mut Tx, user: UserId, act: Act, since: Timestamp) -> Result<i64, Error> {
    let row = tx.one(COUNT_OF_USER, bind![user.bytes(), since.micros(), act.as_str()]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// What concerned a user before a moment, newest first.
pub async fn of_user(db: &Db, user: UserId, before: Timestamp, limit: u32) -> Result<Vec<Entry>, Error> {
    let rows = db.read_all(OF_USER, bind![user.bytes(), before.micros(), limit]).await?;
    rows.iter().map(entry).collect()
}

/// What happened in a realm before a moment, newest first.
pub async fn of_realm(db: &Db, realm: Realm, before: Timestamp, limit: u32) -> Result<Vec<Entry>, Error> {
    let bind = bind![realm.project.bytes(), realm.environment.as_str(), before.micros(), limit];
    db.read_all(OF_REALM, bind).await?.iter().map(entry).collect()
}
