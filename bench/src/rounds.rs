//! What is measured, in order.

use crate::load::{Load, read};
use crate::reference::{self, BareAxum};
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::turns::{self, Compared};
use crate::verdicts::{judge_growth, judge_round};
use crate::{Arguments, Failed};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;

/// Who reads `me`: nobody else signs in as this user, so that the answer lists one session.
const READER: &str = "reader@example.com";
/// Users that log in during the measurements.
const USERS: u32 = 256;
/// Hashing memory of one worker, in MiB.
const WORKER_MEMORY: f64 = 19.0;

/// The figures that must not change when the database grows.
pub struct Round {
    pub login: Compared,
    pub refresh: Compared,
    pub me: Compared,
    pub jwks: Compared,
}

/// Runs everything and prints the table.
pub fn run(arguments: &Arguments) -> Result<(), Failed> {
    let mut report = Report::default();
    size_and_start(arguments, &mut report)?;
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
    logins(&server, arguments.seconds, 64).run(&server.child)?;
    let workers = f64::from(u32::try_from(std::thread::available_parallelism()?.get())?);
    let peak = server.child.peak()?;
    let allowed = idle + workers * WORKER_MEMORY + 32.0;
    report.judge(
        "peak memory under login flood",
        format!("{peak:.1} MiB"),
        peak,
        Goal::AtMost(allowed.round()),
    );
    flood(&mut report, &server, arguments.seconds)?;

    let bare = BareAxum::start(server.get("/.well-known/jwks.json")?.len())?;
    let first = round(&server, &bare, arguments)?;
    judge_round(&mut report, &first);
    if arguments.users > 0 {
        import(&server, arguments)?;
        let second = round(&server, &bare, arguments)?;
        judge_growth(&mut report, &first, &second, arguments.users);
    }
    let missed = report.print();
    if missed > 0 {
        Err(format!("{missed} goals missed").into())
    } else {
        Ok(())
    }
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

/// Registers the users that the load logs in as, and the reader.
fn sign_up(server: &Server) -> Result<(), Failed> {
    for number in 0..USERS {
        let email = format!("user{number}@example.com");
        server.post("/v1/auth/register", &credentials(&email))?;
    }
    server.post("/v1/auth/register", &credentials(READER))?;
    Ok(())
}

fn credentials(email: &str) -> Value {
    json!({"email": email, "password": "SecureP@ss123"})
}

/// An access token of the reader.
fn read_as(server: &Server) -> Result<String, Failed> {
    let tokens = server.post("/v1/auth/login", &credentials(READER))?;
    Ok(text(&tokens, "access_token").to_owned())
}

/// Signs everybody in once more, and keeps the refresh tokens in a file, one a line.
fn sign_in_all(server: &Server) -> Result<String, Failed> {
    let mut leaves = String::new();
    for number in 0..USERS {
        let email = format!("user{number}@example.com");
        let tokens = server.post("/v1/auth/login", &credentials(&email))?;
        writeln!(leaves, "{}", text(&tokens, "refresh_token"))?;
    }
    let file = server.data().join("bench-tokens.txt");
    std::fs::write(&file, leaves)?;
    Ok(file.to_string_lossy().into_owned())
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn round(server: &Server, bare: &BareAxum, arguments: &Arguments) -> Result<Round, Failed> {
    let Arguments { seconds, turns, .. } = *arguments;
    let url = |path: &str| format!("{}{path}", server.base_url);
    let access = read_as(server)?;
    let me = Load::script(&url("/v1/auth/me"), "get.lua", &[&server.key, &access], seconds);
    let me = turns::compare(
        turns,
        |it| it.cpu,
        || Ok(bare.answers("/", seconds)?.cpu),
        || me.run(&server.child),
    )?;
    let jwks = Load::script(&url("/.well-known/jwks.json"), "get.lua", &[], seconds);
    let jwks = turns::compare(
        turns,
        |it| it.rate,
        || Ok(bare.answers("/document", seconds)?.rate),
        || jwks.run(&server.child),
    )?;
    let login = logins(server, seconds, 16);
    let login = turns::compare(
        turns,
        |it| it.rate,
        || reference::raw_hashes(seconds),
        || login.run(&server.child),
    )?;
    let refresh = turns::compare(
        turns,
        |it| it.rate,
        || reference::raw_signatures(seconds),
        || refreshes(server, seconds)?.run(&server.child),
    )?;
    Ok(Round {
        login,
        refresh,
        me,
        jwks,
    })
}

/// Refreshes in 256 families that are new, since the last load used the tokens of the others up.
fn refreshes(server: &Server, seconds: u64) -> Result<Load, Failed> {
    let url = format!("{}/", server.base_url);
    let tokens = sign_in_all(server)?;
    Ok(Load::script(
        &url,
        "refresh.lua",
        &[&server.key, &tokens],
        seconds,
    ))
}

/// Logins of all users in turn.
fn logins(server: &Server, seconds: u64, connections: u32) -> Load {
    let url = format!("{}/", server.base_url);
    Load::script(&url, "login.lua", &[&server.key, &USERS.to_string()], seconds).connections(connections)
}

/// `me` alone, then `me` while logins flood in.
fn flood(report: &mut Report, server: &Server, seconds: u64) -> Result<(), Failed> {
    let access = read_as(server)?;
    let url = format!("{}/v1/auth/me", server.base_url);
    let me = Load::script(&url, "paced.lua", &[&server.key, &access], seconds).connections(4);
    let calm = me.run(&server.child)?;
    let logins = logins(server, seconds + 2, 64).start()?;
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
fn import(server: &Server, arguments: &Arguments) -> Result<(), Failed> {
    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuCXRTXIjI0VuzGMz3BTEmwlqUaPNPFhK";
    let file = server.data().join("bench-users.jsonl");
    let mut lines = std::io::BufWriter::new(std::fs::File::create(&file)?);
    for number in 0..arguments.users {
        writeln!(
            lines,
            "{}",
            json!({"email": format!("imported{number}@example.com"), "password_hash": HASH})
        )?;
    }
    lines.flush()?;
    let status = std::process::Command::new(&arguments.binary)
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
        .stdout(std::process::Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the import failed".into())
    }
}
