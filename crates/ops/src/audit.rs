//! Audit rows of requests.

use crate::cx::Cx;
use crate::error::{Error, Stop};
use vestibule_model::id::AuditId;
use vestibule_store::Tx;
use vestibule_store::audit::{Act, Entry, Outcome, write};

/// The row of something that a request did; the actor is the user whom it is about.
pub(crate) fn done(cx: &Cx, act: Act) -> Entry {
    entry(cx, act, Outcome::Success, "user")
}

/// The row of something that anybody may ask for on behalf of a user; the actor is whoever sent it.
pub(crate) fn asked(cx: &Cx, act: Act) -> Entry {
    entry(cx, act, Outcome::Success, "client")
}

/// The row of something that a request was refused; the actor is whoever sent it.
pub(crate) fn refused(cx: &Cx, act: Act) -> Entry {
    entry(cx, act, Outcome::Refused, "client")
}

fn entry(cx: &Cx, act: Act, outcome: Outcome, actor: &str) -> Entry {
    let at = cx.now();
    Entry {
        id: AuditId::new(cx.core.entropy.as_ref(), at),
        realm: cx.realm(),
        at,
        act,
        outcome,
        actor: actor.to_owned(),
        user: None,
        session: None,
        dialect: cx.door.name.as_str().to_owned(),
        ip: cx.facts.address.map(|address| address.to_string()),
        user_agent: cx.facts.user_agent.clone(),
        request_id: cx.facts.request_id.clone(),
        detail: None,
    }
}

/// Writes a row that belongs to no other change: that of a refusal.
pub(crate) async fn write_alone(cx: &Cx, entry: Entry) -> Result<(), Error> {
    cx.write(body, entry).await
}

async fn body(tx: &mut Tx, entry: &Entry) -> Result<(), Stop> {
    Ok(write(tx, entry).await?)
}
