//! What Redis runs: one script, one round trip, and so nobody in between.

use crate::keeper::Link;
use redis::{RedisError, Script};
use std::time::Duration;
use vestibule_model::budget::{Share, Standing, Verdict};

/// The arithmetic.
pub const SCRIPT: &str = include_str!("count.lua");

/// Before every key, so that others may live in the same database.
const PREFIX: &str = "vestibule:budget:";

/// The script, loaded where it is not known yet.
pub struct Counter(Script);

impl Counter {
    pub fn new() -> Self {
        Self(Script::new(SCRIPT))
    }

    #[cfg(test)]
    pub fn of(script: &str) -> Self {
        Self(Script::new(script))
    }

    /// Runs it over these windows.
    pub async fn ask(&self, link: &Link, word: &str, shares: &[Share]) -> Result<Vec<i64>, RedisError> {
        let mut asked = self.0.prepare_invoke();
        asked.arg(word);
        for Share { key, rate } in shares {
            asked.key(format!("{PREFIX}{key}"));
            asked.arg(rate.requests).arg(rate.millis()).arg(rate.slice());
        }
        asked.invoke_async(&mut link.connection.clone()).await
    }
}

/// Reads what the script answers to "take".
pub fn verdict(answer: &[i64], shares: &[Share]) -> Option<Verdict> {
    let (refused, standings) = answer.split_first()?;
    let standings: Option<Vec<Standing>> = standings.chunks(2).zip(shares).map(standing).collect();
    let (mut standings, refused) = (standings?, usize::try_from(*refused).ok()?);
    match refused.checked_sub(1) {
        None => (standings.len() == shares.len()).then_some(Verdict::Counted(standings)),
        Some(share) => (standings.len() == refused).then_some(Verdict::Refused {
            share,
            standing: standings.pop()?,
        }),
    }
}

fn standing((numbers, share): (&[i64], &Share)) -> Option<Standing> {
    let [remaining, reset] = *numbers else {
        return None;
    };
    Some(Standing {
        rate: share.rate,
        remaining: u32::try_from(remaining).ok()?,
        reset: Duration::from_millis(u64::try_from(reset).ok()?),
    })
}
