//! Why a mail was not taken.

use crate::letter::one_line;
use lettre::transport::smtp::Error;

/// Longest reason that is kept, in bytes.
const LONGEST: usize = 300;

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct Failure {
    /// What was being done, such as `connecting`.
    pub step: &'static str,
    /// What went wrong, on one line.
    pub reason: String,
    /// The server's reply code (RFC 5321 §4.2), if it replied.
    pub code: Option<u16>,
    /// Whether trying again is pointless: the server refused this recipient or this mail for good. Whatever the
    /// operator or time can mend (names, passwords, certificates, the sender) is not.
    pub permanent: bool,
}

impl Failure {
    /// A failure that time or the operator can mend.
    pub(crate) fn mendable(step: &'static str, reason: &str) -> Self {
        Self {
            step,
            reason: shortened(reason),
            code: None,
            permanent: false,
        }
    }

    /// A failure that nothing can mend.
    pub(crate) fn permanent(step: &'static str, reason: &str) -> Self {
        Self {
            permanent: true,
            ..Self::mendable(step, reason)
        }
    }

    /// What the server or the connection said while doing `step`.
    pub(crate) fn smtp(step: &'static str, error: &Error) -> Self {
        Self {
            code: error.status().map(u16::from),
            ..Self::mendable(step, &error.to_string())
        }
    }

    /// The same, but a 5xx reply is final.
    pub(crate) fn smtp_final(step: &'static str, error: &Error) -> Self {
        Self {
            permanent: error.is_permanent(),
            ..Self::smtp(step, error)
        }
    }
}

fn shortened(reason: &str) -> String {
    let mut line = one_line(reason);
    line.truncate(line.floor_char_boundary(LONGEST));
    line
}
