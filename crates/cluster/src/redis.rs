//! A Redis server and its guard.

use crate::binaries;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The variable that makes a missing server a failure.
const REQUIRED: &str = "VESTIBULE_REQUIRE_REDIS";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the server and obeys one word a line; the end of its input is the end of the server.
const GUARD: &str = r#"
server() { "$@" >/dev/null 2>&1 </dev/null & child=$!; }
server "$@"
while read -r word; do
    case $word in
        start) server "$@" ;;
        kill) kill -KILL $child; wait $child ;;
        freeze) kill -STOP $child ;;
        thaw) kill -CONT $child ;;
    esac 2>/dev/null
    echo done
done
kill -KILL $child 2>/dev/null
wait
"#;

/// A running Redis or Valkey that keeps nothing on disk; it ends when this is dropped, or with this process.
pub struct Redis {
    port: u16,
    guard: Mutex<Guard>,
    _folder: TempDir,
}

struct Guard {
    orders: Option<ChildStdin>,
    obeyed: BufReader<ChildStdout>,
    shell: Child,
}

impl Redis {
    /// A server of one's own, with these options besides; none where it is not installed, which is said, and is a
    /// failure where `VESTIBULE_REQUIRE_REDIS` is set.
    pub fn start(options: &[&str]) -> Option<Self> {
        let Some(binary) = binaries::redis() else {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "{REQUIRED} is set, but neither redis-server nor valkey-server was found"
            );
            binaries::say_missing("Redis", "redis-server");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", GUARD, "guard"])
            .arg(binary)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .args(options)
            // Not ended by a Ctrl-C that ends the tests: it has still to end the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("a shell");
        let guard = Guard {
            orders: shell.stdin.take(),
            obeyed: BufReader::new(shell.stdout.take().expect("a pipe")),
            shell,
        };
        let redis = Self {
            port,
            guard: Mutex::new(guard),
            _folder: folder,
        };
        redis.wait();
        Some(redis)
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// SIGKILL; what it held is gone.
    pub fn kill(&self) {
        self.order("kill");
    }

    /// Starts it again, on the same port, and waits until it listens.
    pub fn start_again(&self) {
        self.order("start");
        self.wait();
    }

    /// SIGSTOP: connections are taken by the system and nobody answers.
    pub fn freeze(&self) {
        self.order("freeze");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.order("thaw");
    }

    /// Sends a command as a line and answers the beginning of what it says.
    pub fn say(&self, line: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        stream
            .write_all(format!("{line}\r\n").as_bytes())
            .expect("it reads");
        let mut said = [0; 64];
        let length = stream.read(&mut said).expect("it answers");
        String::from_utf8_lossy(said.get(..length).unwrap_or_default()).into_owned()
    }

    fn order(&self, word: &str) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = guard.orders.as_mut().expect("until it is dropped");
        writeln!(orders, "{word}").expect("the guard listens");
        let mut line = String::new();
        guard.obeyed.read_line(&mut line).expect("the guard answers");
    }

    fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < until, "Redis does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let guard = self.guard.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The end of its input.
        drop(guard.orders.take());
        let _ = guard.shell.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}
