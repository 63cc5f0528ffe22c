//! Stories of the account rules that no single answer over HTTP shows.
#![expect(
    clippy::items_after_statements,
    reason = "what a test alone uses stands in that test"
)]

mod keys;
mod lockout;
mod login;
mod mail;
mod moving;
mod operators;
mod profile;
mod refresh;
mod registration;
mod roles;
mod sessions;

use crate::cx::{Cx, Facts};
use crate::{Core, Door, InstanceSettings, Parts, Register, admin, passwords, register};
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use vestibule_keys::password::{Engine, Params};
use vestibule_keys::pool::{HashPool, Settings as PoolSettings};
use vestibule_keys::{MasterKey, Sealer, SystemEntropy};
use vestibule_model::lockout::Lockout;
use vestibule_model::mail::{Letter, MailKind};
use vestibule_model::refusal::{Conflict, Failed, Secret, Throttled};
use vestibule_model::token::{self, Algorithm, Expected, Presented, TokenFacts, TokenShape};
use vestibule_model::user::User;
use vestibule_model::{Clock, DialectName, Environment, Policy, Refusal, Settings, Timestamp};
use vestibule_store::audit::Act;
use vestibule_store::outbox::{OutboxRow, SEALED_FOR};
use vestibule_store::{Store, Tx, attempts, audit, credentials, outbox, users};

const PASSWORD: &str = "correct horse battery staple";

/// `U*U`, in a test vector of Openwall's bcrypt.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// A clock that stands still until it is told otherwise.
struct Frozen(AtomicI64);

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// The fewest claims that `authenticate` works with.
struct Plain;

impl TokenShape for Plain {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn header(&self, kid: &str) -> String {
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#)
    }

    fn claims(&self, facts: &TokenFacts<'_>) -> String {
        let jti = token::jti(facts.session, facts.generation);
        format!(r#"{{"jti":"{jti}","exp":{}}}"#, facts.expires_at.seconds())
    }

    fn read(
        &self,
        _: &Map<String, Value>,
        claims: &Map<String, Value>,
        _: &Expected<'_>,
    ) -> Option<Presented> {
        let (session, generation) = token::read_jti(claims.get("jti")?.as_str()?)?;
        let expires_at = Timestamp::from_seconds(claims.get("exp")?.as_i64()?);
        Some(Presented {
            session,
            generation,
            expires_at,
        })
    }
}

pub(crate) fn door() -> &'static mut Door {
    Box::leak(Box::new(Door {
        name: DialectName::new("plain"),
        policy: Policy {
            algorithm: Algorithm::EdDsa,
            access_lifetime: Duration::from_mins(15),
            session_lifetime: Duration::from_hours(24),
            idle_lifetime: None,
            refresh_tokens: true,
            verified_email: false,
            password: vestibule_model::policy::PasswordPolicy::default(),
        },
        issuer: "plain",
        audience: None,
        token: &Plain,
        own: crate::OwnSettings::NONE,
    }))
}

struct House {
    cx: Cx,
    clock: Arc<Frozen>,
    _folder: TempDir,
}

impl House {
    async fn open(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_queue(1_024, change).await
    }

