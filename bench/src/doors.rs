//! Each door: logging in, reading oneself, and the check for a proxy.

use crate::door::{DOORS, Door, RAKOMI};
use crate::limit::{Limit, Stage};
use crate::people::{READER, sign_up};
use crate::reference::BareAxum;
use crate::report::Report;
use crate::server::Server;
use crate::verdicts::{judge_check, judge_login};
use crate::{Arguments, Failed};

/// Measures all of them on one server.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<(), Failed> {
    let server = Server::start(&arguments.binary)?;
    sign_up(&server)?;
    let bare = BareAxum::start(0)?;
    let stage = Stage::new(&server, &bare, arguments);
    for door in DOORS {
        // Rakomi's login and `me` are rows of the base.
        if door.name != RAKOMI.name {
            login(&stage, door, report)?;
            me(&stage, door, report)?;
        }
        forward_auth(&stage, door, report)?;
    }
    Ok(())
}

fn login(stage: &Stage<'_>, door: &Door, report: &mut Report) -> Result<(), Failed> {
    let load = || Ok(door.logins(stage.server, stage.hashing()).connections(16));
    judge_login(report, door.name, &stage.against(Limit::Hashes, load)?);
    Ok(())
}

fn me(stage: &Stage<'_>, door: &Door, report: &mut Report) -> Result<(), Failed> {
    let Some(path) = door.me else { return Ok(()) };
    check(stage, door, path, report)
}

fn forward_auth(stage: &Stage<'_>, door: &Door, report: &mut Report) -> Result<(), Failed> {
    check(stage, door, &format!("/forward-auth/{}", door.name), report)
}

fn check(stage: &Stage<'_>, door: &Door, path: &str, report: &mut Report) -> Result<(), Failed> {
    let token = door.sign_in(stage.server, READER)?;
    let load = || Ok(door.reads(stage.server, path, &token, stage.seconds));
    let checked = stage.against(Limit::BareAnswer, load)?;
    judge_check(report, &format!("GET {path}"), &checked, 2.5);
    Ok(())
}
