//! The crate's promises, kept on a real file.

mod commits;
mod files;
mod foreign;
mod migrations;
mod outcomes;
mod postgres;
mod prepared;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use vestibule_cluster::ThrowAway;

use crate::{Abort, Announcement, By, Db, Error, Listener, Migration, OpenPostgres, OpenSqlite, Tx, bind};

const SCHEMA: &[Migration] = &[Migration {
    number: 1,
    name: "notes",
    text: "CREATE TABLE notes (id BIGINT PRIMARY KEY, word TEXT_C UNIQUE, body BYTES) TABLE_END;
        CREATE TABLE news (told BIGINT PRIMARY KEY) TABLE_END; INSERT INTO news VALUES (0)",
}];

/// Declares tests that both databases must pass; each has a database of its own.
macro_rules! on_both {
    ($(async fn $name:ident($t:ident: Fixture) $body:block)*) => { $(
        async fn $name($t: Fixture) $body

        // Beside the function of the same name: functions and modules do not share theirs.
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(crate::tests::Fixture::new().await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(t) = crate::tests::Fixture::postgres(|_| {}).await {
                    super::$name(t).await;
                }
            }
        }
    )* };
}
use on_both;

/// A database in a folder, or a cluster's database, of its own.
struct Fixture {
    db: Db,
    heard: Arc<Heard>,
    foreign: mpsc::Receiver<()>,
    path: PathBuf,
    folder: TempDir,
    throw_away: Option<ThrowAway<'static>>,
}

/// A listener that remembers.
#[derive(Default)]
struct Heard {
    commits: Mutex<Vec<Vec<Note>>>,
    foreign: AtomicU64,
    proofs: AtomicU64,
    asked: AtomicU64,
    wrote: Mutex<Vec<&'static str>>,
    tell_foreign: Option<mpsc::Sender<()>>,
}

/// An announcement that outlives its text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    topic: String,
    id: [u8; 16],
}

impl Listener for Heard {
    fn committed(&self, announcements: &[Announcement<'_>]) {
        let notes = announcements.iter().map(|it| Note {
            topic: it.topic.to_owned(),
            id: it.id,
        });
        self.commits.lock().unwrap().push(notes.collect());
    }

    fn foreign_commit(&self) {
        self.foreign.fetch_add(1, Ordering::SeqCst);
        // The test may be over, and its server not yet.
        let _ = self.tell_foreign.as_ref().unwrap().send(());
    }

    fn proof(&self, _: Instant) {
        self.proofs.fetch_add(1, Ordering::SeqCst);
    }

    fn asked(&self, _: Instant) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }

    fn wrote(&self, body: &'static str, _: Duration) {
        self.wrote.lock().unwrap().push(body);
    }
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut OpenSqlite)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let (tell_foreign, foreign) = mpsc::channel();
        let heard = Arc::new(Heard {
            tell_foreign: Some(tell_foreign),
            ..Heard::default()
        });
        let mut options = OpenSqlite::new(&path, Arc::clone(&heard) as Arc<dyn Listener>);
        change(&mut options);
        let db = Db::open(options).await.unwrap();
        db.migrate(SCHEMA, 0).await.unwrap();
        heard.wrote.lock().unwrap().clear();
        Self {
            db,
            heard,
            foreign,
            path,
            folder,
            throw_away: None,
        }
    }

    /// A new database of the shared cluster; none where there is no `PostgreSQL`.
    async fn postgres(change: impl FnOnce(&mut OpenPostgres)) -> Option<Self> {
        let throw_away = vestibule_cluster::shared()?.database(None);
        let t = Self::at(throw_away.url(), change).await;
        t.db.migrate(SCHEMA, 0).await.unwrap();
        t.heard.wrote.lock().unwrap().clear();
        Some(Self {
            throw_away: Some(throw_away),
            ..t
        })
    }

    /// A node on the database of this address.
    async fn at(url: String, change: impl FnOnce(&mut OpenPostgres)) -> Self {
        let (tell_foreign, foreign) = mpsc::channel();
        let heard = Arc::new(Heard {
            tell_foreign: Some(tell_foreign),
            ..Heard::default()
        });
        let mut options = OpenPostgres::new(url, Arc::clone(&heard) as Arc<dyn Listener>);
        options.connections = 4;
        options.readers = 1;
        change(&mut options);
        let folder = tempfile::tempdir().unwrap();
        Self {
            db: Db::open_postgres(options).await.unwrap(),
            heard,
            foreign,
            path: folder.path().join("none"),
            folder,
            throw_away: None,
        }
    }

    /// The address of the `PostgreSQL` database.
    fn url(&self) -> String {
        self.throw_away.as_ref().unwrap().url()
    }

    /// Another process on the same database.
    async fn companion(&self) -> Db {
        match &self.throw_away {
            Some(database) => Db::open_postgres(OpenPostgres::companion(database.url())).await,
            None => Db::open(OpenSqlite::companion(&self.path)).await,
        }
        .unwrap()
    }

    /// Another process, as far as `SQLite` can tell.
    fn stranger(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).unwrap()
    }

    async fn ids(&self) -> Vec<i64> {
        let rows = self
            .db
            .read_all("SELECT id FROM notes ORDER BY id", &[])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    /// Occupies the writer until the gate is opened or dropped.
    fn gate(&self) -> Gate {
        let (open, opened) = mpsc::channel();
        let (tell, entered) = mpsc::channel();
        let blocked = Blocked {
            note: 0,
            entered: tell,
            opened: Mutex::new(opened),
        };
        let db = self.db.clone();
        let job = tokio::spawn(async move { db.write(soon(), block, blocked).await });
        Gate { open, entered, job }
    }
}

struct Gate {
    open: mpsc::Sender<()>,
    entered: mpsc::Receiver<()>,
    job: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Gate {
    /// Returns once the writer stands at the gate.
    async fn shut(self) -> Self {
        tokio::task::spawn_blocking(move || {
            self.entered.recv().unwrap();
            self
        })
        .await
        .unwrap()
    }

    async fn open(self) -> Result<(), Error> {
        self.open.send(()).unwrap();
        self.job.await.unwrap()
    }
}

struct Blocked {
    note: i64,
    entered: mpsc::Sender<()>,
    opened: Mutex<mpsc::Receiver<()>>,
}

/// A body that blocks the writer's thread, which real ones never may. Note 0 is not written.
async fn block(tx: &mut Tx, blocked: &Blocked) -> Result<(), Error> {
    let _ = blocked.entered.send(());
    let _ = blocked.opened.lock().unwrap().recv();
    if blocked.note == 0 {
        Ok(())
    } else {
        insert(tx, &blocked.note).await
    }
}

async fn insert(tx: &mut Tx, id: &i64) -> Result<(), Error> {
    tx.run("INSERT INTO notes (id) VALUES ($1)", bind![*id]).await?;
    let mut topic = [0; 16];
    topic[..8].copy_from_slice(&id.to_be_bytes());
    tx.announce("note", topic);
    Ok(())
}

async fn nothing(_: &mut Tx, (): &()) -> Result<(), Error> {
    Ok(())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Polls once, as a caller that then goes away or looks at something else.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A refusal that undoes or keeps.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Undo,
    Keep,
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

impl Abort for Stop {
    fn keeps_writes(&self) -> bool {
        *self == Self::Keep
    }
}
