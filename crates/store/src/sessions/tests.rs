//! Concurrent refreshes of one token, and what ends sessions.

use super::*;
use crate::tests::on_both;
use crate::{Store, projects, users};
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;
use tokio::sync::Barrier;
use vestibule_model::id::ProjectId;
use vestibule_model::user::User;
use vestibule_model::{Email, Environment};
use vestibule_cluster::ThrowAway;
use vestibule_sql::{OpenPostgres, OpenSqlite, Sql};

const RACERS: usize = 16;
const ROUNDS: i64 = 100;
const OVERLAP: Duration = Duration::from_secs(10);
const SESSION: SessionId = SessionId::from_bytes([3; 16]);
const USER: UserId = UserId::from_bytes([2; 16]);
const REALM: Realm = Realm { project: ProjectId::from_bytes([1; 16]), environment: Environment::Live };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn session(id: SessionId) -> Session {
    let family =
        Family { revoked_at: None, expires_at: at(1_000_000), leaf: 1, parent: 0, rotated_at: at(0), leaf_used_at: None };
    Session {
        id,
        user: USER,
        realm: REALM,
        dialect: "rakomi".into(),
        salt: [4; 16],
        created_at: at(0),
        family,
        idle_until: None,
        user_agent: None,
        ip_hash: String::new(),
    }
}

struct House {
    store: Store,
    _place: Place,
}

