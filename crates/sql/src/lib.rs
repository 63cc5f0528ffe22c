//! Two database drivers behind one [`Tx`].
//!
//! The crate above (`store`) writes each sentence once, with `$1…` placeholders bound by number, and runs it
//! in a transaction ([`Db::write`]), inline ([`Db::read_all`], [`Db::read_one`]) or on the reader pool
//! ([`Db::scan`]), on `SQLite` or on `PostgreSQL`.

mod act;
mod db;
mod error;
mod health;
mod listener;
mod migrate;
mod postgres;
mod row;
mod sentence;
mod sqlite;
mod tx;
mod value;

#[cfg(test)]
mod tests;

pub use act::{Abort, Act};
pub use db::{Asker, By, Db};
pub use error::Error;
pub use health::Health;
pub use listener::{Announcement, Listener};
pub use migrate::{LEDGER_EXISTS, Migration};
pub use postgres::OpenPostgres;
pub use row::{Columns, Row};
pub use sentence::{Engine, Sql};
pub use sqlite::{OpenSqlite, Role};
pub use tx::Tx;
pub use value::{FromValue, Value};
