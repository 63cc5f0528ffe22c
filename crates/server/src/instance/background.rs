//! What a server does besides answering: notes of used tokens, sweeping, mail, signs of life.

use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use vestibule_mail::{Post, Templates, Transport, outbox};
use vestibule_ops::{Core, Error, node, upkeep};
use vestibule_web::Shutdown;

/// How often the used tokens of the last second are written.
const MARK_USED: Duration = Duration::from_secs(1);
/// How often what has expired is deleted.
const SWEEP: Duration = Duration::from_mins(1);

/// The tasks of a running server.
pub struct Background {
    core: Arc<Core>,
    stop: Shutdown,
    tasks: JoinSet<()>,
    /// Says that this node is alive, until everything else has ended.
    heart: (Shutdown, JoinHandle<()>),
}

impl Background {
    /// Starts all of them.
    pub fn start(core: &Arc<Core>, templates: Arc<Templates>, transport: Transport) -> Self {
        let (stop, mut tasks) = (Shutdown::new(), JoinSet::new());
        tasks.spawn(mark_used(Arc::clone(core), stop.clone()));
        tasks.spawn(sweep(Arc::clone(core), stop.clone()));
        tasks.spawn(mail(Arc::clone(core), templates, transport, stop.clone()));
        let still = Shutdown::new();
        let heart = tokio::spawn(beat(Arc::clone(core), still.clone()));
        Self {
            core: Arc::clone(core),
            stop,
            tasks,
            heart: (still, heart),
        }
    }

    /// Stops all of them; what is in memory is written.
    pub async fn stop(mut self) {
        self.stop.begin();
        while self.tasks.join_next().await.is_some() {}
        tell("note used tokens", upkeep::mark_used(&self.core).await);
        let (still, heart) = self.heart;
        still.begin();
        let _ = heart.await;
        tell("say that this node ends", node::leave(&self.core).await);
    }
}

async fn beat(core: Arc<Core>, stop: Shutdown) {
    loop {
        tell("say that this node is alive", node::beat(&core).await);
        let leads = core.node.leads();
        metrics::gauge!("vestibule_node_leads").set(f64::from(u8::from(leads)));
        if !pause(node::BEAT, &stop).await {
            return;
        }
    }
}

async fn mark_used(core: Arc<Core>, stop: Shutdown) {
    while pause(MARK_USED, &stop).await {
        tell("note used tokens", upkeep::mark_used(&core).await);
    }
}

async fn sweep(core: Arc<Core>, stop: Shutdown) {
    while pause(SWEEP, &stop).await {
        if core.node.leads() {
            tell("sweep what has expired", upkeep::sweep(&core).await);
        }
    }
}

async fn mail(core: Arc<Core>, templates: Arc<Templates>, transport: Transport, stop: Shutdown) {
    let post = Post {
        node: core.node.id(),
        db: &core.store.db,
        clock: core.clock.as_ref(),
        entropy: core.entropy.as_ref(),
        sealer: &core.sealer,
        templates: &templates,
        transport: &transport,
    };
    outbox::run(&post, &core.mail_queued, stop.begun()).await;
}

/// Waits; `false` when the server stops meanwhile.
pub async fn pause(time: Duration, stop: &Shutdown) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        () = stop.begun() => false,
    }
}

/// A task that fails is tried again in its next turn.
fn tell<T>(what: &str, outcome: Result<T, Error>) {
    if let Err(error) = outcome {
        tracing::warn!(?error, "cannot {what}; it is tried again");
    }
}