/// What goes with a house.
enum Place {
    Folder(#[expect(dead_code, reason = "held until the end")] TempDir),
    Cluster(#[expect(dead_code, reason = "held until the end")] ThrowAway<'static>),
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(OpenSqlite::new(folder.path().join("test.db"), Arc::new(()))).await.unwrap();
        Self::on(store, Place::Folder(folder)).await
    }

    /// None where there is no `PostgreSQL`.
    async fn open_postgres() -> Option<Self> {
        let database = vestibule_cluster::shared()?.database(None);
        let store = Store::open(OpenPostgres::new(database.url(), Arc::new(()))).await.unwrap();
        Some(Self::on(store, Place::Cluster(database)).await)
    }

    async fn on(store: Store, place: Place) -> Self {
        assert_eq!(store.pending().await.unwrap().len(), crate::MIGRATIONS.len());
        store.migrate(at(0)).await.unwrap();
        assert!(store.pending().await.unwrap().is_empty());
        store.db.write(soon(), furnish, ()).await.unwrap();
        Self { store, _place: place }
    }

    async fn family(&self) -> Family {
        find(&self.store.db, SESSION).await.unwrap().unwrap().family
    }
}

async fn furnish(tx: &mut Tx, (): &()) -> Result<(), Error> {
    let project = projects::ProjectRow {
        id: REALM.project,
        slug: "default".into(),
        name: "Default".into(),
        settings: serde_json::Map::new(),
        created_at: at(0),
        updated_at: at(0),
        disabled_at: None,
    };
    projects::insert(tx, &project).await?;
    let user = User {
        id: USER,
        realm: REALM,
        number: 1,
        email: Email::parse("ada@example.org").unwrap(),
        email_typed: "ada@example.org".into(),
        email_verified_at: None,
        profile: serde_json::Map::new(),
        public_metadata: serde_json::Map::new(),
        disabled_at: None,
        created_at: at(0),
        updated_at: at(0),
    };
    users::insert(tx, &user).await?;
    insert(tx, &session(SESSION)).await
}

async fn by_the_sentence(tx: &mut Tx, step: &Advance) -> Result<bool, Error> {
    Ok(advance(tx, step).await?.is_some())
}

/// What everybody writes first: the decision was taken before the transaction.
async fn by_an_earlier_look(tx: &mut Tx, step: &Advance) -> Result<bool, Error> {
    const MOVE: Sql = Sql::same("UPDATE sessions SET parent = $2, leaf = CAST($2 AS BIGINT) + 1 WHERE id = $1");
    Ok(tx.run(MOVE, bind![step.session.bytes(), step.generation]).await? == 1)
}

/// Lets racers present one generation, each round a newer one; answers in how many rounds not exactly one moved on.
async fn race<F>(house: &Arc<House>, body: F) -> usize
where
    F: for<'t> vestibule_sql::Act<'t, Advance, Result<bool, Error>> + Copy + Send + Sync + 'static,
{
    let mut forked = 0;
    for round in 1..=ROUNDS {
        let gate = Arc::new(Barrier::new(RACERS));
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..RACERS {
            let (house, gate) = (Arc::clone(house), Arc::clone(&gate));
            racers.spawn(async move {
                let now = at(round * 100);
                let seen = house.family().await;
                gate.wait().await;
                let step = Advance { session: SESSION, user: USER, generation: seen.leaf, now, overlap: OVERLAP, used: None, idle_until: None };
                house.store.db.write(soon(), body, step).await.unwrap()
            });
        }
        let moved = racers.join_all().await.into_iter().filter(|moved| *moved).count();
        assert_eq!(house.family().await.leaf, round + 1);
        forked += usize::from(moved != 1);
    }
    forked
}

on_both! {
    async fn rt02_of_sixteen_refreshes_of_one_token_exactly_one_moves_the_family(house: House) {
        assert_eq!(race(&Arc::new(house), by_the_sentence).await, 0);
    }

    async fn the_race_finds_the_forks_of_a_decision_taken_outside_the_transaction(house: House) {
        let forked = race(&Arc::new(house), by_an_earlier_look).await;
        assert!(forked > 0, "the race proves nothing");
    }
}

const PUT: Sql = Sql::same(
    "UPDATE sessions SET leaf = $2, parent = $3, rotated_at = $4, leaf_used_at = $5, revoked_at = $6, expires_at = $7
    WHERE id = $1",
);
async fn put(tx: &mut Tx, family: &Family) -> Result<(), Error> {
    let row = bind![
        SESSION.bytes(),
        family.leaf,
        family.parent,
        family.rotated_at.micros(),
        family.leaf_used_at.map(Timestamp::micros),
        family.revoked_at.map(Timestamp::micros),
        family.expires_at.micros(),
    ];
    tx.send(PUT, row).await
}

async fn step_on(tx: &mut Tx, step: &Advance) -> Result<Option<i64>, Error> {
    advance(tx, step).await
}

on_both! {
    async fn the_sentence_agrees_with_the_state_table_in_every_state(house: House) {
        let now = at(1_000);
        let mut moved = 0;
        for (parent, leaf) in [(0, 1), (1, 2), (1, 3), (2, 3)] {
            for rotated_at in [at(989), at(990), at(991), at(1_000)] {
                for (leaf_used_at, used) in [(None, None), (None, Some(leaf)), (None, Some(leaf - 1)), (Some(at(995)), None)] {
                    for (revoked_at, expires_at) in [(None, at(1_001)), (None, now), (Some(at(999)), at(1_001))] {
                        // Generation 0 has no token; whoever presents one is refused before.
                        for generation in 1..=4 {
                            let family = Family { revoked_at, expires_at, leaf, parent, rotated_at, leaf_used_at };
                            let step = Advance { session: SESSION, user: USER, generation, now, overlap: OVERLAP, used, idle_until: None };
                            let known = Family { leaf_used_at: leaf_used_at.or((used == Some(leaf)).then_some(now)), ..family };
                            let advances =
                                known.judge(generation, now, OVERLAP) == vestibule_model::refresh::Verdict::Advance;
                            house.store.db.write(soon(), put, family).await.unwrap();
                            let answer = house.store.db.write(soon(), step_on, step).await.unwrap();
                            assert_eq!(answer, advances.then_some(leaf + 1), "{family:?} {step:?}");
                            moved += usize::from(advances);
                        }
                    }
                }
            }
        }
        assert!(moved > 50, "{moved}");
    }
}
