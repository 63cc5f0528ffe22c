//! Sentences that are whole transactions, and travel together.

use std::borrow::Cow;
use std::slice;

use futures_util::future::{join, join_all};
use tokio::sync::oneshot;

use super::Core;
use super::convoy::{Convoy, LONGEST};
use super::fault::{Fate, Fault, fault};
use super::pool::Held;
use super::sentence;
use super::terms::Terms;
use super::trip::{self, Before};
use crate::{Error, Value};

/// A sentence, and whoever waits for what came of it.
pub struct Rider {
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

/// Runs a sentence. Only the one that leads needs a connection.
pub async fn ride(
    core: &Core,
    convoy: &Convoy<Rider>,
    terms: Terms,
    sql: &'static str,
    values: &[Value],
) -> Answer {
    let (tell, answer) = oneshot::channel();
    let values = values.to_vec();
    convoy.join(Rider { sql, values, tell });
    let answered = convoy
        .ride(answer, take, |riders| drive(core, terms, riders))
        .await;
    answered.unwrap_or_else(|_| Err(stranded()))
}

/// Those who were ready first, in the order in which everybody locks their rows.
fn take(ready: &mut Vec<Rider>) -> Vec<Rider> {
    let length = ready.len().min(LONGEST);
    let waits = |rider: &Rider| !rider.tell.is_closed();
    let mut riders: Vec<Rider> = ready.drain(..length).filter(waits).collect();
    riders.sort_by(|one, other| (one.sql, &one.values).cmp(&(other.sql, &other.values)));
    riders
}

/// Whoever drove gave up on the way.
const fn stranded() -> Fault {
    Fault {
        error: Error::Unknown,
        fate: Fate::Repeat,
    }
}

/// Brings riders home, each with its answer.
async fn drive(core: &Core, terms: Terms, riders: Vec<Rider>) {
    let client = match core.checkout(terms).await {
        Ok(client) => client,
        Err(error) => {
            let fate = Fate::Undone;
            return strand(riders, &Fault { error, fate });
        }
    };
    client.set_busy(true);
    let mut lost = false;
    let ran = match riders.len() {
        0 | 1 => None,
        _ => Some(together(&client, terms, &riders).await),
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
                let answer = alone(&client, terms, &rider).await;
                lost |= matches!(answer, Err(Fault { fate: Fate::Gone, .. }));
                rider.arrive(answer);
            }
        }
    }
    client.set_busy(lost);
}

fn strand(riders: Vec<Rider>, failed: &Fault) {
    for rider in riders {
        rider.arrive(Err(failed.clone()));
    }
}

async fn together(client: &Held, terms: Terms, riders: &[Rider]) -> Result<Vec<u64>, Fault> {
    committed(client, terms, terms.begin_shared(), riders).await
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
