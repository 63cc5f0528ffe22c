//! The same on PostgreSQL: with few users and with many, without a lease on what is cached, and on two nodes.

use crate::door::RAKOMI;
use crate::limit::{Limit, Stage};
use crate::load::{Load, Measured, run_together};
use crate::people::{READER, sign_up};
use crate::reference::BareAxum;
use crate::report::{Goal, Report};
use crate::rounds::{import, me, refreshes, round};
use crate::server::Server;
use crate::turns::{Compared, compare};
use crate::verdicts::{judge_check, judge_growth, judge_login, judge_refresh};
use crate::{Arguments, Failed};
use std::path::Path;
use std::sync::Arc;
use vestibule_cluster::Cluster;

/// A server that keeps what it was told, unlike one of the tests.
const DURABLE: &[&str] = &[
    "fsync=on",
    "full_page_writes=on",
    "autovacuum=on",
    "checkpoint_timeout=5min",
    "shared_buffers=256MB",
];

/// A server of any node, and how its load is made.
type LoadOf = fn(&Server, &str, u64) -> Result<Load, Failed>;

/// Measures all of it, if the server's binaries are installed.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<(), Failed> {
    if !vestibule_cluster::installed() {
        report.state("PostgreSQL", "not installed".to_owned());
        return Ok(());
    }
    let cluster = Cluster::start(DURABLE);
    let house = cluster.database(None);
    let url = house.url();
    let shared = [("DATABASE_URL", url.as_str())];
    let server = Server::start_in(&Arc::new(tempfile::tempdir()?), &arguments.binary, &shared)?;
    sign_up(&server)?;
    let bare = BareAxum::start(server.get("/.well-known/jwks.json")?.len())?;
    let stage = Stage::new(&server, &bare, arguments);
    // The first round meets a server that has been at work, as the second does.
    RAKOMI
        .logins(&server, stage.hashing())
        .connections(64)
        .run(&server.child)?;
    refreshes(&server, stage.seconds)?.run(&server.child)?;
    let first = round(&stage)?;
    judge_login(report, "postgres: rakomi", &first.login);
    judge_refresh(report, "postgres: ", &first.refresh, 0.5);
    judge_check(report, "postgres: me", &first.me, 2.5);
    let elsewhere = cluster.database(None);
    let unleased = unleased(&stage, &arguments.binary, &shared, &elsewhere.url())?;
    judge_check(report, "postgres: me without a lease", &unleased, 5.0);
    two_nodes(&stage, &arguments.binary, &shared, report)?;
    if arguments.postgres_users > 0 {
        import(&server, &arguments.binary, arguments.postgres_users)?;
        // What an import leaves to do is not what a large database costs.
        for settle in ["VACUUM ANALYZE", "CHECKPOINT"] {
            cluster.run_in(house.name(), settle);
        }
        let second = round(&stage)?;
        judge_growth(report, "postgres: ", &first, &second, arguments.postgres_users);
    }
    Ok(())
}

/// A node that listens in another database hears nothing and so has no lease: it asks the database for news before every answer.
fn unleased(
    stage: &Stage<'_>,
    binary: &Path,
    shared: &[(&str, &str)],
    elsewhere: &str,
) -> Result<Compared, Failed> {
    let deaf = ("VESTIBULE_POSTGRES__DIRECT_URL", elsewhere);
    let server = Server::start_in(&stage.server.folder(), binary, &[shared, &[deaf]].concat())?;
    let stage = Stage {
        server: &server,
        ..*stage
    };
    let access = RAKOMI.sign_in(&server, READER)?;
    let checked = stage.against(Limit::BareAnswer, || Ok(me(&server, &access, stage.seconds)))?;
    server.stop()?;
    Ok(checked)
}

/// What a request costs on two nodes that are used at once, beside what it costs on one.
fn two_nodes(
    stage: &Stage<'_>,
    binary: &Path,
    shared: &[(&str, &str)],
    report: &mut Report,
) -> Result<(), Failed> {
    let (one, seconds) = (stage.server, stage.seconds);
    let two = Server::start_in(&one.folder(), binary, shared)?;
    let access = RAKOMI.sign_in(one, READER)?;
    let loads: [(&str, LoadOf); 2] = [
        ("me", |server, access, seconds| Ok(me(server, access, seconds))),
        ("refresh", |server, _, seconds| refreshes(server, seconds)),
    ];
    for (what, load) in loads {
        let on = |server| load(server, &access, seconds);
        let both_after_one = || {
            let alone = on(one)?.run(&one.child)?.cpu;
            let both = run_together(&[(on(one)?, &one.child), (on(&two)?, &two.child)])?;
            Ok((alone, both))
        };
        let compared = compare(
            stage.turns,
            |both: &Measured, alone: f64| both.cpu / alone,
            both_after_one,
        )?;
        let Measured {
            cpu, rate, refused, ..
        } = compared.ours;
        let alone = compared.reference;
        let figure = format!("{cpu:.1} us on two, {alone:.1} us on one, {rate:.0}/s, {refused} refused");
        report.judge(
            &format!("postgres: {what} CPU, two nodes / one"),
            figure,
            compared.standing,
            Goal::AtMost(1.1),
        );
    }
    two.stop()
}
