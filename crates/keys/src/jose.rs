//! Signed tokens: compact JWS (RFC 7515) with `RS256`, `ES256`, `EdDSA` and `HS256`, on `aws-lc`.
//!
//! A key is parsed once and has one algorithm; what a token's header says can only agree with it. Everything
//! that a header could use to point elsewhere (`jku`, `x5u`, `jwk`, `x5c`) or to change the rules (`crit`,
//! `b64`, `zip`, `enc`) is refused, whatever its value.

mod compact;
mod jwk;
mod key;
pub mod times;

#[cfg(test)]
mod vectors;

pub use compact::{Compact, MAX_TOKEN, Malformed, Untrusted, encode_header};
pub use jwk::Jwk;
pub use key::{BadKey, Key, SignError};
