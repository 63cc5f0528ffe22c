//! Many projects in one process beside as many users of one project.

use crate::door::KOOLBASE;
use crate::load::{Load, Measured};
use crate::many_projects;
use crate::people::credentials;
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::turns;
use crate::{Arguments, Failed};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;

/// Clients that sign up at a time: enough to keep the hashing threads busy.
const SIGNING_UP: u32 = 8;
/// Starts are quick and few of them say little: this many for each turn.
const STARTS: u32 = 3;

/// A server with a reader for each project, or as many readers of its only project.
struct Side {
    folder: Arc<TempDir>,
    server: Server,
    readers: Load,
}

/// Measures `me`, each project's reader in turn, and then the start.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<(), Failed> {
    let Arguments {
        seconds,
        turns,
        projects,
        ..
    } = *arguments;
    if projects == 0 {
        return Ok(());
    }
    let server = Server::start(&arguments.binary)?;
    let begun = Instant::now();
    let keys = many_projects::make(&server.data(), projects)?;
    let rate = f64::from(projects) / begun.elapsed().as_secs_f64();
    report.state("projects made, each with a key", format!("{rate:.0}/s"));
    let many = Side::new(server, &keys, seconds)?;
    let server = Server::start(&arguments.binary)?;
    let keys = vec![server.key.clone(); keys.len()];
    let one = Side::new(server, &keys, seconds)?;

    let me = turns::compare(
        turns,
        |many, one: Measured| many.p99 / one.p99,
        || {
            let alone = one.readers.run(&one.server.child)?;
            Ok((alone, many.readers.run(&many.server.child)?))
        },
    )?;
    report.judge(
        &format!("me p99 with {projects} projects / one"),
        format!(
            "{:.2} ms after {:.2} ms, CPU {:.1} us after {:.1} us, {} refused",
            me.ours.p99, me.reference.p99, me.ours.cpu, me.reference.cpu, me.ours.refused
        ),
        me.standing,
        Goal::AtMost(1.15),
    );
    let (one, many) = (one.end()?, many.end()?);
    let binary = &arguments.binary;
    let start = turns::ratio(turns * STARTS, || {
        Ok((start(&one, binary)?, start(&many, binary)?))
    })?;
    report.judge(
        &format!("start with {projects} projects / one"),
        format!("{:.1} ms after {:.1} ms", start.ours, start.reference),
        start.standing,
        Goal::AtMost(1.15),
    );
    Ok(())
}

impl Side {
    /// Signs a reader up with each key, and lets all of them read once.
    fn new(server: Server, keys: &[String], seconds: u64) -> Result<Self, Failed> {
        eprintln!("{} users sign up", keys.len());
        let file = server.data().join("bench-readers.txt");
        std::fs::write(&file, sign_up(&server, keys)?)?;
        let path = KOOLBASE.me.ok_or("Koolbase has no route to read oneself")?;
        let arguments = vec![file.to_string_lossy().into_owned()];
        let readers = || Load::script(server.url(path), "readers.lua", arguments.clone(), seconds);
        readers().connections(64).run(&server.child)?;
        Ok(Self {
            folder: server.folder(),
            readers: readers().connections(8),
            server,
        })
    }

    /// Stops the server and gives its folder.
    fn end(self) -> Result<Arc<TempDir>, Failed> {
        self.server.stop()?;
        Ok(self.folder)
    }
}

/// The key and the token of each reader, a line each.
fn sign_up(server: &Server, keys: &[String]) -> Result<String, Failed> {
    let client = |first: u32| -> Result<String, Failed> {
        let mut lines = String::new();
        let numbered = keys.iter().zip(0_u32..).skip(first as usize);
        for (key, number) in numbered.step_by(SIGNING_UP as usize) {
            let body = credentials(&format!("reader{number}@example.com"));
            let answer = server.post_with(key, "/v1/sdk/auth/register", &body)?;
            let token = answer.get("access_token").and_then(Value::as_str);
            let token = token.ok_or_else(|| format!("a sign-up without a token: {answer}"))?;
            writeln!(lines, "{key} {token}")?;
        }
        Ok(lines)
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..SIGNING_UP)
            .map(|first| scope.spawn(move || client(first)))
            .collect();
        let joined = clients.into_iter().map(|client| {
            let lines = client.join();
            lines.unwrap_or_else(|_| Err("a client that signed up panicked".into()))
        });
        joined.collect()
    })
}

/// Milliseconds from start to first answer in a folder that is there already.
fn start(folder: &Arc<TempDir>, binary: &Path) -> Result<f64, Failed> {
    let server = Server::start_in(folder, binary, &[])?;
    let milliseconds = server.started_in.as_secs_f64() * 1_000.0;
    server.stop()?;
    Ok(milliseconds)
}
