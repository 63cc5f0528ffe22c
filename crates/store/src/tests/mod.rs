//! The contract of the store, on a throw-away database.
#![expect(
    clippy::items_after_statements,
    reason = "a transaction body stands in the test that runs it"
)]

mod budgets;
mod lockout;
mod mail;
mod records;
mod signing_in;

use crate::attempts::{self, Account, Charge};
use crate::mailed_secrets::{self, MailedSecret};
use crate::outbox::{self, OutboxRow};
use crate::projects::{self, ProjectRow};
use crate::{Db, Error, Tx, api_keys, audit, credentials, identifiers, instance, sign_in, users};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vestibule_cluster::ThrowAway;
use vestibule_model::id::{ApiKeyId, AuditId, MailId, NodeId, ProjectId, SecretId, UserId};
use vestibule_model::lockout::Lockout;
use vestibule_model::mail::{MailKind, Purpose};
use vestibule_model::user::User;
use vestibule_model::{Email, Environment, Realm, Timestamp};
use vestibule_sql::{OpenPostgres, OpenSqlite};

const RACERS: u8 = 16;

/// A house on a database of its own, which goes with it.
struct House {
    db: Db,
    realm: Realm,
    _place: Place,
}

/// What goes with a house.
enum Place {
    Folder(#[expect(dead_code, reason = "held until the end")] TempDir),
    Cluster(#[expect(dead_code, reason = "held until the end")] ThrowAway<'static>),
    Elsewhere,
}

/// Declares tests that both databases must pass.
macro_rules! on_both {
    ($(async fn $name:ident($house:ident: House) $body:block)*) => { $(
        async fn $name($house: House) $body

        // Beside the function of the same name: functions and modules do not share theirs.
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(super::House::open().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(house) = super::House::open_postgres().await {
                    super::$name(house).await;
                }
            }
        }
    )* };
}
pub(crate) use on_both;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(OpenSqlite::companion(folder.path().join("test.db")))
            .await
            .unwrap();
        Self::on(db, Place::Folder(folder)).await
    }

    /// None where there is no `PostgreSQL`.
    async fn open_postgres() -> Option<Self> {
        let database = vestibule_cluster::shared()?.database(None);
        let mut options = OpenPostgres::companion(database.url());
        options.connections = 16;
        let db = Db::open_postgres(options).await.unwrap();
        Some(Self::on(db, Place::Cluster(database)).await)
    }

    /// The same house for another task.
    fn again(&self) -> Self {
        Self {
            db: self.db.clone(),
            realm: self.realm,
            _place: Place::Elsewhere,
        }
    }

    async fn on(db: Db, place: Place) -> Self {
        db.migrate(crate::MIGRATIONS, 0).await.unwrap();
        let id = ProjectId::from_bytes([1; 16]);
        let project = ProjectRow {
            id,
            slug: "default".into(),
            name: "Default".into(),
            settings: serde_json::Map::new(),
            created_at: at(0),
            updated_at: at(0),
            disabled_at: None,
        };
        async fn insert(tx: &mut Tx, project: &ProjectRow) -> Result<bool, Error> {
            projects::insert(tx, project).await
        }
        assert!(db.write(soon(), insert, project).await.unwrap());
        Self {
            db,
            realm: Realm {
                project: id,
                environment: Environment::Live,
            },
            _place: place,
        }
    }

    fn user(&self, id: u8, email: &str) -> User {
        User {
            id: UserId::from_bytes([id; 16]),
            realm: self.realm,
            number: 0,
            email: Email::parse(email).unwrap(),
            email_typed: email.to_owned(),
            email_verified_at: None,
            profile: serde_json::Map::new(),
            public_metadata: serde_json::Map::new(),
            disabled_at: None,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    async fn register(&self, user: User) -> bool {
        async fn insert(tx: &mut Tx, user: &User) -> Result<bool, Error> {
            let mut user = user.clone();
            user.number = users::next_number(tx, user.realm).await?;
            users::insert(tx, &user).await
        }
        self.db.write(soon(), insert, user).await.unwrap()
    }

    fn secret(&self, id: u8, user: Option<UserId>) -> MailedSecret {
        MailedSecret {
            id: SecretId::from_bytes([id; 16]),
            user,
            realm: self.realm,
            purpose: Purpose::ResetPassword,
            email: Email::parse("ada@example.org").unwrap(),
            token_hash: [id; 32],
            code_hash: [id; 32],
            code_failures: 0,
            created_at: at(i64::from(id)),
            expires_at: at(3600),
            used_at: None,
            voided_at: None,
        }
    }

    async fn mail(&self, secret: MailedSecret) {
        async fn insert(tx: &mut Tx, secret: &MailedSecret) -> Result<(), Error> {
            mailed_secrets::insert(tx, secret).await
        }
        self.db.write(soon(), insert, secret).await.unwrap();
    }

    async fn charge(&self, now: Timestamp) -> Charge {
        async fn charge(tx: &mut Tx, (realm, now): &(Realm, Timestamp)) -> Result<Charge, Error> {
            attempts::charge(tx, *realm, &ADA, &LOCKOUT, *now).await
        }
        self.db.write(soon(), charge, (self.realm, now)).await.unwrap()
    }
}

const ADA: Account = Account::Nobody([7; 32]);
const LOCKOUT: Lockout = Lockout {
    failures: 5,
    steps: [
        Duration::from_mins(1),
        Duration::from_mins(5),
        Duration::from_mins(15),
    ],
};

/// Sixteen futures that begin together.
async fn race<T: Send + 'static, F: Future<Output = T> + Send + 'static>(racer: impl Fn(u8) -> F) -> Vec<T> {
    let gate = std::sync::Arc::new(tokio::sync::Barrier::new(RACERS.into()));
    let runs: Vec<_> = (0..RACERS)
        .map(|number| {
            let (gate, run) = (gate.clone(), racer(number));
            tokio::spawn(async move {
                gate.wait().await;
                run.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for run in runs {
        answers.push(run.await.unwrap());
    }
    answers
}
