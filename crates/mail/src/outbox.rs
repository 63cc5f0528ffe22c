//! The worker that empties the outbox.

use crate::backoff;
use crate::failure::Failure;
use crate::smtp::Smtp;
use crate::templates::Templates;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use metrics::{counter, gauge};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use vestibule_keys::Sealer;
use vestibule_keys::seal::SealError;
use vestibule_model::id::{MailId, NodeId};
use vestibule_model::mail::{Letter, MailKind};
use vestibule_model::{Clock, Entropy, Timestamp};
use vestibule_store::outbox::{self as rows, OutboxRow, SEALED_FOR};
use vestibule_store::{Db, Error, Tx};

/// Mails on their way at once.
const CONCURRENCY: usize = 8;
/// How long the worker looks away at most, for what another process put into the outbox.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// How long mails on their way get when the worker stops; what is cut off then is sent again after its lease.
const GRACE: Duration = Duration::from_secs(20);
/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a lease has beyond the time that a sending can take.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// Where mail goes.
pub enum Transport {
    /// To a mail server.
    Smtp(Box<Smtp>),
    /// Nowhere: it is kept for the development inbox.
    Capture,
}

/// What the worker works with.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    /// The node that sends.
    pub node: NodeId,
    /// The database with the outbox.
    pub db: &'a Db,
    /// Where time comes from.
    pub clock: &'a dyn Clock,
    /// Where chance comes from.
    pub entropy: &'a dyn Entropy,
    /// Opens the letters.
    pub sealer: &'a Sealer,
    /// Renders them.
    pub templates: &'a Templates,
    /// Takes them away.
    pub transport: &'a Transport,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Sent { kept: bool },
    Again { at: Timestamp, why: String },
    Dead { why: String },
}

/// Sends what is due until `stop` resolves, and then waits a little for what is on its way. `queued` wakes it.
pub async fn run(post: &Post<'_>, queued: &Notify, stop: impl Future<Output = ()> + Send) {
    let mut on_their_way = FuturesUnordered::new();
    let mut stop = std::pin::pin!(stop);
    let mut look = true;
    loop {
        let free = CONCURRENCY.saturating_sub(on_their_way.len());
        let mut rest = LONGEST_REST;
        if look && free > 0 {
            match post.claim(free).await {
                Ok(claimed) => {
                    look = claimed.len() == free;
                    on_their_way.extend(claimed.into_iter().map(|row| post.deliver(row)));
                    continue;
                }
                Err(error) => tracing::warn!(%error, "the outbox cannot be read; trying again in a moment"),
            }
        } else if free > 0 {
            rest = post.rest().await;
        }
        tokio::select! {
            Some(()) = on_their_way.next() => {}
            () = queued.notified() => look = true,
            () = sleep(rest), if free > 0 => look = true,
            () = &mut stop => break,
        }
    }
    let finish = async { while on_their_way.next().await.is_some() {} };
    if timeout(GRACE, finish).await.is_err() {
        tracing::warn!("stopped while mail was being sent; it will be sent again");
    }
}

impl<'a> Post<'a> {
    /// Sends everything that is due now, and returns when nothing of it is on its way any more.
    #[cfg(test)]
    pub(crate) async fn deliver_due(&self) {
        loop {
            let claimed = self.claim(CONCURRENCY).await.unwrap();
            if claimed.is_empty() {
                return;
            }
            let deliveries: FuturesUnordered<_> = claimed.into_iter().map(|row| self.deliver(row)).collect();
            deliveries.collect::<()>().await;
        }
    }

