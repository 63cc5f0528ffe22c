//! A socket between a driver and the server that counts, delays, deafens, cuts and swallows.

use crate::ThrowAway;
use crate::cluster::OWNER;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// The socket's name, as drivers expect it.
const SOCKET: &str = ".s.PGSQL.5432";

/// Stands between drivers and one database's server.
pub struct Wire {
    folder: TempDir,
    database: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How often a driver sent something after the server had spoken.
    flights: AtomicUsize,
    /// Whether nothing passes any more, though everything seems connected.
    swallows: AtomicBool,
    /// Whether notifications are lost, as behind a pooler that shares sessions.
    deafens: AtomicBool,
    /// Whether the connection on which COMMIT passes is cut before its answer.
    cuts_at_commit: AtomicBool,
    /// Whether new connections end at once.
    refuses: AtomicBool,
    /// Milliseconds before anything that a driver says is passed on.
    delay: AtomicU64,
    connections: Mutex<Vec<UnixStream>>,
}

impl Wire {
    /// A new one to a database.
    pub fn to(house: &ThrowAway<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let server = house.cluster().folder().join(SOCKET);
        let state = Arc::<State>::default();
        let serving = Arc::clone(&state);
        // It waits for connections until the process ends: nobody can wake it.
        thread::spawn(move || {
            for driver in listener.incoming().map_while(Result::ok) {
                connect(driver, &server, &serving);
            }
        });
        Self {
            folder,
            database: house.name().to_owned(),
            state,
        }
    }

    /// The database's address by this way.
    pub fn url(&self) -> String {
        let (database, folder) = (&self.database, self.folder.path().display());
        format!("postgres:///{database}?host={folder}&user={OWNER}")
    }

    /// How often a driver waited for the server since the last call.
    pub fn flights(&self) -> usize {
        self.state.flights.swap(0, Ordering::SeqCst)
    }

    /// Whether everything is swallowed from now on.
    pub fn swallow(&self, yes: bool) {
        self.state.swallows.store(yes, Ordering::SeqCst);
    }

    /// Whether notifications are lost from now on.
    pub fn deafen(&self, yes: bool) {
        self.state.deafens.store(yes, Ordering::SeqCst);
    }

    /// How long everything that a driver says is under way from now on.
    pub fn delay(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.state.delay.store(millis, Ordering::SeqCst);
    }

    /// Ends the next connection on which COMMIT passes, before its answer.
    pub fn cut_at_commit(&self) {
        self.state.cuts_at_commit.store(true, Ordering::SeqCst);
    }

    /// Ends every connection, and from now on each new one at once, until it is mended.
    pub fn cut(&self) {
        self.state.refuses.store(true, Ordering::SeqCst);
        let open = self.state.connections.lock();
        for connection in open.unwrap_or_else(PoisonError::into_inner).drain(..) {
            hang_up(&connection);
        }
    }

    /// Lets new connections through again.
    pub fn mend(&self) {
        self.state.refuses.store(false, Ordering::SeqCst);
    }
}

fn hang_up(connection: &UnixStream) {
    // It may have ended by itself.
    let _ = connection.shutdown(Shutdown::Both);
}

/// What the two directions of one connection know of each other.
struct Line {
    driver: UnixStream,
    server: UnixStream,
    /// Whether the server was the last to speak.
    spoke: AtomicBool,
    /// Whether the next answer is seen here and never there.
    cutting: AtomicBool,
    state: Arc<State>,
}

impl Line {
    fn hang_up(&self) {
        hang_up(&self.driver);
        hang_up(&self.server);
    }
}

fn connect(driver: UnixStream, server: &Path, state: &Arc<State>) {
    if state.refuses.load(Ordering::SeqCst) {
        return;
    }
    // Without a server, the driver's connection ends here.
    let Ok(server) = UnixStream::connect(PathBuf::from(server)) else {
        return;
    };
    let mut open = state.connections.lock().unwrap_or_else(PoisonError::into_inner);
    open.extend(driver.try_clone());
    drop(open);
    let line = Arc::new(Line {
        driver,
        server,
        spoke: AtomicBool::new(true),
        cutting: AtomicBool::new(false),
        state: Arc::clone(state),
    });
    for direction in [up, down] {
        let line = Arc::clone(&line);
        thread::spawn(move || {
            // Either end of the line is the end of both.
            let _ = direction(&line);
            line.hang_up();
        });
    }
}

/// What a driver says.
fn up(line: &Line) -> std::io::Result<()> {
    let mut bytes = [0; 16384];
    loop {
        let length = (&line.driver).read(&mut bytes)?;
        let said = bytes.get(..length).filter(|said| !said.is_empty());
        let Some(said) = said else { return Ok(()) };
        if line.state.swallows.load(Ordering::SeqCst) {
            continue;
        }
        if line.spoke.swap(false, Ordering::SeqCst) {
            line.state.flights.fetch_add(1, Ordering::SeqCst);
        }
        thread::sleep(Duration::from_millis(line.state.delay.load(Ordering::SeqCst)));
        let commits = said.windows(6).any(|word| word == b"COMMIT");
        if commits && line.state.cuts_at_commit.swap(false, Ordering::SeqCst) {
            line.cutting.store(true, Ordering::SeqCst);
        }
        (&line.server).write_all(said)?;
    }
}

/// What the server says.
fn down(line: &Line) -> std::io::Result<()> {
    let mut bytes = [0; 16384];
    loop {
        let length = (&line.server).read(&mut bytes)?;
        let said = bytes.get(..length).filter(|said| !said.is_empty());
        let Some(said) = said else { return Ok(()) };
        // What was sent before COMMIT is answered before it.
        let committed = said.windows(7).any(|word| word == b"COMMIT\0");
        if committed && line.cutting.load(Ordering::SeqCst) {
            return Ok(());
        }
        if line.state.swallows.load(Ordering::SeqCst) {
            continue;
        }
        line.spoke.store(true, Ordering::SeqCst);
        let notifies = said.windows(3).any(|word| word == b" ?\0");
        if notifies && line.state.deafens.load(Ordering::SeqCst) {
            continue;
        }
        (&line.driver).write_all(said)?;
    }
}
