//! The nouns of Vestibule: ids, records, state transitions, time, chance, refusals and faults.
//!
//! This crate imports nothing of ours and does no input or output. What can be decided without a
//! database is decided here, as a pure function, so that it is tested without one.
#![warn(missing_docs)]

pub mod access;
pub mod budget;
pub mod clock;
pub mod email;
pub mod entropy;
pub mod fault;
pub mod gateway;
pub mod id;
pub mod json;
pub mod lockout;
pub mod mail;
pub mod policy;
pub mod project;
pub mod refresh;
pub mod refusal;
pub mod role;
pub mod session;
pub mod settings;
pub mod token;
pub mod user;

pub use access::Access;
pub use clock::{Clock, SystemClock, Timestamp};
pub use email::Email;
pub use entropy::Entropy;
pub use fault::Fault;
pub use gateway::GatewayRule;
pub use policy::Policy;
pub use project::{DialectName, Environment, Project, Realm};
pub use refusal::Refusal;
pub use role::Authority;
pub use settings::Settings;
