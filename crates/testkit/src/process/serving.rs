//! A server that runs as a child of the story: what can be asked of it and done to it.

use super::Guard;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A server that said it is ready. It is killed when this is dropped.
pub struct Serving {
    pub(super) guard: Guard,
    /// Its line of JSON.
    pub ready: Value,
    /// How long it took from the call to that line.
    pub took: Duration,
    pub(super) said: Arc<Mutex<String>>,
}

impl Serving {
    /// The address of a URL of the ready line, such as `base_url`.
    pub fn address(&self, url: &str) -> SocketAddr {
        let url = self.ready[url]
            .as_str()
            .unwrap_or_else(|| panic!("no {url} in {}", self.ready));
        let host = url
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap_or_default();
        host.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// What it has written to stderr.
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.guard.0.id()
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(mut self) {
        self.guard.kill();
    }

    /// SIGKILL if it still runs, and waits for the end; what it said can still be read.
    pub fn kill_now(&mut self) {
        self.guard.kill();
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).expect("the server lives");
    }

    /// SIGSTOP, and waits until every thread stands still: it does nothing more until it is woken, and knows nothing of
    /// it.
    pub fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).expect("the server lives");
        super::eventually("frozen", Duration::from_secs(10), || {
            let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("a process");
            let stands = |thread: std::fs::DirEntry| {
                let status = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
                status
                    .rsplit(") ")
                    .next()
                    .is_some_and(|state| state.starts_with('T'))
            };
            threads.map_while(Result::ok).all(stands).then_some(())
        });
    }

    /// SIGCONT.
    pub fn wake(&self) {
        kill_process(self.pid(), Signal::CONT).expect("the server lives");
    }

    /// Waits for its end; none when it still runs after `patience`.
    pub fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        self.guard.ended(patience)
    }

    /// Bounds how many files it may have open, or how long a file of its may become; `None` lifts the bound.
    pub fn limit(&self, resource: Resource, most: Option<u64>) {
        let maximum = getrlimit(resource).maximum;
        let limit = Rlimit {
            current: most.or(maximum),
            maximum,
        };
        prlimit(Some(self.pid()), resource, limit).expect("a limit of one's own child");
    }

    /// How many files it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.id()))
            .expect("a process")
            .count()
    }

    /// Its memory in KiB: `VmRSS` for now, `VmHWM` for the most there ever was.
    pub fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("a process");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .expect("a line of that name");
        line.trim_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .expect("a number of KiB")
    }

    /// The processor time that it has used.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("a process");
        let fields = stat
            .rsplit(") ")
            .next()
            .expect("fields after the name")
            .split(' ');
        let ticks = fields
            .skip(11)
            .take(2)
            .map(|it| it.parse::<u64>().expect("ticks"))
            .sum::<u64>();
        Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).expect("a few")
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.guard.0)
    }
}
