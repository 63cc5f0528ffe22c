//! Tokens that nobody issued, made by hand with the server's own key.

use crate::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Header and claims of a genuine token, to be changed.
#[derive(Clone)]
pub struct Forgery {
    pub header: String,
    pub claims: Map<String, Value>,
}

impl Forgery {
    /// A copy of this token.
    pub fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
            String::from_utf8(bytes).expect("text")
        });
        let header = parts.next().expect("a header");
        let claims = serde_json::from_str(&parts.next().unwrap_or_default());
        Self {
            header,
            claims: claims.unwrap_or_default(),
        }
    }

    /// With this header.
    pub fn header(mut self, header: &str) -> Self {
        header.clone_into(&mut self.header);
        self
    }

    /// With another claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.shift_remove(name).expect("a claim to leave out");
        self
    }

    /// Signed with this secret, without the server's code.
    pub fn signed_with(&self, secret: &[u8]) -> String {
        hmac::signed_with(secret, &self.header, &self.claims())
    }

    /// Signed with the server's own.
    pub fn signed(&self) -> String {
        hmac::signed("arkos", &self.header, &self.claims())
    }

    /// Header and claims without a signature.
    pub fn message(&self) -> String {
        hmac::message(&self.header, &self.claims())
    }

    fn claims(&self) -> String {
        serde_json::to_string(&self.claims).expect("JSON")
    }
}
