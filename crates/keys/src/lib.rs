//! Everything secret: password hashes and the pool that makes them, signed tokens, sealing at rest, and the
//! texts of keys and tokens that users see.
//!
//! Pure functions but for [`pool`], which owns threads, and [`entropy`], which asks the operating system.
#![warn(missing_docs)]

mod base62;
pub mod digest;
pub mod entropy;
pub mod jose;
pub mod password;
pub mod pool;
pub mod seal;
pub mod secret_text;

pub use entropy::SystemEntropy;
pub use password::{Password, Rule, StoredHash, Weak};
pub use pool::{HashPool, PoolError, Verdict};
pub use seal::{MasterKey, Sealer};
