//! Tokens of the doors whose algorithm is HS256, made by hand with the server's own secret and without its code.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_testkit::{Environment, hmac_secret};

/// The header of every one of them.
pub const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// A token of these two JSON texts, signed with the secret of the default project's live environment.
pub fn signed(dialect: &str, header: &str, claims: &str) -> String {
    signed_with(&hmac_secret(dialect, Environment::Live), header, claims)
}

/// The same with any secret.
pub fn signed_with(secret: &[u8], header: &str, claims: &str) -> String {
    let message = message(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Two JSON texts as the first two parts of a token.
pub fn message(header: &str, claims: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    )
}
