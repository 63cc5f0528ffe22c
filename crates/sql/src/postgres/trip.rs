//! One trip to the server: what begins the transaction, what has waited for company, and what is asked.

use std::borrow::Cow;

use futures_util::future::{join_all, join3};

use super::fault::{Fate, Fault};
use super::pool::Held;
use super::sentence;
use super::terms::Terms;
use crate::{Error, Value};

/// Sentences that wait for company, at most.
pub const CROWD: usize = 16;

/// A sentence whose answer nobody needs.
pub struct Waiting {
    pub sql: &'static str,
    pub values: Vec<Value>,
}

/// What goes before a sentence, in the same packet.
pub struct Before {
    /// BEGIN, if nothing has begun.
    pub begin: Option<Cow<'static, str>>,
    pub waiting: Vec<Waiting>,
}

/// Lets what was asked travel behind what goes before it, in the time that is left.
pub async fn travel<T>(
    client: &Held,
    terms: Terms,
    before: &Before,
    run: impl Future<Output = Result<T, Fault>>,
) -> Result<Result<T, Fault>, Error> {
    let left = terms.left();
    if left.is_zero() {
        return Err(Error::TooLate);
    }
    let all = async {
        ready(client, terms, before).await?;
        together(client, terms, before, run).await
    };
    let ran = tokio::time::timeout(left, all).await;
    Ok(ran.unwrap_or_else(|_| Err(Fault::silent())))
}

/// Prepares what waits.
pub async fn ready(client: &Held, terms: Terms, before: &Before) -> Result<(), Fault> {
    for Waiting { sql, .. } in &before.waiting {
        sentence::ready(client, terms.way.prepare, sql).await?;
    }
    Ok(())
}

/// The trip itself. A failure of what goes before is the failure of all.
pub async fn together<T>(
    client: &Held,
    terms: Terms,
    before: &Before,
    run: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let Before { begin, waiting } = before;
    let began = async {
        match begin {
            Some(text) => client.batch_execute(text).await,
            None => Ok(()),
        }
    };
    let sent = waiting
        .iter()
        .map(|Waiting { sql, values }| sentence::run(client, terms.way.prepare, sql, values));
    let (began, sent, ran) = join3(began, join_all(sent), run).await;
    if let Some(failed) = sent.into_iter().find_map(Result::err) {
        return Err(failed);
    }
    match (began, ran) {
        // It ran outside of any transaction.
        (Err(_), Ok(_)) => Err(Fault {
            error: Error::Unknown,
            fate: Fate::Gone,
        }),
        (_, ran) => ran,
    }
}
