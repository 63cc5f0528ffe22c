//! The schema's numbered history.

use std::time::{Duration, Instant};

use crate::{Db, Engine, Error, Row, Sql, Tx, bind, both};

/// One step of the schema. Its text is never edited after a release: a change is a new migration.
///
/// It is written in the shared tongue (TEXT, BIGINT, BOOLEAN) and three words of ours: `BYTES` (BLOB, BYTEA),
/// `TEXT_C` (text that sorts by bytes) and `TABLE_END` (after a table's parenthesis: STRICT and WITHOUT ROWID, or nothing).
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3 …
    pub number: u32,
    /// What it is about, in a few words.
    pub name: &'static str,
    /// Its sentences.
    pub text: &'static str,
}

/// A migration may rebuild a large table.
const PATIENCE: Duration = Duration::from_hours(1);

/// The applied migrations. The text itself is kept, so a changed one is recognised and can be shown.
const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, script TEXT NOT NULL, applied_at BIGINT NOT NULL
) TABLE_END";
/// Whether any migration was ever applied.
pub const LEDGER_EXISTS: Sql = both!(
    sqlite: "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
    // Unlike a catalogue of what one has rights on, this finds the tables of somebody else too.
    postgres: "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
);
/// Whoever comes second waits, and then finds the work done. The number is this program's own.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8387236823640697189)";
const APPLIED: Sql = Sql::same("SELECT number, name, script FROM schema_migrations ORDER BY number");
const APPLY: &str =
    "INSERT INTO schema_migrations (number, name, script, applied_at) VALUES ($1, $2, $3, $4)";

impl Db {
    /// The numbers of those of `migrations` that [`Db::migrate`] would apply to a database to which some were applied.
    /// Reads only.
    ///
    /// # Errors
    /// As there.
    pub async fn pending(&self, migrations: &'static [Migration]) -> Result<Vec<u32>, Error> {
        let missing = missing(migrations, &self.read_all(APPLIED, &[]).await?)?;
        Ok(missing.iter().map(|migration| migration.number).collect())
    }

    /// Brings the schema to the last of `migrations`: an empty database in one transaction, because nothing in it can
    /// take long and each would wait for the disk; an older one by a transaction each, so an interrupted run is resumed
    /// by the next. Two processes that start together apply each once. `now` is in microseconds. Returns the numbers
    /// applied by this call.
    ///
    /// # Errors
    /// [`Error::Schema`] when the database is newer than this list, or was made by a different one.
    pub async fn migrate(&self, migrations: &'static [Migration], now: i64) -> Result<Vec<u32>, Error> {
        if !migrations
            .iter()
            .zip(1..)
            .all(|(migration, number)| migration.number == number)
        {
            return Err(Error::Schema("migrations are not numbered 1, 2, 3 …".to_owned()));
        }
        let deadline = Instant::now() + PATIENCE;
        let mut applied = Vec::new();
        loop {
            let advanced = self
                .write_patiently(deadline, advance, Advance { migrations, now })
                .await?;
            if advanced.is_empty() {
                return Ok(applied);
            }
            applied.extend(advanced.iter().map(|migration| migration.number));
        }
    }
}

struct Advance {
    migrations: &'static [Migration],
    now: i64,
}

/// Applies the first migration that is missing, to an empty database all; returns what it applied.
async fn advance(tx: &mut Tx, advance: &Advance) -> Result<&'static [Migration], Error> {
    if tx.engine() == Engine::Postgres {
        tx.script(LOCK).await?;
    }
    // Asked first on PostgreSQL, where even a table that exists may only be "created" by those who may create one.
    let exists = tx.engine() == Engine::Postgres && tx.one(LEDGER_EXISTS, &[]).await?.is_some();
    if !exists {
        tx.script(&spell(LEDGER, tx.engine())).await?;
    }
    let applied = tx.all(APPLIED, &[]).await?;
    let mut next = missing(advance.migrations, &applied)?;
    if !applied.is_empty() {
        next = next.get(..1).unwrap_or_default();
    }
    for migration in next {
        tx.script(&spell(migration.text, tx.engine()))
            .await
            .map_err(|error| failed(migration, &error))?;
        tx.run(
            APPLY,
            bind![migration.number, migration.name, migration.text, advance.now],
        )
        .await?;
    }
    Ok(next)
}

/// What follows the applied ones, which must be the first of `migrations`, word by word.
fn missing(migrations: &'static [Migration], applied: &[Row]) -> Result<&'static [Migration], Error> {
    let mut known = migrations.iter();
    for row in applied {
        let (number, name, script): (u32, String, String) = row.read()?;
        let Some(migration) = known.next() else {
            return Err(newer(number, &name, migrations.len()));
        };
        if migration.number != number || migration.text != script {
            return Err(changed(number, &name));
        }
    }
    Ok(known.as_slice())
}

fn newer(number: u32, name: &str, known: usize) -> Error {
    Error::Schema(format!(
        "the database has migration {number} ({name}), but this binary knows only {known}: start the newer \
         release again, or restore the backup made before the upgrade"
    ))
}

fn changed(number: u32, name: &str) -> Error {
    Error::Schema(format!(
        "migration {number} ({name}) in the database is not the one in this binary: start the release that \
         made the database, or restore a backup"
    ))
}

fn failed(migration: &Migration, error: &Error) -> Error {
    Error::Schema(format!(
        "migration {} ({}) failed and was undone: {error}",
        migration.number, migration.name
    ))
}

/// Spells the words that differ. `SQLite`'s STRICT tables know neither BIGINT nor BOOLEAN. Its rows lie in the tree of
/// their primary key, as ids are made in order: with a row number of its own each would lie in one tree more.
fn spell(text: &str, engine: Engine) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|c: char| is_word(c) != is_word(first))
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        spelled.push_str(match (part, engine) {
            ("BYTES", Engine::Sqlite) => "BLOB",
            ("TEXT_C", Engine::Sqlite) => "TEXT",
            ("TABLE_END", Engine::Sqlite) => "STRICT, WITHOUT ROWID",
            ("BIGINT" | "BOOLEAN", Engine::Sqlite) => "INTEGER",
            ("BYTES", Engine::Postgres) => "BYTEA",
            ("TEXT_C", Engine::Postgres) => "TEXT COLLATE \"C\"",
            ("TABLE_END", Engine::Postgres) => "",
            (other, _) => other,
        });
        rest = after;
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_gets_its_own_spelling_of_whole_words() {
        let text = "CREATE TABLE t (a BYTES, b TEXT_C, c BIGINT, d BOOLEAN, my_BYTES TEXT) TABLE_END";
        assert_eq!(
            spell(text, Engine::Sqlite),
            "CREATE TABLE t (a BLOB, b TEXT, c INTEGER, d INTEGER, my_BYTES TEXT) STRICT, WITHOUT ROWID"
        );
        assert_eq!(
            spell(text, Engine::Postgres),
            "CREATE TABLE t (a BYTEA, b TEXT COLLATE \"C\", c BIGINT, d BOOLEAN, my_BYTES TEXT) "
        );
    }
}
