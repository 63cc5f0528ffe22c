//! What a dialect demands by default; each is a setting of the project.

use crate::token::Algorithm;
use std::time::Duration;

/// A dialect's defaults (`contracts/README.md`, "Per-dialect policy defaults").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Algorithm of access tokens.
    pub algorithm: Algorithm,
    /// Lifetime of an access token.
    pub access_lifetime: Duration,
    /// Absolute lifetime of a session, and so of its refresh tokens.
    pub session_lifetime: Duration,
    /// How long a session lives without being used, where the dialect has such a bound. Last use is kept to the hour.
    pub idle_lifetime: Option<Duration>,
    /// Whether sign-in answers carry a refresh token.
    pub refresh_tokens: bool,
    /// Whether an unverified address keeps its owner out.
    pub verified_email: bool,
    /// The rule for new passwords.
    pub password: PasswordPolicy,
}

/// The rule for new passwords. What is already set is never judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Least number of characters (code points).
    pub minimum: u32,
    /// Whether common and quickly guessed passwords are refused.
    pub blocklist: bool,
    /// Whether an upper-case letter, a lower-case letter and a digit are demanded.
    pub classes: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            minimum: 8,
            blocklist: true,
            classes: false,
        }
    }
}
