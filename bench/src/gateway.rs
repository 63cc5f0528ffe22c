//! What the gateway adds to the latency of an upstream.

use crate::door::RAKCHA;
use crate::people::{READER, credentials};
use crate::reference::BareAxum;
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::turns;
use crate::{Arguments, Failed};
use std::sync::Arc;

/// What is guarded: a path of the bare axum that stands behind the gateway.
const PATH: &str = "/document";
/// Bytes of the upstream's answer.
const DOCUMENT: usize = 1_000;

/// Asks the upstream over one kept connection, and then the same process through the gateway.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<(), Failed> {
    let Arguments { seconds, turns, .. } = *arguments;
    let upstream = BareAxum::start(DOCUMENT)?;
    let table = format!(
        "[{{prefix=\"{PATH}\",upstream=\"{}\",dialect=\"{}\"}}]",
        upstream.url, RAKCHA.name
    );
    let server = Server::start_in(
        &Arc::new(tempfile::tempdir()?),
        &arguments.binary,
        &[("VESTIBULE_GATEWAY", &table)],
    )?;
    server.post("/v1/auth/register", &credentials(READER))?;
    let token = RAKCHA.sign_in(&server, READER)?;

    let alone = upstream.answers(PATH, seconds).connections(1);
    let guarded = RAKCHA.reads(&server, PATH, &token, seconds).connections(1);
    let compared = turns::compare(
        turns,
        |guarded, alone| guarded.p50 - alone,
        || Ok((alone.run(&upstream.child)?.p50, guarded.run(&server.child)?)),
    )?;
    report.judge(
        "gateway: p50 added to the upstream's, ms",
        format!(
            "{:.3} ms after {:.3} ms alone, {} refused",
            compared.ours.p50, compared.reference, compared.ours.refused
        ),
        compared.standing,
        Goal::AtMost(0.3),
    );
    Ok(())
}