    /// How long nothing is due.
    async fn rest(&self) -> Duration {
        if let Ok(waiting) = rows::waiting(self.db, Instant::now() + PATIENCE).await {
            #[expect(
                clippy::cast_precision_loss,
                reason = "nobody counts 2^53 mails, and a gauge holds nothing else"
            )]
            gauge!("vestibule_mail_waiting").set(waiting as f64);
        }
        match rows::next_turn(self.db).await {
            Ok(Some(turn)) => turn.since(self.clock.now()).min(LONGEST_REST),
            Ok(None) | Err(_) => LONGEST_REST,
        }
    }

    async fn claim(&self, limit: usize) -> Result<Vec<OutboxRow>, Error> {
        let now = self.clock.now();
        let longest = match self.transport {
            Transport::Smtp(smtp) => smtp.longest(),
            Transport::Capture => Duration::ZERO,
        };
        let lease_until = now.plus(longest + LEASE_MARGIN);
        let claim = Claim {
            node: self.node,
            now,
            lease_until,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
        };
        self.db.write(Instant::now() + PATIENCE, claim_rows, claim).await
    }

    fn deliver(&self, row: OutboxRow) -> BoxFuture<'a, ()> {
        let post = *self;
        Box::pin(async move {
            let outcome = post.attempt(&row).await;
            record(&row, &outcome);
            let settlement = Settlement {
                id: row.id,
                node: post.node,
                now: post.clock.now(),
                outcome,
            };
            if let Err(error) = post.db.write(Instant::now() + PATIENCE, settle, settlement).await {
                tracing::error!(mail = %row.id, %error, "what became of a mail could not be written; it may be sent again");
            }
        })
    }

    async fn attempt(&self, row: &OutboxRow) -> Outcome {
        if row.kind == MailKind::Nothing {
            return Outcome::Nothing;
        }
        let end = backoff::end(row.created_at, row.expires_at);
        if self.clock.now() >= end {
            let last = row.last_error.as_deref().unwrap_or("it was never tried");
            return Outcome::Dead {
                why: format!("not delivered in time; last: {last}"),
            };
        }
        let sent = self.send(row).await;
        match sent {
            Ok(kept) => Outcome::Sent { kept },
            Err(failure) if failure.permanent => Outcome::Dead {
                why: failure.to_string(),
            },
            Err(failure) => {
                let at = backoff::next(self.entropy, self.clock.now(), row.attempts);
                let why = failure.to_string();
                if at < end {
                    Outcome::Again { at, why }
                } else {
                    Outcome::Dead { why }
                }
            }
        }
    }

    /// Hands a mail over; answers whether it is kept here.
    async fn send(&self, row: &OutboxRow) -> Result<bool, Failure> {
        const CLAIM: &str = "asking whose it is";
        let letter = open(self.sealer, row)?;
        let Transport::Smtp(smtp) = self.transport else {
            return Ok(true);
        };
        let rendered = self.templates.render(row.kind, &letter);
        let rendered = rendered.map_err(|error| Failure::mendable("rendering", &error.to_string()))?;
        // A process that was frozen meanwhile may have been given up.
        match rows::is_claimed_by(self.db, row.id, self.node).await {
            Ok(true) => {}
            Ok(false) => return Err(Failure::mendable(CLAIM, "another node has taken it over")),
            Err(error) => return Err(Failure::mendable(CLAIM, &error.to_string())),
        }
        smtp.send(&letter.to, &rendered, row.id, row.created_at)
            .await
            .map(|()| false)
    }
}

/// The letter of a row.
pub(crate) fn open(sealer: &Sealer, row: &OutboxRow) -> Result<Letter, Failure> {
    const STEP: &str = "opening the letter";
    let payload = row
        .payload
        .as_deref()
        .ok_or_else(|| Failure::permanent(STEP, "it is gone"))?;
    let opened = sealer
        .open(SEALED_FOR, &row.id.bytes(), payload)
        .map_err(|error| match error {
            SealError::WrongKey { .. } => Failure::mendable(STEP, &error.to_string()),
            _ => Failure::permanent(STEP, &error.to_string()),
        })?;
    // The parser's own text could repeat a piece of the letter.
    serde_json::from_slice(&opened).map_err(|_| Failure::permanent(STEP, "it is no letter"))
}

/// Counts and logs an outcome, without the recipient and without the server's words, which may repeat it.
fn record(row: &OutboxRow, outcome: &Outcome) {
    let (mail, kind, attempts) = (row.id, row.kind.as_str(), row.attempts);
    let name = match outcome {
        Outcome::Nothing => return,
        Outcome::Sent { .. } => "sent",
        Outcome::Again { .. } => {
            tracing::warn!(%mail, kind, attempts, "a mail was not taken; it is tried again (vestibule mail list says why)");
            "failed"
        }
        Outcome::Dead { .. } => {
            tracing::error!(%mail, kind, attempts, "a mail is given up (vestibule mail list says why)");
            "dead"
        }
    };
    counter!("vestibule_mail_total", "outcome" => name).increment(1);
}

struct Claim {
    node: NodeId,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
}

async fn claim_rows(tx: &mut Tx, claim: &Claim) -> Result<Vec<OutboxRow>, Error> {
    rows::claim(tx, claim.node, claim.now, claim.lease_until, claim.limit).await
}

struct Settlement {
    id: MailId,
    node: NodeId,
    now: Timestamp,
    outcome: Outcome,
}

async fn settle(tx: &mut Tx, settlement: &Settlement) -> Result<(), Error> {
    let Settlement {
        id,
        node,
        now,
        outcome,
    } = settlement;
    match outcome {
        Outcome::Nothing => rows::delete(tx, *id).await,
        Outcome::Sent { kept } => rows::sent(tx, *id, *now, *kept).await,
        Outcome::Again { at, why } => rows::failed(tx, *id, *node, *at, why).await,
        Outcome::Dead { why } => rows::dead(tx, *id, *node, *now, why).await,
    }
}
