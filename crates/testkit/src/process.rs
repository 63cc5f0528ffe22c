//! The real binary as a child of a story: called as a user calls it, and ended whatever becomes of the story.

mod serving;

pub use serving::Serving;

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a command or a start may take before the story fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again, without a fixed wait, until there is an answer; fails the story after `patience`.
pub fn eventually<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "not within {patience:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// How the binary is called.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
    variables: Vec<(String, String)>,
    through: Vec<String>,
}

impl Binary {
    /// The binary of a path. It inherits nothing of the environment but the search path.
    pub fn at(path: &str) -> Self {
        Self {
            path: path.into(),
            variables: Vec::new(),
            through: Vec::new(),
        }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Lets another program start it, which ends its own arguments with `exec`-ing the rest of them.
    #[must_use]
    pub fn through(mut self, program: &[&str]) -> Self {
        self.through = program.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "")
    }

    /// Runs a command that reads `input`.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that refuses its arguments does not read.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let out = whole(child.stdout.take().expect("a pipe"));
        let err = whole(child.stderr.take().expect("a pipe"));
        let mut guard = Guard(child);
        let status = guard
            .ended(PATIENCE)
            .unwrap_or_else(|| panic!("{arguments:?} does not end"));
        let text = |from: Receiver<String>| from.recv().expect("a reader");
        Ended {
            code: status.code(),
            out: text(out),
            err: text(err),
        }
    }

    /// Starts a server and waits until it says in one line of JSON that it is ready.
    pub fn serve(&self, arguments: &[&str]) -> Serving {
        let since = Instant::now();
        let mut child = self
            .command(arguments)
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let (out, stderr) = (
            child.stdout.take().expect("a pipe"),
            child.stderr.take().expect("a pipe"),
        );
        let guard = Guard(child);
        let said = Arc::new(Mutex::new(String::new()));
        let hearing = Arc::clone(&said);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut said = hearing.lock().unwrap_or_else(PoisonError::into_inner);
                said.push_str(&line);
                said.push('\n');
            }
        });
        let (tell, told) = channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // The story may be over.
                let _ = tell.send(line);
            }
        });
        let heard = || said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let line = told
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no server: {}", heard()));
        let took = since.elapsed();
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        Serving {
            guard,
            ready,
            took,
            said,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut words = self
            .through
            .iter()
            .map(AsRef::as_ref)
            .chain([self.path.as_os_str()]);
        let mut command = Command::new(words.next().expect("at least the binary"));
        command
            .args(words)
            .args(arguments)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "story");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub out: String,
    /// What it wrote to stderr.
    pub err: String,
}

impl Ended {
    /// Fails the story unless the command did what it was asked.
    pub fn done(&self) {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
    }

    /// The one line of JSON on stdout of a command that did what it was asked.
    pub fn json(&self) -> Value {
        self.done();
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {}", self.out))
    }
}

struct Guard(Child);

impl Guard {
    fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            let status = self.0.try_wait().expect("one's own child");
            if status.is_some() || Instant::now() > until {
                return status;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn kill(&mut self) {
        // Both fail only for a child that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads all there is, on a thread of its own so that the writer never waits.
fn whole(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = from.read_to_end(&mut text);
        let _ = tell.send(String::from_utf8_lossy(&text).into_owned());
    });
    told
}
