//! A data folder, the binary that works on it, and the server over it.

use super::client::{Answer, Request, somebody};
use serde_json::json;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use vestibule_testkit::process::{Binary, Ended, Serving};

pub const PASSWORD: &str = "correct horse battery staple";

/// Where one story happens.
pub struct Place {
    folder: TempDir,
    pub binary: Binary,
}

impl Place {
    /// A new empty folder. Load comes through a trusted proxy, so that the limits stay what they are.
    pub fn new() -> Self {
        let binary = Binary::at(env!("CARGO_BIN_EXE_vestibule-in-stories"));
        let binary = binary.with("VESTIBULE_NETWORK__TRUSTED_PROXIES", r#"["127.0.0.1/32"]"#);
        Self {
            folder: tempfile::tempdir().unwrap(),
            binary,
        }
    }

    /// Changes how the binary is called.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.binary = self.binary.with(name, value);
        self
    }

    /// A path beside the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data().join("vestibule.db")
    }

    /// Starts `vestibule dev` over the data folder.
    pub fn dev(&self) -> Server {
        Server::start(&self.binary, &self.data())
    }

    /// Runs a command on the data folder.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "")
    }

    /// Runs a command on the data folder that reads `input`.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let data = self.data();
        let data = data.to_str().unwrap();
        self.binary
            .run_with(&[arguments, &["--data", data]].concat(), input)
    }

    /// The JSON of a command on the data folder.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        self.run(&[arguments, &["--json"]].concat()).json()
    }
}

/// `vestibule dev` and its Rakomi door.
pub struct Server {
    pub process: Serving,
    pub door: Door,
}

impl Server {
    pub fn start(binary: &Binary, data: &Path) -> Self {
        let data = data.to_str().unwrap();
        let process = binary.serve(&["dev", "--data", data, "--listen", "127.0.0.1:0", "--json"]);
        let key = process.ready["keys"]["test"]["api"].as_str().unwrap().to_owned();
        Self {
            door: Door {
                address: process.address("base_url"),
                key,
            },
            process,
        }
    }

    /// A count of the metrics listener; 0 while nothing was counted.
    pub fn figure(&self, name: &str) -> u64 {
        let figures = Request::get("/metrics")
            .send(self.process.address("metrics_url"))
            .unwrap()
            .body;
        let lines = figures.lines().filter_map(|line| line.rsplit_once(' '));
        lines
            .filter(|(found, _)| found.split('{').next() == Some(name))
            .map(|(_, value)| value.parse::<u64>().unwrap())
            .sum()
    }
}

/// The Rakomi door, as an app with a key sees it.
#[derive(Clone)]
pub struct Door {
    pub address: SocketAddr,
    pub key: String,
}

impl Door {
    pub fn post(&self, path: &str, body: &serde_json::Value) -> Request {
        Request::post(&format!("/v1/auth/{path}"), body).header("x-api-key", &self.key)
    }

    pub fn register(&self, email: &str) -> Request {
        self.post("register", &json!({ "email": email, "password": PASSWORD }))
    }

    pub fn login(&self, email: &str) -> Request {
        self.post("login", &json!({ "email": email, "password": PASSWORD }))
    }

    pub fn refresh(&self, token: &str) -> Request {
        self.post("refresh", &json!({ "refresh_token": token }))
    }

    pub fn me(&self, token: &str) -> Request {
        Request::get("/v1/auth/me")
            .header("x-api-key", &self.key)
            .bearer(token)
    }

    /// Sends as a client that nobody has seen before.
    pub fn send(&self, request: Request) -> io::Result<Answer> {
        self.send_from(somebody(), request)
    }

    pub fn send_from(&self, client: Ipv4Addr, request: Request) -> io::Result<Answer> {
        request.from(client).send(self.address)
    }

    /// A new user, registered and signed in.
    pub fn newcomer(&self, email: &str) -> SignedIn {
        self.send(self.register(email)).unwrap().expect(201);
        self.sign_in(email)
    }

    pub fn sign_in(&self, email: &str) -> SignedIn {
        let answer = self.send(self.login(email)).unwrap().expect(200);
        SignedIn {
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
        }
    }

    /// The status that `me` answers to a token.
    pub fn status_of(&self, access: &str) -> u16 {
        self.send(self.me(access)).unwrap().status
    }
}

/// The tokens of a session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub access: String,
    pub refresh: String,
}
