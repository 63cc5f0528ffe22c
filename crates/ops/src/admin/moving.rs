//! Moving house: every row of one database into another, and the proof that all of them arrived.
//!
//! Nobody may use either database meanwhile. What was written all the same is found when both are read again.

use std::time::{Duration, Instant};
use vestibule_keys::digest::Sha256;
use vestibule_model::Timestamp;
use vestibule_store::moving::{self, Begun, Page, Place, ROWS, Unfinished};
use vestibule_store::{Db, Error, Store, Tx, instance};

/// How long one page may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why a move does not begin, go on or end.
#[derive(Debug)]
pub enum Refused {
    /// The source was never used.
    SourceIsEmpty,
    /// The source has this many migrations to go to this release's schema.
    SourceIsOlder(usize),
    /// The source is itself the target of a move, from there, that is not finished.
    SourceIsUnfinished(String),
    /// An older release lives in the target.
    TargetIsOlder,
    /// The target has rows, in this table among others.
    TargetIsLivedIn(&'static str),
    /// The target is the target of an unfinished move from there.
    TargetIsOfAnother(String),
    /// Another process moves into the target at this moment.
    TargetIsTaken,
    /// A row of this table has a text that the target cannot store.
    Unstorable(&'static str),
    /// After everything was copied, a table is not the same on both sides.
    Differs {
        /// What is in the source.
        from: Content,
        /// What is in the target.
        to: Content,
    },
    /// A database failed.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is in one table: equal contents have equal digests, on whichever database they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over all values of all rows in the order of the primary key.
    pub sha256: [u8; 32],
}

/// A database that may be left: whole, of this release, and nobody's half-finished target. Nothing is written there.
#[derive(Clone, Copy)]
pub struct Source<'h> {
    store: &'h Store,
    name: &'h str,
}

impl<'h> Source<'h> {
    /// Looks at the source. `name` is how it is written down in the target, without a password: whoever goes on with an
    /// interrupted move must come from there.
    pub async fn check(store: &'h Store, name: &'h str) -> Result<Self, Refused> {
        if store.is_empty().await? {
            return Err(Refused::SourceIsEmpty);
        }
        // A schema that is newer than, or not, this release's is an error of this.
        let pending = store.pending().await?.len();
        if pending > 0 {
            return Err(Refused::SourceIsOlder(pending));
        }
        match moving::unfinished(&store.db).await? {
            Some(unfinished) => Err(Refused::SourceIsUnfinished(unfinished.source)),
            None => Ok(Self { store, name }),
        }
    }

    /// How many rows there are to move. A database too large to be counted in time is an error.
    pub async fn rows(&self) -> Result<u64, Error> {
        moving::count(&self.store.db).await
    }
}

/// A move under way.
pub struct Move<'h> {
    from: Source<'h>,
    to: &'h Store,
    place: Place,
    arrived: u64,
    resumed: bool,
}

impl<'h> Move<'h> {
    /// Makes sure that the target is empty, or half moved from this source, and gives it its tables; from then on it is
    /// not served until [`Move::end`].
    pub async fn begin(from: Source<'h>, to: &'h Store, now: Timestamp) -> Result<Self, Refused> {
        // Tables that are not all there may be an earlier run's; those of a house that was lived in know its master key.
        let begun = !to.is_empty().await? && !to.pending().await?.is_empty();
        if begun && instance::get(&to.db, instance::MASTER_KEY).await?.is_some() {
            return Err(Refused::TargetIsOlder);
        }
        to.migrate(now).await?;
        let begun = to.db.write(soon(), begin, (from.name.to_owned(),)).await?;
        let (place, arrived, resumed) = match begun {
            Begun::Now => (Place::before(0), 0, false),
            Begun::Before(Unfinished {
                source: before,
                place,
                arrived,
            }) => {
                if before != from.name {
                    return Err(Refused::TargetIsOfAnother(before));
                }
                (place, arrived, true)
            }
            Begun::Not(table) => return Err(Refused::TargetIsLivedIn(table)),
        };
        Ok(Self {
            from,
            to,
            place,
            arrived,
            resumed,
        })
    }

    /// Whether it goes on from where an earlier run was interrupted.
    pub const fn resumed(&self) -> bool {
        self.resumed
    }

    /// How many rows have arrived.
    pub const fn arrived(&self) -> u64 {
        self.arrived
    }

    /// The table whose rows are next; none when all have arrived.
    pub fn table(&self) -> Option<&'static str> {
        moving::tables().nth(self.place.table())
    }

    /// Moves one page of at most `rows` rows; `false` when none is left. The page and the place after it are written
    /// together or not at all.
    pub async fn step(&mut self, rows: u32) -> Result<bool, Refused> {
        let Some(table) = self.table() else {
            return Ok(false);
        };
        let to = &self.to.db;
        let page = moving::page(&self.from.store.db, &self.place, rows).await?;
        if !page.fits(to.engine()) {
            return Err(Refused::Unstorable(table));
        }
        let (next, arrived) = (page.next().clone(), self.arrived + page.len());
        if !to.write(soon(), arrive, (page, self.arrived)).await? {
            return Err(Refused::TargetIsTaken);
        }
        (self.place, self.arrived) = (next, arrived);
        Ok(true)
    }

    /// Reads both sides again, to the end of each table, and compares what is in them. `progress` hears of each page,
    /// on either side: of which table, and how many rows.
    pub async fn compare(
        &self,
        mut progress: impl FnMut(&'static str, u64) + Send,
    ) -> Result<Vec<Content>, Refused> {
        let mut contents = Vec::new();
        for (number, table) in moving::tables().enumerate() {
            let mut said = |rows| progress(table, rows);
            let from = content(&self.from.store.db, (number, table), &mut said).await?;
            let to = content(&self.to.db, (number, table), &mut said).await?;
            if from != to {
                return Err(Refused::Differs { from, to });
            }
            contents.push(from);
        }
        Ok(contents)
    }

    /// Lets the target be served: for after [`Move::compare`].
    pub async fn end(self) -> Result<(), Refused> {
        self.to.db.write(soon(), end, ()).await?;
        Ok(())
    }
}

fn soon() -> Instant {
    Instant::now() + PATIENCE
}

async fn begin(tx: &mut Tx, (source,): &(String,)) -> Result<Begun, Error> {
    moving::begin(tx, source).await
}

async fn arrive(tx: &mut Tx, (page, arrived): &(Page, u64)) -> Result<bool, Error> {
    moving::arrive(tx, page, *arrived).await
}

async fn end(tx: &mut Tx, (): &()) -> Result<(), Error> {
    moving::end(tx).await
}

/// What is in one table, counted from 0.
async fn content(
    db: &Db,
    (number, table): (usize, &'static str),
    progress: &mut (impl FnMut(u64) + Send),
) -> Result<Content, Error> {
    let (mut digest, mut rows, mut bytes) = (Sha256::begin(), 0, Vec::new());
    let mut place = Place::before(number);
    while place.table() == number {
        let page = moving::page(db, &place, ROWS).await?;
        bytes.clear();
        page.encode(&mut bytes);
        digest.update(&bytes);
        rows += page.len();
        progress(page.len());
        place = page.next().clone();
    }
    Ok(Content {
        table,
        rows,
        sha256: digest.end(),
    })
}
