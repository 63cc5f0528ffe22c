//! The outbox, as operators see it.

use super::Operator;
use crate::core::Core;
use crate::error::{Error, Stop};
use vestibule_model::Timestamp;
use vestibule_model::id::MailId;
use vestibule_store::Tx;
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::outbox::{self, OutboxRow};

/// Up to `limit` mails written before a moment, newest first. What they say stays sealed.
pub async fn list(core: &Core, before: Timestamp, limit: u32) -> Result<Vec<OutboxRow>, Error> {
    Ok(outbox::page(&core.store.db, before, limit).await?)
}

/// How many mails wait to be sent.
pub async fn waiting(core: &Core) -> Result<i64, Error> {
    Ok(outbox::waiting(&core.store.db, core.deadline()).await?)
}

/// Tries a mail again at once that waits or was given up; `false` when there is none, it has gone, or what it carries
/// has expired.
pub async fn retry(core: &Core, by: &Operator, id: MailId) -> Result<bool, Error> {
    let Some(mail) = outbox::find(&core.store.db, id).await? else {
        return Ok(false);
    };
    let entry = by
        .does(core, mail.realm, Act::MailRetried)
        .saying(&id.to_string());
    let input = (id, core.clock.now(), entry);
    let retried = core.write(again, input).await?;
    core.mail_queued.notify_one();
    Ok(retried)
}

async fn again(tx: &mut Tx, (id, now, entry): &(MailId, Timestamp, Entry)) -> Result<bool, Stop> {
    let retried = outbox::retry(tx, *id, *now).await?;
    if retried {
        audit::write(tx, entry).await?;
    }
    Ok(retried)
}
