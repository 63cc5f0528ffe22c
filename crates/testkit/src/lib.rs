//! What stories are told with: a whole [`Server`] in this process, on a throw-away database, with a clock that stands
//! still and chance that repeats itself; personas; and clients that speak to it from the outside.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that cannot go on must fail"
)]
#![expect(
    clippy::missing_panics_doc,
    reason = "everything here panics when a story fails"
)]

mod answer;
mod arkos;
mod audit;
mod clock;
mod counts;
mod damage;
mod darukaa;
mod entropy;
mod front;
mod keys;
mod koolbase;
mod logs;
mod mail;
mod persona;
mod postgres;
pub mod process;
mod project;
mod rakcha;
mod rakomi;
mod request;
mod roles;
mod server;
mod story;
mod tally;

pub use answer::Answer;
pub use arkos::{Arkos, set_cookie};
pub use clock::{BEGINNING, ManualClock};
pub use darukaa::Darukaa;
pub use front::{Front, Way, Wire};
pub use keys::{Keys, RealmKeys, hmac_secret};
pub use koolbase::Koolbase;
pub use logs::Logs;
pub use mail::Mail;
pub use persona::{Builder, PASSWORD, Persona, operator};
pub use postgres::new_house;
pub use project::OtherProject;
pub use rakcha::Rakcha;
pub use rakomi::{Rakomi, Token};
pub use request::{Request, SOMEWHERE, at_once};
pub use server::{PUBLIC_URL, Server, dialect, routes_of};
pub use story::Database;
pub use tally::Tally;

pub use vestibule_model::Environment;
pub use vestibule_sql::{Sql, Value};
pub use vestibule_store::audit::Act;

pub use vestibule_cluster::{self as cluster, Cluster, Redis, ThrowAway};

#[doc(hidden)]
pub use ::insta as snapshots;

/// The snapshots of stories.
pub mod insta {
    pub use crate::same_on_each as assert_snapshot;
}
