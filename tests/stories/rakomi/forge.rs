//! Tokens that nobody issued, made by hand with the server's own key and without its code.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use vestibule_testkit::Rakomi;

/// The private key that signs the tokens of the default project's live environment.
const LIVE: &[u8] = include_bytes!("../../../crates/testkit/src/keys/live.pk8");

/// A token in the making: at first a copy of a genuine one.
#[derive(Clone)]
pub struct Forgery {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

impl Forgery {
    /// A copy of the token of somebody who is signed in.
    pub fn of(app: &Rakomi<'_>) -> Self {
        let token = app.claims();
        let object = |text: &str| serde_json::from_str(text).expect("an object");
        Self {
            header: object(&token.header),
            claims: object(&token.claims),
        }
    }

    /// With another value in the header.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Without a header member.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.shift_remove(name).expect("a member to leave out");
        self
    }

    /// With another claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without a claim.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.shift_remove(name).expect("a claim to leave out");
        self
    }

    /// Header and claims, as they are signed.
    pub fn message(&self) -> String {
        let json = |object: &Map<String, Value>| serde_json::to_string(object).expect("JSON");
        message(&json(&self.header), &json(&self.claims))
    }

    /// Signed with the server's live key.
    pub fn signed(&self) -> String {
        signed(&self.message())
    }
}

/// Two JSON texts as the first two parts of a token.
pub fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", encoded(header), encoded(claims))
}

/// Strict base64url.
pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What base64url stands for.
pub fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// The message with its RS256 signature by the server's live key.
pub fn signed(message: &str) -> String {
    signed_by(&live(), &RSA_PKCS1_SHA256, message)
}

/// The message with a PS256 signature by the server's live key.
pub fn signed_pss(message: &str) -> String {
    signed_by(&live(), &RSA_PSS_SHA256, message)
}

/// The message with an RS256 signature by this key.
pub fn signed_rs256_by(key: &RsaKeyPair, message: &str) -> String {
    signed_by(key, &RSA_PKCS1_SHA256, message)
}

/// The message with any bytes as its signature.
pub fn with_signature(message: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{message}.{}", encoded(signature))
}

fn signed_by(key: &RsaKeyPair, how: &'static dyn RsaEncoding, message: &str) -> String {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(how, &SystemRandom::new(), message.as_bytes(), &mut signature)
        .expect("to sign");
    with_signature(message, signature)
}

/// The server's live key.
pub fn live() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(LIVE).expect("a sound key")
}
