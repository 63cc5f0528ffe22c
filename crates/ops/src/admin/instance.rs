//! The whole instance: its default project, its master key, and what a restore undoes.

use super::{Operator, projects};
use crate::core::Core;
use crate::error::{Error, Stop};
use serde_json::Map;
use std::sync::Arc;
use vestibule_model::id::{KeyId, MailId};
use vestibule_model::refusal::Conflict;
use vestibule_model::{Fault, Project, Refusal, Timestamp};
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::outbox::{self, SEALED_FOR};
use vestibule_store::{Tx, instance, mailed_secrets, secret_keys, sessions};

/// Rows per transaction of long work.
const BATCH: u32 = 200;

/// The default project, which is created when there is none yet.
pub async fn initialise(core: &Core, by: &Operator, slug: &str, name: &str) -> Result<Arc<Project>, Error> {
    let new = projects::NewProject {
        slug: slug.to_owned(),
        name: name.to_owned(),
        settings: Map::new(),
    };
    if let Some(present) = instance::get(&core.store.db, instance::DEFAULT_PROJECT).await? {
        let row = projects::find(core, &present).await?;
        let gone = || {
            Fault::Unavailable(format!(
                "the default project '{present}' was deleted; name another one"
            ))
        };
        return projects::complete(core, row.ok_or_else(gone)?);
    }
    let project = match projects::create(core, by, new).await {
        Err(Error::Refused(Refusal::Conflict(Conflict::ValueTaken(_)))) => {
            let row = projects::find(core, slug).await?;
            let raced =
                || Fault::Unavailable(format!("project '{slug}' was deleted a moment ago; try again"));
            projects::complete(core, row.ok_or_else(raced)?)?
        }
        created => created?,
    };
    set_default(core, slug).await?;
    Ok(project)
}

/// Makes a project the one that requests without a key belong to.
pub async fn set_default(core: &Core, slug: &str) -> Result<(), Error> {
    let fact = Fact {
        name: instance::DEFAULT_PROJECT,
        value: slug.to_owned(),
    };
    core.write(set, fact).await
}

/// A fact about the instance.
struct Fact {
    name: &'static str,
    value: String,
}

async fn set(tx: &mut Tx, fact: &Fact) -> Result<(), Stop> {
    Ok(instance::set(tx, fact.name, &fact.value).await?)
}

async fn set_once(tx: &mut Tx, fact: &Fact) -> Result<bool, Stop> {
    Ok(instance::set_once(tx, fact.name, &fact.value).await?)
}

/// The public name of the master key that this database belongs to; `None` for a new database. Whoever starts the
/// server compares it with the key that was given, and refuses to go on with another (D06).
pub async fn master_key(core: &Core) -> Result<Option<String>, Error> {
    Ok(instance::get(&core.store.db, instance::MASTER_KEY).await?)
}

/// Notes the master key of a new database; `false` when one is noted already.
pub async fn adopt_master_key(core: &Core) -> Result<bool, Error> {
    let fact = Fact {
        name: instance::MASTER_KEY,
        value: current_key(core)?,
    };
    core.write(set_once, fact).await
}

fn current_key(core: &Core) -> Result<String, Error> {
    let id = core
        .sealer
        .current_id()
        .ok_or_else(|| Fault::Internal("there is no master key".to_owned()))?;
    Ok(id.to_string())
}

/// Seals everything again that a previous master key sealed. The previous key must be at hand; the instance is noted as
/// belonging to the new one only when nothing is left, so an interrupted run is resumed by the next. `progress` hears
/// how many rows were looked at. Answers how many were sealed again.
pub async fn reseal(core: &Core, by: &Operator, mut progress: impl FnMut(u64) + Send) -> Result<u64, Error> {
    let (mut seen, mut sealed) = (0, 0);
    let mut after = KeyId::from_bytes([0; 16]);
    loop {
        let rows = secret_keys::sealed_after(&core.store.db, after, BATCH).await?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        seen += rows.len() as u64;
        let rows = rows.into_iter().map(|(id, old)| (id.bytes(), old));
        sealed += replace(core, Sealed::Key, secret_keys::SEALED_FOR, rows).await?;
        progress(seen);
    }
    let mut after = MailId::from_bytes([0; 16]);
    loop {
        let rows = outbox::sealed_after(&core.store.db, after, BATCH).await?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        seen += rows.len() as u64;
        let rows = rows.into_iter().map(|(id, old)| (id.bytes(), old));
        sealed += replace(core, Sealed::Mail, SEALED_FOR, rows).await?;
        progress(seen);
    }
    let name = current_key(core)?;
    let default = crate::default_project(core).await?;
    let entry = by
        .does(core, projects::live(default.id), Act::MasterKeyRotated)
        .saying(&name);
    core.write(note_key, (name, entry)).await?;
    Ok(sealed)
}

async fn note_key(tx: &mut Tx, (name, entry): &(String, Entry)) -> Result<(), Stop> {
    instance::set(tx, instance::MASTER_KEY, name).await?;
    Ok(audit::write(tx, entry).await?)
}

#[derive(Clone, Copy)]
enum Sealed {
    Key,
    Mail,
}

/// A sealed row before and after.
struct Swap {
    id: [u8; 16],
    old: Vec<u8>,
    new: Vec<u8>,
}

async fn replace(
    core: &Core,
    kind: Sealed,
    purpose: &str,
    rows: impl Iterator<Item = ([u8; 16], Vec<u8>)>,
) -> Result<u64, Error> {
    let mut swaps = Vec::new();
    for (id, old) in rows.filter(|(_, old)| core.sealer.outdated(old)) {
        let plain = core.sealer.open(purpose, &id, &old)?;
        swaps.push(Swap {
            id,
            new: core.sealer.seal(purpose, &id, &plain)?,
            old,
        });
    }
    let count = swaps.len() as u64;
    if count > 0 {
        let input = (kind, swaps);
        core.write(swap, input).await?;
    }
    Ok(count)
}

async fn swap(tx: &mut Tx, (kind, swaps): &(Sealed, Vec<Swap>)) -> Result<(), Stop> {
    for Swap { id, old, new } in swaps {
        match kind {
            Sealed::Key => secret_keys::reseal(tx, KeyId::from_bytes(*id), old, new).await?,
            Sealed::Mail => outbox::reseal(tx, MailId::from_bytes(*id), old, new).await?,
        };
    }
    Ok(())
}

/// After a restore: ends every session and voids every mailed secret, because some of them may have been ended since
/// the backup was made (D08). `progress` hears how many rows were changed.
pub async fn after_restore(
    core: &Core,
    by: &Operator,
    mut progress: impl FnMut(u64) + Send,
) -> Result<u64, Error> {
    let mut ended = 0;
    loop {
        let now = core.clock.now();
        let batch = core.write(end_some, now).await?;
        if batch == 0 {
            break;
        }
        ended += batch;
        progress(ended);
    }
    let default = crate::default_project(core).await?;
    let entry = by.does(core, projects::live(default.id), Act::Restored);
    core.write(record, entry).await?;
    Ok(ended)
}

async fn end_some(tx: &mut Tx, now: &Timestamp) -> Result<u64, Stop> {
    let sessions = sessions::end_restored(tx, *now, BATCH).await?;
    Ok(sessions + mailed_secrets::void_all(tx, *now, BATCH).await?)
}

async fn record(tx: &mut Tx, entry: &Entry) -> Result<(), Stop> {
    Ok(audit::write(tx, entry).await?)
}
