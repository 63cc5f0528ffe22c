//! Tokens taken apart (RFC 7515 §3.1, §7.1), strictly: one token has one spelling.

use super::Key;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use vestibule_model::json;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 8 * 1_024;

/// Header members that would have the verifier fetch, trust or understand something else.
const FORBIDDEN: [&str; 8] = ["crit", "b64", "jku", "x5u", "jwk", "x5c", "zip", "enc"];

/// A text that is no token: not three parts of strict base64url, too long, or with a header that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a compact JWS")]
pub struct Malformed;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Its header names another algorithm than the key's.
    #[error("the token's algorithm is not the key's")]
    Algorithm,
    /// The signature is not this key's.
    #[error("the signature does not match")]
    Signature,
    /// Authentic, but the claims are no JSON object or name a key twice.
    #[error("the claims are not one JSON object without duplicate keys")]
    Claims,
}

/// A token in its parts, nothing of it believed yet.
#[derive(Clone, Debug)]
pub struct Compact<'a> {
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
    header: Map<String, Value>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart without believing any of it.
    pub fn parse(token: &'a str) -> Result<Self, Malformed> {
        if token.len() > MAX_TOKEN {
            return Err(Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Malformed)?;
        let (header, payload) = message
            .split_once('.')
            .filter(|(_, payload)| !payload.contains('.'))
            .ok_or(Malformed)?;
        let header = json::object(&decode(header)?).map_err(|_| Malformed)?;
        if FORBIDDEN.iter().any(|name| header.contains_key(*name))
            || !matches!(header.get("alg"), Some(Value::String(_)))
        {
            return Err(Malformed);
        }
        if !matches!(header.get("kid"), None | Some(Value::String(_))) {
            return Err(Malformed);
        }
        Ok(Self {
            message,
            payload,
            signature: decode(signature)?,
            header,
        })
    }

    /// The id of the key that the token claims to be signed by.
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The algorithm that the token claims.
    pub fn alg(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole header.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The claims, once `key` is known to have signed them. Their times are not judged: see [`super::times::check`].
    pub fn verify(&self, key: &Key) -> Result<Map<String, Value>, Untrusted> {
        if self.alg() != key.algorithm().as_str() {
            return Err(Untrusted::Algorithm);
        }
        if !key.authentic(self.message.as_bytes(), &self.signature) {
            return Err(Untrusted::Signature);
        }
        let payload = decode(self.payload).map_err(|_| Untrusted::Claims)?;
        json::object(&payload).map_err(|_| Untrusted::Claims)
    }
}

/// A header's JSON in the form that [`Key::sign`] takes; encode it once per key, not per token.
pub fn encode_header(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

/// Strict base64url (RFC 7515 §2): no padding, no white space, no bits beyond the last byte.
fn decode(part: &str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed)
}
