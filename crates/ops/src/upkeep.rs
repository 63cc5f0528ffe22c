//! What happens by itself, in small batches.

use crate::core::Core;
use crate::error::{Error, Stop};
use crate::roles;
use crate::used::Mark;
use std::time::Duration;
use vestibule_model::Timestamp;
use vestibule_model::id::SessionId;
use vestibule_store::{Error as StoreError, Tx, attempts, budgets, mailed_secrets, outbox, sessions};

/// Rows per transaction.
const BATCH: u32 = 500;
/// Transactions per table and sweep; the next sweep goes on.
const BATCHES: u32 = 20;

const DAY: Duration = Duration::from_hours(24);
/// How long a session or mailed secret is remembered after its end, so that late comers hear why they are refused.
const REMEMBERED: Duration = DAY.saturating_mul(7);
/// How long mail that went or was given up can be looked at.
const MAIL_KEPT: Duration = DAY.saturating_mul(30);

/// Writes down which access tokens and sessions were seen in use. To be called every second and before the store is
/// closed; what cannot be written now waits.
pub async fn mark_used(core: &Core) -> Result<(), Error> {
    loop {
        let marks = core.used.some(BATCH as usize);
        if marks.is_empty() {
            break;
        }
        core.write(mark, marks.clone()).await?;
        core.used.written(&marks);
    }
    loop {
        let staying = core.staying.some(BATCH as usize);
        if staying.is_empty() {
            return Ok(());
        }
        core.write(stay, staying.clone()).await?;
        core.staying.written(&staying);
    }
}

async fn stay(tx: &mut Tx, staying: &Vec<(SessionId, Timestamp)>) -> Result<(), Stop> {
    for (session, until) in staying {
        sessions::stay(tx, *session, *until).await?;
    }
    Ok(())
}

async fn mark(tx: &mut Tx, marks: &Vec<Mark>) -> Result<(), Stop> {
    for mark in marks {
        sessions::mark_used(tx, mark.session, mark.generation, mark.at).await?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Table {
    Sessions,
    MailedSecrets,
    Attempts,
    Budgets,
    Outbox,
}

/// Deletes what nobody can need any more, in bounded steps; answers how many rows went.
pub async fn sweep(core: &Core) -> Result<u64, Error> {
    let now = core.clock.now();
    let mut swept = roles::sweep::departed(core).await?;
    for (table, kept) in [
        (Table::Sessions, REMEMBERED),
        (Table::MailedSecrets, REMEMBERED),
        (Table::Attempts, DAY),
        (Table::Budgets, Duration::ZERO),
        (Table::Outbox, MAIL_KEPT),
    ] {
        if matches!(table, Table::Budgets) && !core.store.is_shared() {
            continue;
        }
        for _ in 0..BATCHES {
            let gone = core.write(delete, (table, now.minus(kept))).await?;
            swept += gone;
            if gone < u64::from(BATCH) {
                break;
            }
        }
    }
    Ok(swept)
}

async fn delete(tx: &mut Tx, (table, before): &(Table, Timestamp)) -> Result<u64, Stop> {
    let gone: Result<u64, StoreError> = match table {
        Table::Sessions => sessions::sweep(tx, *before, BATCH).await,
        Table::MailedSecrets => mailed_secrets::sweep(tx, *before, BATCH).await,
        Table::Attempts => attempts::sweep(tx, *before, BATCH).await,
        // By the database's own clock.
        Table::Budgets => budgets::sweep(tx, BATCH).await,
        Table::Outbox => outbox::sweep(tx, *before, BATCH).await,
    };
    Ok(gone?)
}
