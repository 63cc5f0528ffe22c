//! One cluster and its guard.

use crate::{admin::Admin, binaries, throw_away::ThrowAway};
use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Who owns everything in the cluster.
pub const OWNER: &str = "vestibule";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What makes a cluster quick that nobody will miss.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=400",
    "jit=off",
    "shared_buffers=64MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=512MB",
    "checkpoint_timeout=1h",
];

/// Starts the server and obeys one word a line; the end of its input is the end of everything.
const GUARD: &str = r#"
folder=$1; shift
server() { "$@" >>"$folder/log" 2>&1 </dev/null & child=$!; }
server "$@"
while read -r word; do
    case $word in
        start) server "$@" ;;
        stop) kill -QUIT $child; wait $child ;;
        restart) kill -INT $child; wait $child; server "$@" ;;
    esac
    echo done
done
kill -QUIT $child 2>/dev/null
wait
rm -rf "$folder"
"#;

/// A running cluster.
pub struct Cluster {
    folder: PathBuf,
    admin: Admin,
    guard: Mutex<Guard>,
    number: AtomicU64,
}

struct Guard {
    orders: ChildStdin,
    obeyed: BufReader<ChildStdout>,
    shell: Child,
}

impl Cluster {
    /// Makes and starts a cluster; `settings` are lines of its configuration, such as `max_connections=10`.
    pub fn start(settings: &[&str]) -> Self {
        let folder = folder();
        let mut initdb = command("initdb", &folder);
        initdb
            .args([
                "--auth=trust",
                "--no-sync",
                "--no-instructions",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ])
            .args(["-U", OWNER, "-D"])
            .arg(folder.join("data"));
        make(&mut initdb);
        Self::launch(folder, settings)
    }

    /// Makes and starts a standby that follows this cluster, which takes `wal_level=replica` and `max_wal_senders`
    /// above 0 there and here.
    #[must_use]
    pub fn standby(&self, settings: &[&str]) -> Self {
        let folder = folder();
        let mut copy = command("pg_basebackup", &folder);
        copy.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf"])
            .args(["-U", OWNER, "-h"])
            .arg(&self.folder)
            .arg("-D")
            .arg(folder.join("data"));
        make(&mut copy);
        Self::launch(folder, settings)
    }

    fn launch(folder: PathBuf, settings: &[&str]) -> Self {
        let mut shell = command("sh", &folder);
        shell.args(["-c", GUARD, "guard"]).arg(&folder);
        shell.arg(tool("postgres")).arg("-D").arg(folder.join("data"));
        shell.arg("-k").arg(&folder);
        for setting in SETTINGS.iter().chain(settings) {
            shell.args(["-c", setting]);
        }
        // Not ended by a Ctrl-C that ends the tests: it has still to clean up.
        shell
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("a shell");
        let guard = Guard {
            orders: shell.stdin.take().expect("a pipe"),
            obeyed: BufReader::new(shell.stdout.take().expect("a pipe")),
            shell,
        };
        let port = settings.iter().find_map(|setting| setting.strip_prefix("port="));
        let port = port.unwrap_or("5432");
        let cluster = Self {
            admin: Admin::new(format!("{}&port={port}", url(&folder, "postgres"))),
            folder,
            guard: Mutex::new(guard),
            number: AtomicU64::new(0),
        };
        cluster.wait();
        cluster
    }

    /// Its folder: the data, the log, the socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The address of a database of this name.
    pub fn url(&self, database: &str) -> String {
        url(&self.folder, database)
    }

    /// Runs sentences as the owner of everything; answers the first value that they read.
    pub fn run(&self, sql: &str) -> String {
        self.admin.run(sql)
    }

    /// Runs sentences in a database of this name; answers the first value that they read.
    pub fn run_in(&self, database: &str, sql: &str) -> String {
        Admin::new(self.url(database)).run(sql)
    }

    /// A new database, empty or like `template`; it goes when the answer is dropped.
    pub fn database(&self, template: Option<&str>) -> ThrowAway<'_> {
        let name = format!("house_{}", self.number.fetch_add(1, Ordering::Relaxed));
        let like = template.unwrap_or("template0");
        // Ten times as quick as the default way where nothing needs to be safe from a crash.
        self.run(&format!(
            "CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy"
        ));
        ThrowAway::new(self, name)
    }

    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Ends the server as a crash would; connections are cut.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts the server again and waits until it answers.
    pub fn start_again(&self) {
        // It would be read as the new one's.
        let _ = std::fs::remove_file(self.data().join("postmaster.pid"));
        self.order("start");
        self.wait();
    }

    /// Ends every connection, reads the configuration anew, and waits until the server answers.
    pub fn restart(&self) {
        self.order("restart");
        self.wait();
    }

    fn order(&self, word: &str) {
        let mut guard = self.guard.lock().expect("no test panics in here");
        writeln!(guard.orders, "{word}").expect("the guard listens");
        let mut line = String::new();
        guard.obeyed.read_line(&mut line).expect("the guard answers");
    }

    fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        let ready = || {
            let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            let state = file.lines().nth(7).map(str::trim);
            matches!(state, Some("ready" | "standby"))
        };
        while !ready() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "PostgreSQL does not start: {}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let guard = self
            .guard
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // Ends the guard's input without waiting for the value to go.
        let (closed, _) =
            std::io::pipe().map_or((None, None), |(reader, writer)| (Some(writer), Some(reader)));
        if let Some(closed) = closed {
            guard.orders = ChildStdin::from(std::os::fd::OwnedFd::from(closed));
        }
        let _ = guard.shell.wait();
    }
}

fn tool(name: &str) -> PathBuf {
    binaries::folder().expect("the server's binaries").join(name)
}

/// A program that runs as whoever owns the cluster of this folder: one of the server's, or the shell.
fn command(name: &str, folder: &Path) -> Command {
    let mut command = match name {
        "sh" => Command::new(name),
        _ => Command::new(tool(name)),
    };
    if let Some((user, group)) = binaries::unprivileged() {
        command.uid(user).gid(group);
    }
    command.current_dir(folder);
    command
}

fn make(command: &mut Command) {
    let made = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{command:?}: {said}");
}

fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let folder = tempfile::Builder::new()
        .prefix("vestibule-pg-")
        .tempdir_in(place)
        .expect("a folder")
        .keep();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("one's own folder");
    if let Some((user, group)) = binaries::unprivileged() {
        chown(&folder, Some(user), Some(group)).expect("a folder for the server's user");
    }
    folder
}

fn url(folder: &Path, database: &str) -> String {
    format!("postgres:///{database}?host={}&user={OWNER}", folder.display())
}
