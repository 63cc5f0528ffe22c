//! The processes that are measured.

use crate::Failed;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A child process that ends with its handle.
pub struct Child(std::process::Child);

/// A running `vestibule dev` in a folder of its own.
pub struct Server {
    /// The process.
    pub child: Child,
    /// Where it listens.
    pub base_url: String,
    /// An API key of the test environment.
    pub key: String,
    /// How long it took from start to its first answer.
    pub started_in: Duration,
    folder: Arc<TempDir>,
    settings: Vec<(String, String)>,
    clients: AtomicU32,
}

impl Child {
    /// The bare axum reference and its address.
    pub fn bare(document: usize) -> Result<(Self, String), Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::spawn(command.args(["bare", "--document", &document.to_string()]))
    }

    fn spawn(command: &mut Command) -> Result<(Self, String), Failed> {
        let mut child = Self(command.stdout(Stdio::piped()).spawn()?);
        let stdout = child.0.stdout.take().ok_or("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok((child, line.trim().to_owned()))
    }

    /// CPU time that the process has used, user and system, in seconds.
    pub fn cpu_seconds(&self) -> Result<f64, Failed> {
        const TICKS_PER_SECOND: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let (_, fields) = stat.rsplit_once(") ").ok_or("unreadable /proc stat")?;
        let ticks = |n: usize| {
            fields
                .split(' ')
                .nth(n)
                .and_then(|text| text.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        Ok((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> Result<f64, Failed> {
        self.status("VmRSS:")
    }

    /// The most resident memory that the process ever had, in MiB.
    pub fn peak(&self) -> Result<f64, Failed> {
        self.status("VmHWM:")
    }

    /// Asks it to end and waits until it has written everything.
    pub fn stop(mut self) -> Result<(), Failed> {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status()?;
        let ended = self.0.wait()?;
        if asked.success() && ended.success() {
            Ok(())
        } else {
            Err(format!("the server did not stop well: {ended}").into())
        }
    }

    fn status(&self, name: &str) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .ok_or("unreadable /proc status")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts the binary in a new folder.
    pub fn start(binary: &Path) -> Result<Self, Failed> {
        Self::start_in(&Arc::new(tempfile::tempdir()?), binary, &[])
    }

    /// Starts the binary in a folder, with more settings. Load comes from loopback as a trusted proxy, so that its
    /// requests have clients. Koolbase lets its users in before they have verified their addresses, as the others do.
    pub fn start_in(folder: &Arc<TempDir>, binary: &Path, settings: &[(&str, &str)]) -> Result<Self, Failed> {
        let begun = Instant::now();
        let (child, line) = Child::spawn(
            Command::new(binary)
                .args(["dev", "--listen", "127.0.0.1:0", "--json", "--data"])
                .arg(folder.path().join("data"))
                .env("VESTIBULE_NETWORK__TRUSTED_PROXIES", r#"["127.0.0.1/32"]"#)
                .env("VESTIBULE_KOOLBASE__VERIFIED_EMAIL", "false")
                .envs(settings.iter().copied()),
        )?;
        let ready: Value = serde_json::from_str(&line)?;
        let text = |path: &str| {
            ready
                .pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (base_url, key) = (text("/base_url"), text("/keys/test/api"));
        let mut server = Self {
            child,
            base_url,
            key,
            started_in: Duration::ZERO,
            folder: Arc::clone(folder),
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            clients: AtomicU32::new(0),
        };
        server.get("/v1/health")?;
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// The folder that it started in.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// What it was started with besides its folder, as commands that work on the same data need it.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The folder with the database.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Stops it; the folder stays as long as somebody holds it.
    pub fn stop(self) -> Result<(), Failed> {
        self.child.stop()
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Posts a JSON body with the API key and returns the JSON answer.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        self.post_with(&self.key, path, body)
    }

    /// Posts a JSON body with an API key of any project and returns the JSON answer.
    pub fn post_with(&self, key: &str, path: &str, body: &Value) -> Result<Value, Failed> {
        let answer = self.request(&format!("POST {path}"), key, &body.to_string())?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// The body of an answer to `GET`.
    pub fn get(&self, path: &str) -> Result<String, Failed> {
        self.request(&format!("GET {path}"), &self.key, "")
    }

    fn request(&self, line: &str, key: &str, body: &str) -> Result<String, Failed> {
        let host = self.base_url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        let [_, _, high, low] = self.clients.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\nX-Forwarded-For: 192.168.{high}.{low}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP answer")?;
        if !head.starts_with("HTTP/1.1 2") {
            return Err(format!("{line}: {answer}").into());
        }
        Ok(body.to_owned())
    }
}
