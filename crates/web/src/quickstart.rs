//! The first steps of a client of a dialect, from which code in many languages is made.

use vestibule_ops::ApiKeyKind;

/// Sign-up, sign-in and the first request with a token, as data.
#[derive(Clone, Copy, Debug)]
pub struct Quickstart {
    /// The kind of API key that is sent, where clients of this dialect send one.
    pub key: Option<ApiKeyKind>,
    /// `POST` path that takes `email` and `password` of a new user, where the dialect has one.
    pub sign_up: Option<&'static str>,
    /// `POST` path that takes an identifier and `password`.
    pub sign_in: &'static str,
    /// The field of the identifier.
    pub identifier: &'static str,
    /// The field of the answer that is the access token.
    pub token: &'static str,
    /// `GET` path that is read with the token.
    pub profile: &'static str,
}
