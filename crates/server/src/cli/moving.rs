//! `vestibule migrate --from … --to …`

use super::archive::hex;
use super::moving_place::Place;
use super::{Failure, Global, Outcome, Output};
use serde::Serialize;
use vestibule_model::{Clock as _, SystemClock, Timestamp};
use vestibule_ops::admin::moving::{Content, Move, Refused, Source};
use vestibule_store::{Store, instance, moving};

#[derive(Serialize)]
struct Moved {
    from: String,
    to: String,
    rows: u64,
    /// Whether an earlier run had begun it.
    resumed: bool,
    /// The fingerprint of the master key that sealed what was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    master_key: Option<String>,
    tables: Vec<Compared>,
}

#[derive(Serialize)]
struct Compared {
    table: &'static str,
    rows: u64,
    sha256: String,
}

/// Both addresses, and how the command speaks.
struct Houses {
    from: Place,
    to: Place,
    output: Output,
    now: Timestamp,
}

/// Moves everything of one database into another.
pub async fn run(from: &str, to: &str, global: &Global) -> Outcome {
    let houses = Houses {
        from: Place::parse("--from", from)?,
        to: Place::parse("--to", to)?,
        output: global.output(),
        now: SystemClock::start().now(),
    };
    if houses.from.shown == houses.to.shown {
        return Err(Failure::usage("--from and --to name the same database"));
    }
    let prepare = global.load()?.config.postgres.prepare;
    if houses.from.is_server() || houses.to.is_server() {
        // Nodes on other machines cannot be seen from here.
        let question = "Is every node stopped? What a running one writes would not be moved.";
        houses.output.confirm(question)?;
    }
    let old = houses.from.open(prepare).await?;
    let moved = houses.leave(&old, prepare).await;
    let master_key = instance::get(&old.db, instance::MASTER_KEY).await;
    old.db.close().await;
    let (tables, resumed) = moved?;
    let told = Moved {
        rows: tables.iter().map(|content| content.rows).sum(),
        tables: tables.into_iter().map(Compared::from).collect(),
        from: houses.from.shown,
        to: houses.to.shown,
        resumed,
        master_key: master_key?,
    };
    houses.output.result(&told, || describe(&told))
}

impl Houses {
    /// Makes sure that the source can be left before the target is touched.
    async fn leave(&self, old: &Store, prepare: bool) -> Result<(Vec<Content>, bool), Failure> {
        let source = Source::check(old, &self.from.shown).await;
        let source = source.map_err(|refused| self.failure(refused))?;
        let new = self.to.open_or_make(prepare).await?;
        let moved = self.carry(source, &new).await;
        new.db.close().await;
        moved.map_err(|refused| self.failure(refused))
    }

    async fn carry(&self, source: Source<'_>, new: &Store) -> Result<(Vec<Content>, bool), Refused> {
        let mut under_way = Move::begin(source, new, self.now).await?;
        let resumed = under_way.resumed();
        let bar = self.output.progress("rows");
        // Only the bar wants to know; a database that takes too long to be counted moves without.
        let rows = source.rows().await.ok();
        bar.set_length(rows.unwrap_or(0));
        while under_way.step(moving::ROWS).await? {
            bar.set_message(under_way.table().unwrap_or("rows"));
            bar.set_position(under_way.arrived());
        }
        bar.finish_and_clear();
        let bar = self.output.progress("compared");
        bar.set_length(2 * under_way.arrived());
        let contents = under_way.compare(|_, rows| bar.inc(rows)).await?;
        bar.finish_and_clear();
        under_way.end().await?;
        Ok((contents, resumed))
    }

    /// What happened and what to do.
    fn failure(&self, refused: Refused) -> Failure {
        let (from, to) = (&self.from.shown, &self.to.shown);
        Failure::new(match refused {
            Refused::SourceIsEmpty => format!("{from} has no tables: there is nothing to move"),
            Refused::SourceIsOlder(count) => format!(
                "{from} was made by an older release ({count} migrations are to be applied): run `vestibule migrate` \
                 on it first"
            ),
            Refused::SourceIsUnfinished(before) => {
                format!(
                    "a move from {before} into {from} is unfinished: finish it first, or move from {before}"
                )
            }
            Refused::TargetIsOlder => {
                format!("{to} is not empty (an older release made it): name an empty database")
            }
            Refused::TargetIsLivedIn(table) => {
                format!("{to} is not empty (its table {table} has rows): name an empty database")
            }
            Refused::TargetIsOfAnother(before) => format!(
                "an unfinished move from {before} fills {to}: go on with that one, or drop {to} and begin again"
            ),
            Refused::TargetIsTaken => format!("another process moves into {to}: let it finish"),
            Refused::Unstorable(table) => format!(
                "a row of the table {table} holds a text with a zero character (U+0000), which PostgreSQL does not \
                 store: change it in {from}, then run the same command again"
            ),
            Refused::Differs {
                from: left,
                to: right,
            } => format!(
                "the table {} is not the same on both sides: {} in {from}, {} in {to}. Somebody wrote meanwhile. {to} \
                 will not be served: stop every server, drop {to}, and begin again",
                left.table,
                counted(&left),
                counted(&right)
            ),
            Refused::Failed(error) => {
                format!("{error}; what has arrived in {to} stays: run the same command again to go on")
            }
        })
    }
}

fn counted(content: &Content) -> String {
    format!(
        "{} rows ({}…)",
        content.rows,
        hex(&content.sha256).get(..12).unwrap_or_default()
    )
}

impl From<Content> for Compared {
    fn from(content: Content) -> Self {
        Self {
            table: content.table,
            rows: content.rows,
            sha256: hex(&content.sha256),
        }
    }
}

fn describe(told: &Moved) -> String {
    let (from, to) = (&told.from, &told.to);
    let again = if told.resumed { ", resumed," } else { "" };
    let setting = if to.starts_with("sqlite:") { "path" } else { "url" };
    let key = told
        .master_key
        .as_ref()
        .map_or_else(String::new, |key| format!(" {key}"));
    format!(
        "moved {} rows of {} tables{again} from {from} to {to}; read again, both are the same\n\
         serve {to} from now on: set DATABASE_URL, or `{setting}` in [database], to what --to names\n\
         it needs the same master key{key}: keep the data folder's master.key, or secrets.master_key, as it is\n\
         {from} is as it was: keep it until you trust the new one, and do not serve it any more",
        told.rows,
        told.tables.len()
    )
}
