//! This process among those that serve the same database.

use crate::core::Core;
use crate::error::{Error, Stop};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use vestibule_model::id::NodeId;
use vestibule_model::{Clock, Entropy, Timestamp};
use vestibule_store::{Tx, nodes, outbox};

/// How often a node says that it is alive.
pub const BEAT: Duration = Duration::from_secs(3);
/// For how long it is then believed. Whatever it did is taken over within this and a [`BEAT`] of its end.
pub const TERM: Duration = Duration::from_secs(10);
/// How long nodes that ended without a word are remembered.
const REMEMBERED: Duration = Duration::from_hours(1);

/// A node.
pub struct Node {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    id: OnceLock<NodeId>,
    /// Until when it leads, in microseconds of monotonic time.
    leads_until: AtomicU64,
}

impl Node {
    pub(crate) fn new(entropy: &Arc<dyn Entropy>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            entropy: Arc::clone(entropy),
            id: OnceLock::new(),
            leads_until: AtomicU64::new(0),
        }
    }

    /// Its id, older than that of every node that begins after it. A process that only runs a command never has one.
    pub fn id(&self) -> NodeId {
        *self
            .id
            .get_or_init(|| NodeId::new(&*self.entropy, self.clock.now()))
    }

    /// Whether this node does what is to be done once for all of them. One that was frozen, or cut off from the
    /// database, leads no more when its term is over.
    pub fn leads(&self) -> bool {
        self.clock.monotonic() < Duration::from_micros(self.leads_until.load(Ordering::Acquire))
    }

    fn lead_until(&self, until: Duration) {
        let until = u64::try_from(until.as_micros()).unwrap_or(u64::MAX);
        let led = self.leads_until.swap(until, Ordering::AcqRel) > 0;
        let (node, leads) = (self.id(), until > 0);
        if leads != led {
            tracing::info!(%node, leads, "whether this node does what is done once for all nodes has changed");
        }
    }
}

struct Beat {
    node: NodeId,
    now: Timestamp,
    /// Whether other nodes serve the same database.
    shared: bool,
}

/// Says that this node is alive, learns whether it leads, and gives back the mail of nodes that are not. To be called
/// every [`BEAT`]; alone in its file a node leads from the first time on, and then has nothing more to say.
pub async fn beat(core: &Core) -> Result<(), Error> {
    let (before, shared) = (core.clock.monotonic(), core.store.is_shared());
    if !shared && core.node.leads() {
        return Ok(());
    }
    let (node, now) = (core.node.id(), core.clock.now());
    let (leads, given_back) = core.write(say_alive, Beat { node, now, shared }).await?;
    if given_back > 0 {
        tracing::warn!(
            mails = given_back,
            "a node ended while it sent mail; another sends it"
        );
        core.mail_queued.notify_one();
    }
    core.node.lead_until(match (leads, shared) {
        (false, _) => Duration::ZERO,
        (true, true) => before + TERM,
        (true, false) => Duration::MAX,
    });
    Ok(())
}

/// Answers whether the node leads, and how many mails of others it has given back.
async fn say_alive(tx: &mut Tx, beat: &Beat) -> Result<(bool, u64), Stop> {
    let clock = nodes::now(tx).await?;
    let leader = if beat.shared {
        nodes::alive(tx, beat.node, clock, TERM).await?;
        nodes::leader(tx, clock).await?
    } else {
        Some(beat.node)
    };
    let given_back = outbox::release(tx, beat.node, beat.now, clock).await?;
    Ok((leader == Some(beat.node), given_back))
}

/// Says that this node ends, so that another takes over at once. To be called when it does nothing any more.
pub async fn leave(core: &Core) -> Result<(), Error> {
    if core.store.is_shared() {
        core.write(say_gone, core.node.id()).await?;
    }
    core.node.lead_until(Duration::ZERO);
    Ok(())
}

async fn say_gone(tx: &mut Tx, node: &NodeId) -> Result<(), Stop> {
    let clock = nodes::now(tx).await?;
    Ok(nodes::gone(tx, *node, clock.minus(REMEMBERED)).await?)
}
