//! Windows of budgets that all nodes share, in the database's own time.

use crate::clock::clock;
use crate::sentences::sentences;
use vestibule_model::budget::{Kept, Share, Verdict};
use vestibule_sql::{Error, Row, Tx, Value, bind};

/// How many windows one request may be counted in.
pub const MOST: usize = 6;

// What is written of the request is what `Kept` reads. Rows are written in one order by everybody. The end is rounded up to a minute, so that few requests move it.
macro_rules! ask {
    ($engine:ident) => {
        concat!(
            "INSERT INTO budget_windows (key, counted, expires_at)
                SELECT v.column1, '+' || ", clock!($engine), ",
                    (", clock!($engine), " + $7) / 60000000 * 60000000 + 60000000
                FROM (VALUES ($1), ($2), ($3), ($4), ($5), ($6)) AS v
                WHERE v.column1 IS NOT NULL ORDER BY v.column1
            ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at,
                counted = budget_windows.counted || '+' || ", clock!($engine), "
            RETURNING key, counted"
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
    ASK = both!(sqlite: ask!(sqlite), postgres: ask!(postgres));
    HOLD = "UPDATE budget_windows SET counted = counted WHERE key = $1 RETURNING counted";
    KEEP = "UPDATE budget_windows SET counted = $2 WHERE key = $1";
    SWEEP = both!(sqlite: sweep!(sqlite), postgres: sweep!(postgres));
}

/// What came of a request.
pub struct Asked {
    /// Whether there was room.
    pub verdict: Verdict,
    /// The windows that are to be written anew, if any, by [`settle`].
    pub unsettled: Vec<Unsettled>,
}

/// A window to be written anew.
#[derive(Clone, Debug)]
pub struct Unsettled {
    share: Share,
    /// Whether the request is taken back, for which another window had no room.
    take_back: bool,
}

impl From<Share> for Unsettled {
    /// One that forgets a request again, of those that were counted last.
    fn from(share: Share) -> Self {
        Self { share, take_back: true }
    }
}

/// Counts one request in all of these windows, at most [`MOST`] and each once, that have room for it. Where one has none,
/// it is counted in none when that is settled, and until then in too many rather than too few.
pub async fn ask(tx: &mut Tx, shares: &[Share]) -> Result<Asked, Error> {
    let rows = tx.sole_all(ASK, &values(shares)?).await?;
    let rows: Vec<(String, String)> = rows.iter().map(Row::read).collect::<Result<_, _>>()?;
    let judge = |share: &Share| {
        let row = rows.iter().find(|(key, _)| *key == share.key);
        let kept = Kept::read(row.map_or("", |(_, counted)| counted));
        let is_long = kept.is_long();
        let room = kept.judge(share.rate).1;
        let untimed = || Error::Other(format!("no time of the request in the window {}", share.key));
        Ok((is_long, room.ok_or_else(untimed)?))
    };
    let judged: Vec<_> = shares.iter().map(judge).collect::<Result<_, Error>>()?;
    let mut refusals = judged.iter().enumerate().filter_map(|(share, (_, room))| {
        let standing = room.err()?;
        Some(Verdict::Refused { share, standing })
    });
    let refusal = refusals.next();
    let unsettled = shares.iter().zip(&judged).filter_map(|(share, (is_long, room))| {
        let take_back = refusal.is_some() && room.is_ok();
        (*is_long || take_back).then(|| Unsettled { share: share.clone(), take_back })
    });
    let unsettled = unsettled.collect();
    let counted = || Verdict::Counted(judged.iter().filter_map(|(_, room)| room.ok()).collect());
    let verdict = refusal.unwrap_or_else(counted);
    Ok(Asked { verdict, unsettled })
}

/// Writes these windows anew.
pub async fn settle(tx: &mut Tx, windows: &[Unsettled]) -> Result<(), Error> {
    let mut windows: Vec<&Unsettled> = windows.iter().collect();
    windows.sort_by_key(|window| &window.share.key);
    for Unsettled { share, take_back } in windows {
        let key = share.key.as_str();
        // If it is gone, everything has left it.
        let Some(row) = tx.one(HOLD, bind![key]).await? else { continue };
        let (counted,): (String,) = row.read()?;
        let mut window = Kept::read(&counted).judge(share.rate).0;
        if *take_back {
            window.give_back();
        }
        tx.send(KEEP, bind![key, window.written()]).await?;
    }
    Ok(())
}

/// Deletes windows that have been empty for a while; answers how many.
pub async fn sweep(tx: &mut Tx, limit: u32) -> Result<u64, Error> {
    tx.run(SWEEP, bind![limit]).await
}

/// The keys, NULL for every place that is left, and after how many microseconds everything has left the windows.
fn values(shares: &[Share]) -> Result<Vec<Value>, Error> {
    if shares.len() > MOST {
        return Err(Error::Other(format!("{} windows for one request", shares.len())));
    }
    let mut values: Vec<Value> = shares.iter().map(|share| share.key.as_str().into()).collect();
    values.resize(MOST, Value::Null);
    let longest = shares.iter().map(|share| share.rate.millis()).max();
    values.push((i64::from(longest.unwrap_or_default()) * 1_000).into());
    Ok(values)
}
