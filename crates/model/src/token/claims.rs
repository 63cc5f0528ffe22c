//! Reading the claims of an authentic token, each in its exact type.

use super::{Presented, read_jti};
use crate::Timestamp;
use serde_json::{Map, Value};

/// The claims of a token whose signature is good. What has another type than asked for is not there.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a>(&'a Map<String, Value>);

impl<'a> Claims<'a> {
    /// The claims as they were decoded.
    pub const fn of(claims: &'a Map<String, Value>) -> Self {
        Self(claims)
    }

    /// A claim as it stands.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// A claim that is a string.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// A claim that is a whole number of JSON: neither `"42"` nor `42.0` is one.
    pub fn number(self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    /// A claim that is the text of something else, such as an id.
    pub fn parsed<T: std::str::FromStr>(self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// How many claims there are.
    pub fn count(self) -> usize {
        self.0.len()
    }

    /// What the claims say that the tokens of every dialect have: `jti` with the session that `sid` repeats, `iat` and
    /// `exp`.
    pub fn presented(self) -> Option<Presented> {
        let (session, generation) = read_jti(self.text("jti")?)?;
        let expires_at = Timestamp::from_seconds(self.number("exp")?);
        let repeated = self.parsed("sid") == Some(session) && self.number("iat").is_some();
        repeated.then_some(Presented {
            session,
            generation,
            expires_at,
        })
    }
}
