//! Those who are ready travel together: whoever has the lane takes along all that are, and one commit, with its wait for the
//! disk, serves them all.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::error::RecvError;
use tokio::sync::{Mutex as Lane, MutexGuard, Notify, oneshot};

/// How long one convoy may keep the next from leaving.
const HOLDUP: Duration = Duration::from_millis(50);
/// How long it waits until as many are ready as rode in the last one and came meanwhile: while many write at once, fewer
/// and longer convoys leave more of the processors to everybody. Who writes alone never waits.
const LINGER: Duration = Duration::from_millis(3);
/// Riders in one convoy, at most.
pub const LONGEST: usize = 24;

pub struct Convoy<R> {
    ready: Mutex<Vec<R>>,
    /// Told when somebody gets ready.
    came: Notify,
    /// Held by the one on its way, with how many the next one waits for: with more at once, each would take fewer along.
    lane: Lane<usize>,
}

impl<R> Convoy<R> {
    pub const fn new() -> Self {
        Self {
            ready: Mutex::new(Vec::new()),
            came: Notify::const_new(),
            lane: Lane::const_new(0),
        }
    }

    pub fn join(&self, rider: R) {
        self.with(|ready| ready.push(rider));
        self.came.notify_one();
    }

    /// Waits for an answer, and leads as often as the lane is free before it comes: those whom `take` takes.
    pub async fn ride<A, D: Future<Output = ()>>(
        &self,
        mut answer: oneshot::Receiver<A>,
        take: impl Fn(&mut Vec<R>) -> Vec<R>,
        drive: impl Fn(Vec<R>) -> D,
    ) -> Result<A, RecvError> {
        loop {
            let lane = tokio::select! {
                biased;
                answered = &mut answer => return answered,
                lane = self.lane.lock() => lane,
            };
            self.lead(lane, &take, &drive).await;
        }
    }

    async fn lead<D: Future<Output = ()>>(
        &self,
        mut lane: MutexGuard<'_, usize>,
        take: impl Fn(&mut Vec<R>) -> Vec<R>,
        drive: impl Fn(Vec<R>) -> D,
    ) {
        self.gather(*lane).await;
        let riders = self.with(take);
        let size = riders.len();
        let mut driving = pin!(drive(riders));
        if tokio::time::timeout(HOLDUP, &mut driving).await.is_err() {
            // Somebody's row is locked, or the database is slow: the next need not wait for that.
            drop(lane);
            driving.await;
        } else {
            *lane = size + self.ready();
        }
    }

    /// Waits for so many to be ready, or a little less long.
    async fn gather(&self, wanted: usize) {
        // Those whom the last one brought home make room for others, who are ready in a moment.
        tokio::task::yield_now().await;
        let all = async {
            while self.ready() < wanted.min(LONGEST) {
                self.came.notified().await;
            }
        };
        // Those who are ready go.
        let _ = tokio::time::timeout(LINGER, all).await;
    }

    fn ready(&self) -> usize {
        self.with(|ready| ready.len())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Vec<R>) -> T) -> T {
        change(&mut self.ready.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
