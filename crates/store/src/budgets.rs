//! Windows of budgets that all nodes share, in the database's own time.

use crate::clock::clock;
use crate::sentences::sentences;
use std::time::Duration;
use vestibule_model::budget::{self, Share, Verdict, Window};
use vestibule_sql::{Error, Row, Tx, Value, bind};

/// How many windows one request may be counted in.
pub const MOST: usize = 6;

/// Ends are rounded up to this, in microseconds.
const MINUTE: i64 = 60_000_000;

// Rows are made where there are none, and held in one order by everybody.
macro_rules! hold {
    ($engine:ident) => {
        concat!(
            "INSERT INTO budget_windows (key, counted, expires_at)
                SELECT v.column1, '', 0 FROM (VALUES ($1), ($2), ($3), ($4), ($5), ($6)) AS v
                WHERE v.column1 IS NOT NULL ORDER BY v.column1
            ON CONFLICT (key) DO UPDATE SET expires_at = budget_windows.expires_at
            RETURNING key, counted, ",
            clock!($engine)
        )
    };
}

// The end is asked again of the row that is deleted: it may have been counted in since it was found.
macro_rules! sweep {
    ($engine:ident) => {
        concat!(
            "DELETE FROM budget_windows WHERE key IN
                (SELECT key FROM budget_windows WHERE expires_at < ",
            clock!($engine),
            " ORDER BY expires_at LIMIT $1) AND expires_at < ",
            clock!($engine)
        )
    };
}

sentences! {
    HOLD = both!(sqlite: hold!(sqlite), postgres: hold!(postgres));
    KEEP = "UPDATE budget_windows SET counted = $2, expires_at = $3 WHERE key = $1";
    SWEEP = both!(sqlite: sweep!(sqlite), postgres: sweep!(postgres));
}

/// Counts one request in all of these windows, or in none: at most [`MOST`], each once.
pub async fn take(tx: &mut Tx, shares: &[Share]) -> Result<Verdict, Error> {
    let mut held = hold(tx, shares).await?;
    let verdict = budget::take(&mut held.windows, shares, held.now);
    if matches!(verdict, Verdict::Counted(_)) {
        keep(tx, shares, &held).await?;
    }
    Ok(verdict)
}

/// Forgets one request again, of those that were counted last in each of these windows.
pub async fn give_back(tx: &mut Tx, shares: &[Share]) -> Result<(), Error> {
    let mut held = hold(tx, shares).await?;
    held.windows.iter_mut().for_each(Window::give_back);
    keep(tx, shares, &held).await
}

/// Deletes windows that have been empty for a while; answers how many.
pub async fn sweep(tx: &mut Tx, limit: u32) -> Result<u64, Error> {
    tx.run(SWEEP, bind![limit]).await
}

/// Windows that nobody else changes meanwhile, in the order of their shares.
struct Held {
    windows: Vec<Window>,
    /// Since 1970.
    now: Duration,
}

async fn hold(tx: &mut Tx, shares: &[Share]) -> Result<Held, Error> {
    let rows = tx.all(HOLD, &keys(shares)?).await?;
    let rows: Vec<(String, String, i64)> = rows.iter().map(Row::read).collect::<Result<_, _>>()?;
    // What a later release may have written counts as empty: the node's own window still holds.
    let of = |share: &Share| {
        let row = rows.iter().find(|(key, ..)| *key == share.key);
        row.and_then(|(_, counted, _)| Window::read(counted)).unwrap_or_default()
    };
    let now = rows.iter().map(|(.., now)| *now).max().unwrap_or_default();
    Ok(Held {
        windows: shares.iter().map(of).collect(),
        now: Duration::from_micros(now.unsigned_abs()),
    })
}

async fn keep(tx: &mut Tx, shares: &[Share], held: &Held) -> Result<(), Error> {
    let longest = shares.iter().map(|share| share.rate.window).max().unwrap_or_default();
    let end = i64::try_from((held.now + longest).as_micros()).unwrap_or(i64::MAX - MINUTE);
    let end = end / MINUTE * MINUTE + MINUTE;
    for (share, window) in shares.iter().zip(&held.windows) {
        tx.send(KEEP, bind![share.key.as_str(), window.written(), end]).await?;
    }
    Ok(())
}

/// The keys, and NULL for every place that is left.
fn keys(shares: &[Share]) -> Result<Vec<Value>, Error> {
    if shares.len() > MOST {
        return Err(Error::Other(format!("{} windows for one request", shares.len())));
    }
    let mut keys: Vec<Value> = shares.iter().map(|share| share.key.as_str().into()).collect();
    keys.resize(MOST, Value::Null);
    Ok(keys)
}
