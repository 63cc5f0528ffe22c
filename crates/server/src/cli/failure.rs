//! How a command fails: a sentence for the reader and an exit code for scripts.

use crate::config::Invalid;
use crate::instance::OpenError;
use std::fmt::Display;
use std::process::ExitCode;
use vestibule_model::Refusal;

/// The exit codes, as `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// It was refused, or it failed.
    Failed = 1,
    /// The command line or the configuration cannot be understood.
    Usage = 2,
    /// What was named does not exist.
    NotFound = 3,
}

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    /// What happened and what to do.
    pub message: String,
}

/// How every command ends.
pub type Outcome = Result<(), Failure>;

impl Failure {
    /// Refused or failed.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            code: Code::Failed,
            message: message.into(),
        }
    }

    /// The command line asks for something that makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            code: Code::Usage,
            message: message.into(),
        }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            code: Code::NotFound,
            message: message.into(),
        }
    }

    /// Tells the reader on stderr and the script by the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        if json {
            eprintln!("{}", serde_json::json!({ "error": self.message }));
        } else {
            eprintln!("error: {}", self.message);
        }
        ExitCode::from(self.code as u8)
    }
}

/// Puts what was attempted before what went wrong.
pub trait Attempt<T> {
    fn attempting(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Attempt<T> for Result<T, E> {
    fn attempting(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("cannot {what}: {error}")))
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        match invalid.0.as_slice() {
            [problem] => Self::usage(problem.as_str()),
            problems => Self::usage(format!(
                "the configuration has problems\n  {}",
                problems.join("\n  ")
            )),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Invalid(invalid) => invalid.into(),
            error => Self::new(error.to_string()),
        }
    }
}

impl From<vestibule_store::Error> for Failure {
    fn from(error: vestibule_store::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<vestibule_ops::Error> for Failure {
    fn from(error: vestibule_ops::Error) -> Self {
        match error {
            vestibule_ops::Error::Refused(refusal) => refusal.into(),
            vestibule_ops::Error::Fault(fault) => Self::new(fault.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = if matches!(refusal, Refusal::NotFound(_)) {
            Code::NotFound
        } else {
            Code::Failed
        };
        Self {
            code,
            message: super::words::refusal(&refusal),
        }
    }
}
