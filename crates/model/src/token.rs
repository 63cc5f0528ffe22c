//! Access tokens: what goes into one, what comes out of one, and the shape a dialect gives it.

mod claims;
mod plain;

pub use claims::Claims;
pub use plain::{Plain, PlainClaims};

use crate::id::{SessionId, UserId};
use crate::project::OwnSettings;
use crate::{Realm, Timestamp};
use serde_json::{Map, Value};

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). It is a property of a key; a header never chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
}

impl Algorithm {
    /// The registered name: as stored, in headers and in JWKS.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    /// The algorithm of this registered name, compared exactly.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256, Self::EdDsa, Self::Hs256]
            .into_iter()
            .find(|it| it.as_str() == name)
    }
}

/// Everything a dialect may put into an access token.
#[derive(Clone, Debug)]
pub struct TokenFacts<'a> {
    /// Project and environment.
    pub realm: Realm,
    /// The `iss` that the project sets for this dialect.
    pub issuer: &'a str,
    /// The `aud` that the project sets for this dialect.
    pub audience: &'a str,
    /// What the project's dialects alone have as settings.
    pub own: &'a OwnSettings,
    /// The user.
    pub user: UserId,
    /// The user's per-environment sequence number.
    pub number: i64,
    /// The canonical e-mail address.
    pub email: &'a str,
    /// Names of the user's roles, earliest assigned first.
    pub roles: &'a [String],
    /// What the roles permit, as `resource:action`.
    pub permissions: &'a [String],
    /// The session that the token belongs to.
    pub session: SessionId,
    /// The refresh generation that the token was issued with; `jti` is `<sid>.<generation>`.
    pub generation: i64,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// What an authentic access token says. Its `exp` has not been judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The session that it belongs to.
    pub session: SessionId,
    /// The refresh generation that it was issued with.
    pub generation: i64,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// What the claims of a token must match.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Project and environment of the key that verified it.
    pub realm: Realm,
    /// The `iss` that the project sets for this dialect.
    pub issuer: &'a str,
    /// The `aud` that the project sets for this dialect.
    pub audience: &'a str,
}

/// The shape that a dialect gives its access tokens: claims out, claims in.
pub trait TokenShape: Send + Sync + 'static {
    /// The algorithm of this dialect's keys.
    fn algorithm(&self) -> Algorithm;

    /// Whether the header names its key (`kid`). Otherwise a token is checked with every key of its dialect and realm.
    fn names_key(&self) -> bool {
        true
    }

    /// The JOSE header, as JSON in the documented order.
    fn header(&self, kid: &str) -> String;

    /// The claims, as JSON in the documented order.
    fn claims(&self, facts: &TokenFacts<'_>) -> String;

    /// Reads an authentic token's header and claims; `None` when `typ`, `iss`, `aud`, the environment or the
    /// type of any claim is not exactly what this dialect issues.
    fn read(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        expected: &Expected<'_>,
    ) -> Option<Presented>;
}

/// The `jti` of a session's token of one generation.
pub fn jti(session: SessionId, generation: i64) -> String {
    format!("{session}.{generation}")
}

/// Takes a `jti` apart again.
pub fn read_jti(jti: &str) -> Option<(SessionId, i64)> {
    let (session, generation) = jti.split_once('.')?;
    let canonical = generation.bytes().all(|digit| digit.is_ascii_digit()) && !generation.starts_with('0');
    Some((
        session.parse().ok()?,
        generation.parse().ok().filter(|_| canonical)?,
    ))
}
