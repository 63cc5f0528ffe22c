//! Sentences that are whole transactions travel together: whoever has a connection first takes along all that are ready,
//! and one commit, with its wait for the disk, serves them all.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::pin::pin;
use std::slice;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::{Mutex as Lane, Notify, oneshot};

use super::Core;
use super::fault::{Fate, Fault, fault};
use super::pool::Held;
use super::sentence;
use super::terms::Terms;
use super::trip::{self, Before};
use crate::{Error, Value};

/// How long one may keep the next from leaving.
const HOLDUP: Duration = Duration::from_millis(50);
/// How long a convoy waits for a locked row before it is given up, and each goes by itself: whoever locks several of its
/// rows in another order may wait for it in turn.
const LOCKED: Duration = Duration::from_millis(20);
/// How long one waits until as many are ready as rode in the last one and came meanwhile: while many write at once, fewer
/// and longer convoys leave more of the processors to everybody. Who writes alone never waits.
const LINGER: Duration = Duration::from_millis(3);
/// Sentences in one convoy, at most.
const LONGEST: usize = 24;

pub struct Convoy {
    ready: Mutex<VecDeque<Rider>>,
    /// Told when somebody gets ready.
    came: Notify,
    /// Held by the one on its way, with how many the next one waits for: with more at once, each would take fewer along.
    lane: Lane<usize>,
}

/// A sentence, and whoever waits for what came of it.
struct Rider {
    sql: &'static str,
    values: Vec<Value>,
    tell: oneshot::Sender<Answer>,
}

impl Rider {
    async fn run(&self, client: &Held, terms: Terms) -> Answer {
        let ran = sentence::run(client, terms.way.prepare, self.sql, &self.values).await?;
        ran.written(self.sql).map_err(|error| Fault {
            error,
            fate: Fate::Undone,
        })
    }

    fn arrive(self, answer: Answer) {
        // Whoever gave up waiting has been told so.
        let _ = self.tell.send(answer);
    }
}

/// How many rows the sentence wrote.
type Answer = Result<u64, Fault>;

impl Convoy {
    pub const fn new() -> Self {
        Self {
            ready: Mutex::new(VecDeque::new()),
            came: Notify::const_new(),
            lane: Lane::const_new(0),
        }
    }

    /// Runs a sentence. Only the one that drives needs a connection.
    pub async fn ride(&self, core: &Core, terms: Terms, sql: &'static str, values: &[Value]) -> Answer {
        let (tell, mut answer) = oneshot::channel();
        let values = values.to_vec();
        self.with(|ready| ready.push_back(Rider { sql, values, tell }));
        self.came.notify_one();
        loop {
            tokio::select! {
                biased;
                answered = &mut answer => return answered.unwrap_or_else(|_| Err(stranded())),
                mut lane = self.lane.lock() => {
                    self.gather(*lane).await;
                    let checkout = core.checkout(terms).await;
                    let riders = self.take();
                    let size = riders.len();
                    let mut driving = pin!(drive(checkout, terms, riders));
                    if tokio::time::timeout(HOLDUP, &mut driving).await.is_err() {
                        // Somebody's row is locked, or the database is slow: the next need not wait for that.
                        drop(lane);
                        driving.await;
                    } else {
                        *lane = size + self.with(|ready| ready.len());
                    }
                }
            }
        }
    }

    /// Waits for so many to be ready, or a little less long.
    async fn gather(&self, wanted: usize) {
        // Those whom the last one brought home make room for others, who are ready in a moment.
        tokio::task::yield_now().await;
        let all = async {
            while self.with(|ready| ready.len()) < wanted.min(LONGEST) {
                self.came.notified().await;
            }
        };
        // Those who are ready go.
        let _ = tokio::time::timeout(LINGER, all).await;
    }

    /// Those who were ready first, in the order in which everybody locks their rows.
    fn take(&self) -> Vec<Rider> {
        let mut riders = self.with(|ready| {
            let length = ready.len().min(LONGEST);
            let waits = |rider: &Rider| !rider.tell.is_closed();
            ready.drain(..length).filter(waits).collect::<Vec<_>>()
        });
        riders.sort_by(|one, other| (one.sql, &one.values).cmp(&(other.sql, &other.values)));
        riders
    }

    fn with<T>(&self, change: impl FnOnce(&mut VecDeque<Rider>) -> T) -> T {
        change(&mut self.ready.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whoever drove gave up on the way.
const fn stranded() -> Fault {
    Fault {
        error: Error::Unknown,
        fate: Fate::Repeat,
    }
}

/// Brings riders home, each with its answer.
async fn drive(checkout: Result<Held, Error>, terms: Terms, riders: Vec<Rider>) {
    let mut underway = match checkout {
        Ok(client) => Underway(Some(client)),
        Err(error) => {
            let fate = Fate::Undone;
            return strand(riders, &Fault { error, fate });
        }
    };
    let Some(client) = &underway.0 else { return };
    let mut lost = false;
    let ran = match riders.len() {
        0 | 1 => None,
        _ => Some(together(client, terms, &riders).await),
    };
    match ran {
        Some(Ok(written)) => {
            for (rider, written) in riders.into_iter().zip(written) {
                rider.arrive(Ok(written));
            }
        }
        Some(Err(failed)) if failed.fate == Fate::Gone => {
            lost = true;
            strand(riders, &failed);
        }
        // It is alone, or one of them failed and nothing was kept.
        _ => {
            for rider in riders {
                let answer = alone(client, terms, &rider).await;
                lost |= matches!(answer, Err(Fault { fate: Fate::Gone, .. }));
                rider.arrive(answer);
            }
        }
    }
    if !lost {
        // Back to the pool.
        drop(underway.0.take());
    }
}

fn strand(riders: Vec<Rider>, failed: &Fault) {
    for rider in riders {
        rider.arrive(Err(failed.clone()));
    }
}

/// A connection in the middle of a convoy: if it is lost, or who drives gives up, it is of no use to the next.
struct Underway(Option<Held>);

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            client.end();
        }
    }
}

async fn together(client: &Held, terms: Terms, riders: &[Rider]) -> Result<Vec<u64>, Fault> {
    let begin = format!("{};SET LOCAL lock_timeout={}", terms.begin(), LOCKED.as_millis());
    committed(client, terms, begin.into(), riders).await
}

async fn alone(client: &Held, terms: Terms, rider: &Rider) -> Answer {
    match terms.begin_sole() {
        Some(begin) => {
            let written = committed(client, terms, begin, slice::from_ref(rider)).await?;
            Ok(written.into_iter().sum())
        }
        None => rider.run(client, terms).await,
    }
}

/// Runs a transaction of these sentences, all of it on its way before anything is answered.
async fn committed(
    client: &Held,
    terms: Terms,
    begin: Cow<'static, str>,
    riders: &[Rider],
) -> Result<Vec<u64>, Fault> {
    for rider in riders {
        sentence::ready(client, terms.way.prepare, rider.sql).await?;
    }
    let before = Before {
        begin: Some(begin),
        waiting: Vec::new(),
    };
    let run = async {
        let runs = riders.iter().map(|rider| rider.run(client, terms));
        let (ran, committed) = join(join_all(runs), client.batch_execute("COMMIT")).await;
        let written = ran.into_iter().collect::<Result<_, _>>()?;
        committed
            .map(|()| written)
            .map_err(|error| fault(&error, "COMMIT"))
    };
    trip::together(client, terms, &before, run).await
}
