//! What is measured, in order.

use crate::load::{Load, Measured, read};
use crate::reference;
use crate::report::{Goal, Report};
use crate::server::Server;
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
struct Round {
    login: Measured,
    refresh: Measured,
    me: Measured,
    jwks: Measured,
}

/// Runs everything and prints the table.
pub fn run(arguments: &Arguments) -> Result<(), Failed> {
    let seconds = arguments.seconds;
    let mut report = Report::default();

    let bare = reference::bare_axum("/", seconds)?;
    let document = reference::bare_axum("/document", seconds)?;
    report.state(
        "bare axum JSON answer",
        format!("{:.0}/s, {:.1} us CPU", bare.rate, bare.cpu),
    );
    report.state(
        "bare axum, a document like the JWKS",
        format!("{:.0}/s, {:.1} us CPU", document.rate, document.cpu),
    );
    let hashes = reference::raw_hashes(seconds)?;
    report.state("raw Argon2id of the pool", format!("{hashes:.0}/s"));
    let signatures = reference::raw_signatures(seconds)?;
    report.state("raw RS256 signatures", format!("{signatures:.0}/s"));

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
    logins(&server, seconds, 64).run(&server.child)?;
    let workers = f64::from(u32::try_from(std::thread::available_parallelism()?.get())?);
    let peak = server.child.peak()?;
    let allowed = idle + workers * WORKER_MEMORY + 32.0;
    report.judge(
        "peak memory under login flood",
        format!("{peak:.1} MiB"),
        peak,
        Goal::AtMost(allowed.round()),
    );
    flood(&mut report, &server, seconds)?;

    let first = round(&server, &sign_in_all(&server)?, seconds)?;
    judge_round(&mut report, &first, [document.rate, bare.cpu, hashes, signatures]);
    if arguments.users > 0 {
        import(&server, arguments)?;
        let second = round(&server, &sign_in_all(&server)?, seconds)?;
        compare(&mut report, &first, &second, arguments.users);
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

fn sign_in_all(server: &Server) -> Result<Vec<Value>, Failed> {
    let log_in = |number| {
        let email = format!("user{number}@example.com");
        server.post("/v1/auth/login", &credentials(&email))
    };
    (0..USERS).map(log_in).collect()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn round(server: &Server, tokens: &[Value], seconds: u64) -> Result<Round, Failed> {
    let url = |path: &str| format!("{}{path}", server.base_url);
    let access = read_as(server)?;
    let me =
        Load::script(&url("/v1/auth/me"), "get.lua", &[&server.key, &access], seconds).run(&server.child)?;
    let jwks = Load::script(&url("/.well-known/jwks.json"), "get.lua", &[], seconds).run(&server.child)?;
    let login = logins(server, seconds, 16).run(&server.child)?;
    let mut leaves = String::new();
    for tokens in tokens {
        writeln!(leaves, "{}", text(tokens, "refresh_token"))?;
    }
    let file = server.data().join("bench-tokens.txt");
    std::fs::write(&file, leaves)?;
    let refresh = Load::script(
        &url("/"),
        "refresh.lua",
        &[&server.key, &file.to_string_lossy()],
        seconds,
    )
    .connections(32)
    .run(&server.child)?;
    Ok(Round {
        login,
        refresh,
        me,
        jwks,
    })
}

/// Logins of all users in turn.
fn logins(server: &Server, seconds: u64, connections: u32) -> Load {
    let url = format!("{}/", server.base_url);
    Load::script(&url, "login.lua", &[&server.key, &USERS.to_string()], seconds).connections(connections)
}

fn judge_round(report: &mut Report, round: &Round, [document_rate, bare_cpu, hashes, signatures]: [f64; 4]) {
    let Round {
        login,
        refresh,
        me,
        jwks,
    } = round;
    let answered = |it: &Measured| format!("{:.0}/s, p99 {:.1} ms, {} refused", it.rate, it.p99, it.refused);
    report.judge(
        "login / raw hash rate",
        answered(login),
        login.rate / hashes,
        Goal::AtLeast(0.9),
    );
    report.judge(
        "refresh / raw signatures",
        answered(refresh),
        refresh.rate / signatures,
        Goal::AtLeast(0.7),
    );
    let cpu = format!("{:.0}/s, {:.1} us CPU, {} refused", me.rate, me.cpu, me.refused);
    report.judge(
        "me CPU / bare axum CPU",
        cpu,
        me.cpu / bare_cpu,
        Goal::AtMost(2.5),
    );
    report.judge(
        "JWKS rate / bare axum rate, as many bytes",
        answered(jwks),
        jwks.rate / document_rate,
        Goal::AtLeast(0.8),
    );
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

fn compare(report: &mut Report, first: &Round, second: &Round, users: u32) {
    for (what, before, after) in [
        ("login", first.login.rate, second.login.rate),
        ("refresh", first.refresh.rate, second.refresh.rate),
        ("me", first.me.rate, second.me.rate),
        ("JWKS", first.jwks.rate, second.jwks.rate),
    ] {
        let figure = format!("{after:.0}/s after {before:.0}/s");
        report.judge(
            &format!("{what} with {users} users / empty"),
            figure,
            after / before,
            Goal::AtLeast(0.85),
        );
    }
}
