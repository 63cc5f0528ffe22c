//! Sentences that are whole transactions, and travel together.

use std::borrow::Cow;
use std::slice;
use std::sync::Arc;

use futures_util::future::{join, join_all};
use tokio::sync::oneshot;

use super::Core;
use super::convoy::Convoy;
use super::fault::{Fate, Fault, fault};
use super::pool::Held;
use super::sentence::{self, Outcome};
use super::terms::{BEGIN, Terms};
use super::trip::{self, Before};
use crate::{Error, Value};

/// A transaction whose sentences need no answers in between, and whoever waits for what came of the first.
pub struct Rider {
    sentences: Vec<(&'static str, Vec<Value>)>,
    terms: Terms,
    tell: oneshot::Sender<Answer>,
}

impl Rider {
    async fn run(&self, client: &Held, terms: Terms) -> Answer {
        let runs = self
            .sentences
            .iter()
            .map(|(sql, values)| sentence::run(client, terms.way.prepare, sql, values));
        let ran: Vec<Outcome> = join_all(runs).await.into_iter().collect::<Result<_, _>>()?;
        Ok(ran.into_iter().next().unwrap_or_default())
    }

    fn arrive(self, answer: Answer) {
        // Whoever gave up waiting has been told so.
        let _ = self.tell.send(answer);
    }
}

type Answer = Result<Outcome, Fault>;

/// Runs sentences. Only the one that leads needs a connection.
pub async fn ride(
    core: &Arc<Core>,
    convoy: &Convoy<Rider>,
    terms: Terms,
    sentences: &[(&'static str, &[Value])],
) -> Answer {
    let (tell, answer) = oneshot::channel();
    let owned = sentences.iter().map(|(sql, values)| (*sql, values.to_vec()));
    let rider = Rider {
        sentences: owned.collect(),
        terms,
        tell,
    };
    let is_waited_for = |rider: &Rider| !rider.tell.is_closed();
    let ride = convoy.ride(rider, answer, is_waited_for, |riders| drive(core, riders));
    ride.await.unwrap_or_else(|_| Err(stranded()))
}

/// Whoever drove gave up on the way.
const fn stranded() -> Fault {
    Fault {
        error: Error::Unknown,
        fate: Fate::Repeat,
    }
}

/// Brings riders home, each with its answer. They travel on the terms of the one who can wait longest, and by themselves
/// on their own.
async fn drive(core: &Arc<Core>, mut riders: Vec<Rider>) {
    // The order in which everybody locks their rows.
    riders.sort_by(|one, other| one.sentences.cmp(&other.sentences));
    let terms = riders.iter().map(|rider| rider.terms);
    let longest = terms.max_by_key(|terms| terms.deadline);
    if riders.len() > 1
        && let Some(terms) = longest
    {
        let client = match checkout(core, terms).await {
            Ok(client) => client,
            Err(failed) => return strand(riders, &failed),
        };
        let together = committed(&client, terms, terms.begin_shared(), &riders);
        match at_work(&client, together).await {
            Ok(outcomes) => {
                let answered = riders.into_iter().zip(outcomes);
                return answered.for_each(|(rider, outcome)| rider.arrive(Ok(outcome)));
            }
            Err(failed) if failed.fate == Fate::Gone => return strand(riders, &failed),
            // One of them failed, and nothing was kept.
            Err(_) => return alone_each(core, riders),
        }
    }
    for rider in riders {
        let answer = alone(core, &rider).await;
        rider.arrive(answer);
    }
}

/// Sends each by itself, so that nobody waits for another's locked row.
fn alone_each(core: &Arc<Core>, riders: Vec<Rider>) {
    for rider in riders {
        let core = Arc::clone(core);
        tokio::spawn(async move {
            let answer = alone(&core, &rider).await;
            rider.arrive(answer);
        });
    }
}

async fn checkout(core: &Core, terms: Terms) -> Result<Held, Fault> {
    let fate = Fate::Undone;
    core.checkout(terms).await.map_err(|error| Fault { error, fate })
}

/// Runs something on a connection, which is good for others again unless it was lost, or nobody waits for the end.
async fn at_work<T>(client: &Held, run: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    client.set_busy(true);
    let ran = run.await;
    client.set_busy(matches!(ran, Err(Fault { fate: Fate::Gone, .. })));
    ran
}

fn strand(riders: Vec<Rider>, failed: &Fault) {
    for rider in riders {
        rider.arrive(Err(failed.clone()));
    }
}

async fn alone(core: &Core, rider: &Rider) -> Answer {
    let terms = rider.terms;
    let client = checkout(core, terms).await?;
    let begin = terms.begin();
    // What the server need not be told for one sentence it does by itself.
    if begin == BEGIN && rider.sentences.len() == 1 {
        return at_work(&client, rider.run(&client, terms)).await;
    }
    let ran = at_work(&client, committed(&client, terms, begin, slice::from_ref(rider))).await?;
    Ok(ran.into_iter().next().unwrap_or_default())
}

/// Runs a transaction of these sentences, all of it on its way before anything is answered.
async fn committed(
    client: &Held,
    terms: Terms,
    begin: Cow<'static, str>,
    riders: &[Rider],
) -> Result<Vec<Outcome>, Fault> {
    for (sql, _) in riders.iter().flat_map(|rider| &rider.sentences) {
        sentence::ready(client, terms.way.prepare, sql).await?;
    }
    let before = Before {
        begin: Some(begin),
        waiting: Vec::new(),
    };
    let run = async {
        let runs = riders.iter().map(|rider| rider.run(client, terms));
        let (ran, committed) = join(join_all(runs), client.batch_execute("COMMIT")).await;
        let outcomes = ran.into_iter().collect::<Result<_, _>>()?;
        committed
            .map(|()| outcomes)
            .map_err(|error| fault(&error, "COMMIT"))
    };
    trip::together(client, terms, &before, run).await
}
