//! The base: what a server is without load, and what it does through Rakomi's door, with few users and with many.

use crate::door::RAKOMI;
use crate::limit::{Limit, Stage};
use crate::load::{Load, read};
use crate::people::{READER, USERS, credentials, sign_up, user};
use crate::reference::BareAxum;
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::turns::Compared;
use crate::verdicts::{judge_growth, judge_round};
use crate::{Arguments, Failed};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Hashing memory of one worker, in MiB.
const WORKER_MEMORY: f64 = 19.0;

/// The figures that must not change when the database grows.
pub struct Round {
    pub login: Compared,
    pub refresh: Compared,
    pub me: Compared,
    pub jwks: Compared,
}

/// Measures all of it.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<(), Failed> {
    size_and_start(arguments, report)?;
    let server = Server::start(&arguments.binary)?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let idle = server.child.resident()?;
    report.judge(
        "idle memory, empty database",
        format!("{idle:.1} MiB"),
        idle,
        Goal::AtMost(25.0),
    );

    sign_up(&server)?;
    RAKOMI
        .logins(&server, arguments.seconds)
        .connections(64)
        .run(&server.child)?;
    let workers = f64::from(u32::try_from(std::thread::available_parallelism()?.get())?);
    let peak = server.child.peak()?;
    let allowed = idle + workers * WORKER_MEMORY + 32.0;
    report.judge(
        "peak memory under login flood",
        format!("{peak:.1} MiB"),
        peak,
        Goal::AtMost(allowed.round()),
    );
    flood(report, &server, arguments.seconds)?;

    let bare = BareAxum::start(server.get("/.well-known/jwks.json")?.len())?;
    let stage = Stage::new(&server, &bare, arguments);
    let first = round(&stage)?;
    judge_round(report, &first);
    if arguments.users > 0 {
        import(&server, &arguments.binary, arguments.users)?;
        let second = round(&stage)?;
        judge_growth(report, "", &first, &second, arguments.users);
    }
    Ok(())
}

fn size_and_start(arguments: &Arguments, report: &mut Report) -> Result<(), Failed> {
    let bytes = std::fs::metadata(&arguments.binary)?.len();
    let megabytes = f64::from(u32::try_from(bytes)?) / 1e6;
    report.judge(
        "binary",
        format!("{megabytes:.1} MB"),
        megabytes,
        Goal::AtMost(25.0),
    );
    let mut starts = Vec::new();
    for _ in 0..5 {
        starts.push(Server::start(&arguments.binary)?.started_in.as_secs_f64() * 1_000.0);
    }
    starts.sort_by(f64::total_cmp);
    let median = starts.get(2).copied().unwrap_or(f64::INFINITY);
    report.judge(
        "start to first answer, new folder",
        format!("{median:.0} ms"),
        median,
        Goal::AtMost(50.0),
    );
    Ok(())
}

/// Signs everybody in once more, and keeps the refresh tokens in a file, one a line.
fn sign_in_all(server: &Server) -> Result<String, Failed> {
    let mut leaves = String::new();
    for number in 0..USERS {
        let tokens = server.post("/v1/auth/login", &credentials(&user(number)))?;
        let leaf = tokens.get("refresh_token").and_then(Value::as_str);
        writeln!(leaves, "{}", leaf.unwrap_or_default())?;
    }
    // Two nodes have one data folder, and each its own clients.
    let (_, port) = server.base_url.rsplit_once(':').unwrap_or_default();
    let file = server.data().join(format!("bench-tokens-{port}.txt"));
    std::fs::write(&file, leaves)?;
    Ok(file.to_string_lossy().into_owned())
}

/// Measures what must not change when the database grows.
pub fn round(stage: &Stage<'_>) -> Result<Round, Failed> {
    let Stage { server, seconds, .. } = *stage;
    let access = RAKOMI.sign_in(server, READER)?;
    let jwks = server.url("/.well-known/jwks.json");
    Ok(Round {
        me: stage.against(Limit::BareAnswer, || Ok(me(server, &access, seconds)))?,
        jwks: stage.against(Limit::BareDocument, || {
            Ok(Load::script(jwks.clone(), "get.lua", Vec::new(), seconds))
        })?,
        login: stage.against(Limit::Hashes, || {
            Ok(RAKOMI.logins(server, stage.hashing()).connections(16))
        })?,
        refresh: stage.against(Limit::Signatures, || refreshes(server, seconds))?,
    })
}

/// `me` of one signed-in user.
pub fn me(server: &Server, access: &str, seconds: u64) -> Load {
    RAKOMI.reads(server, "/v1/auth/me", access, seconds)
}

/// Refreshes by as many clients as the store's own limits were measured with, in 256 families that are new, since the
/// last load used the tokens of the others up.
pub fn refreshes(server: &Server, seconds: u64) -> Result<Load, Failed> {
    let arguments = vec![server.key.clone(), sign_in_all(server)?];
    Ok(Load::script(server.url("/v1/auth/refresh"), "refresh.lua", arguments, seconds).connections(64))
}

/// `me` alone, then `me` while logins flood in.
fn flood(report: &mut Report, server: &Server, seconds: u64) -> Result<(), Failed> {
    let access = RAKOMI.sign_in(server, READER)?;
    let me = me(server, &access, seconds).paced().connections(4);
    let calm = me.run(&server.child)?;
    let logins = RAKOMI.logins(server, seconds + 2).connections(64).start()?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    let flooded = me.run(&server.child)?;
    let login = read(&String::from_utf8_lossy(&logins.wait_with_output()?.stdout), 0.0)?;
    report.state(
        "logins during the flood",
        format!("{:.0}/s answered, {} shed", login.rate, login.refused),
    );
    let figure = format!("p50 {:.2} ms alone, p99 {:.2} ms flooded", calm.p50, flooded.p99);
    report.judge(
        "me p99 in flood / p50 alone",
        figure,
        flooded.p99 / calm.p50,
        Goal::AtMost(10.0),
    );
    Ok(())
}

/// Fills the test environment through the import command.
pub fn import(server: &Server, binary: &Path, users: u32) -> Result<(), Failed> {
    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuCXRTXIjI0VuzGMz3BTEmwlqUaPNPFhK";
    let file = server.data().join("bench-users.jsonl");
    let mut lines = std::io::BufWriter::new(std::fs::File::create(&file)?);
    for number in 0..users {
        writeln!(
            lines,
            "{}",
            json!({"email": format!("imported{number}@example.com"), "password_hash": HASH})
        )?;
    }
    lines.flush()?;
    let status = std::process::Command::new(binary)
        .args([
            "user",
            "import",
            "--project",
            "default",
            "--environment",
            "test",
            "--json",
            "--data",
        ])
        .arg(server.data())
        .arg(&file)
        .envs(server.settings())
        .stdout(std::process::Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the import failed".into())
    }
}