    /// A house where so many hashes may wait; with 0, everything is shed.
    async fn with_queue(queue: usize, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Frozen(AtomicI64::new(1_770_000_000_000_000)));
        let entropy = Arc::new(SystemEntropy);
        let options = vestibule_store::OpenSqlite::new(folder.path().join("test.db"), Arc::new(()));
        let store = Store::open(options).await.unwrap();
        store.migrate(clock.now()).await.unwrap();
        let mut defaults = Settings::default();
        change(&mut defaults);
        let pool = PoolSettings {
            params: Params::FLOOR,
            engine: Engine::default(),
            workers: 2,
            queue,
            idle: Duration::from_secs(10),
        };
        let core = Core::new(Parts {
            store,
            clock: Arc::<Frozen>::clone(&clock),
            entropy: Arc::<SystemEntropy>::clone(&entropy),
            pool: HashPool::start(pool, Arc::<SystemEntropy>::clone(&entropy)).unwrap(),
            sealer: Sealer::new(entropy, MasterKey::generate(&SystemEntropy), Vec::new()),
            doors: vec![&*door()],
            budgets: None,
            settings: InstanceSettings {
                routes: Vec::new(),
                public_url: "https://id.example.com".into(),
                defaults,
                lockout: Lockout {
                    failures: 5,
                    ..Lockout::default()
                },
                request_timeout: Duration::from_secs(30),
                capture_mail: true,
            },
        });
        let by = operator();
        let project = admin::instance::initialise(&core, &by, "default", "Default")
            .await
            .unwrap();
        let cx = Cx {
            project,
            environment: Environment::Live,
            door: core.doors[0],
            facts: Facts::new(None, None, "req_1".into()),
            deadline: core.deadline(),
            core,
        };
        Self {
            cx,
            clock,
            _folder: folder,
        }
    }

    fn pass(&self, by: Duration) {
        self.clock
            .0
            .fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// A user whose password was hashed elsewhere.
    async fn imported(&self, hash: &str) -> Result<User, crate::Error> {
        let password = Some(admin::users::NewPassword::Hash(hash.to_owned()));
        let new = admin::users::NewUser {
            email: "ada@example.org".into(),
            password,
            ..Default::default()
        };
        admin::users::create(
            &self.cx.core,
            &operator(),
            &self.cx.project,
            self.cx.environment,
            new,
        )
        .await
    }

    async fn register(&self, email: &str) -> Result<User, crate::Error> {
        let (email, password) = (email.to_owned(), PASSWORD.to_owned());
        let (profile, public_metadata) = (Map::new(), Map::new());
        register(
            &self.cx,
            Register {
                email,
                password,
                profile,
                public_metadata,
            },
        )
        .await
        .map(|made| made.user)
    }

    /// Evaluates a password and, as a login would, forgets the failures when it is right. `None` is a lock.
    async fn attempt(&self, user: &User, password: &str) -> Option<bool> {
        let credential = credentials::find(&self.cx.core.store.db, user.id).await.unwrap();
        let account = passwords::account(Some(user), "");
        let evaluated = match passwords::evaluate(&self.cx, account, credential.as_ref(), password).await {
            Ok(evaluated) => evaluated,
            Err(crate::Error::Refused(Refusal::Throttled(Throttled::Account { .. }))) => return None,
            Err(error) => panic!("{error:?}"),
        };
        if evaluated.right {
            async fn clear(tx: &mut Tx, user: &User) -> Result<(), crate::error::Stop> {
                Ok(attempts::clear(tx, user.realm, &attempts::Account::User(user.id)).await?)
            }
            self.cx.write(clear, user.clone()).await.unwrap();
        }
        Some(evaluated.right)
    }

    /// The mails that were written since the last look, oldest first, with their letters.
    async fn mails(&self) -> Vec<(MailKind, Letter)> {
        async fn claim(tx: &mut Tx, now: &Timestamp) -> Result<Vec<OutboxRow>, crate::error::Stop> {
            let node = vestibule_model::id::NodeId::from_bytes([7; 16]);
            Ok(outbox::claim(tx, node, *now, now.plus(Duration::from_hours(999)), 100).await?)
        }
        let mut rows = self.cx.write(claim, self.cx.now()).await.unwrap();
        rows.sort_by_key(|row| row.created_at);
        let letters = rows.iter().map(|row| {
            let plain = self
                .cx
                .core
                .sealer
                .open(SEALED_FOR, &row.id.bytes(), row.payload.as_ref().unwrap())
                .unwrap();
            (row.kind, serde_json::from_slice(&plain).unwrap())
        });
        letters.collect()
    }

    async fn kinds(&self) -> Vec<MailKind> {
        self.mails().await.into_iter().map(|(kind, _)| kind).collect()
    }

    async fn acts(&self) -> Vec<(Act, Option<String>)> {
        let before = self.cx.now().plus(Duration::from_secs(1));
        let rows = audit::of_realm(&self.cx.core.store.db, self.cx.realm(), before, 100)
            .await
            .unwrap();
        rows.into_iter().rev().map(|row| (row.act, row.detail)).collect()
    }
}

fn operator() -> admin::Operator {
    admin::Operator { name: "test".into() }
}

/// What came out of many calls at once.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    call: impl Fn(usize) -> F,
) -> Vec<T> {
    let gate = Arc::new(tokio::sync::Barrier::new(count));
    let answers = Arc::new(Mutex::new(Vec::new()));
    let mut runs = tokio::task::JoinSet::new();
    for number in 0..count {
        let (gate, answers, run) = (gate.clone(), answers.clone(), call(number));
        runs.spawn(async move {
            gate.wait().await;
            let answer = run.await;
            answers.lock().unwrap().push(answer);
        });
    }
    runs.join_all().await;
    Arc::into_inner(answers).unwrap().into_inner().unwrap()
}

fn refused<T>(answer: Result<T, crate::Error>) -> Refusal {
    match answer {
        Err(crate::Error::Refused(refusal)) => refusal,
        Err(fault) => panic!("{fault:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

fn mailed_token(letter: &Letter) -> String {
    let link = letter.link.as_deref().unwrap();
    link.split("token=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned()
}
