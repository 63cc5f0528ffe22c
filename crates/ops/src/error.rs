//! How operations end when they do not succeed.

use vestibule_keys::PoolError;
use vestibule_keys::seal::SealError;
use vestibule_model::refusal::{self, Failed};
use vestibule_model::{Fault, Refusal};
use vestibule_store as store;

/// What an operation fails with: an expected "no", or our own failure.
#[derive(Clone, Debug)]
pub enum Error {
    /// An expected "no"; the dialect says it in its own words.
    Refused(Refusal),
    /// Our own failure; logged, and told to the client without its cause.
    Fault(Fault),
}

impl Error {
    /// What the client is told.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Fault(fault) => Refusal::Failed(match fault {
                Fault::TooLate(_) | Fault::Unavailable(_) => Failed::Unavailable,
                Fault::Unknown(_) => Failed::Unknown,
                Fault::Internal(_) => Failed::Internal,
            }),
        }
    }
}

/// What a transaction body fails with. `?` on a refusal undoes the writes; a refusal that must keep them says so
/// by [`KeepingWrites::keeping_writes`].
#[derive(Debug)]
pub(crate) enum Stop {
    /// The refusal; nothing was written.
    Undo(Refusal),
    /// The refusal; what the body wrote is committed.
    Keep(Refusal),
    /// Our own failure; nothing was written.
    Fault(Fault),
}

/// Ends a transaction body with a refusal whose writes stay.
pub(crate) trait KeepingWrites {
    /// The same refusal, but the transaction is committed.
    fn keeping_writes(self) -> Stop;
}

impl<R: Into<Refusal>> KeepingWrites for R {
    fn keeping_writes(self) -> Stop {
        Stop::Keep(self.into())
    }
}

impl vestibule_store::Abort for Stop {
    fn keeps_writes(&self) -> bool {
        matches!(self, Self::Keep(_))
    }
}

// One impl per group, because one for every `Into<Refusal>` would leave no room for faults.
macro_rules! from_refusals {
    ($($group:ty),*) => { $(
        impl From<$group> for Stop {
            fn from(refusal: $group) -> Self {
                Self::Undo(refusal.into())
            }
        }

        impl From<$group> for Error {
            fn from(refusal: $group) -> Self {
                Self::Refused(refusal.into())
            }
        }
    )* };
}
from_refusals!(
    Refusal,
    refusal::ApiKey,
    refusal::Credentials,
    refusal::Token,
    refusal::Refresh,
    refusal::Secret,
    refusal::Account,
    refusal::Input,
    refusal::Conflict,
    refusal::Permission,
    refusal::NotFound,
    refusal::Throttled,
    Failed
);

macro_rules! from_faults {
    ($($cause:ty => |$it:ident| $fault:expr,)*) => { $(
        impl From<$cause> for Stop {
            fn from($it: $cause) -> Self {
                Self::Fault($fault)
            }
        }

        impl From<$cause> for Error {
            fn from($it: $cause) -> Self {
                Self::Fault($fault)
            }
        }
    )* };
}
from_faults! {
    Fault => |fault| fault,
    store::Error => |error| store_fault(&error),
    SealError => |error| Fault::Internal(error.to_string()),
}

/// What a failed sentence or transaction means for who asked.
fn store_fault(error: &store::Error) -> Fault {
    let text = error.to_string();
    match error {
        store::Error::TooLate => Fault::TooLate(text),
        store::Error::Unknown => Fault::Unknown(text),
        store::Error::Busy
        | store::Error::Full
        | store::Error::Lost
        | store::Error::Closed
        | store::Error::Io(_) => Fault::Unavailable(text),
        store::Error::Unique { .. }
        | store::Error::Constraint(_)
        | store::Error::Awaited { .. }
        | store::Error::Panicked { .. }
        | store::Error::Corrupt(_)
        | store::Error::InUse(_)
        | store::Error::Open(_)
        | store::Error::Schema(_)
        | store::Error::Type { .. }
        | store::Error::Other(_) => Fault::Internal(text),
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Overloaded { retry_after } => Failed::Overloaded { retry_after }.into(),
            PoolError::Failed => Self::Fault(Fault::Internal(error.to_string())),
            PoolError::Stopped => Self::Fault(Fault::Unavailable(error.to_string())),
        }
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Undo(refusal) | Stop::Keep(refusal) => Self::Refused(refusal),
            Stop::Fault(fault) => Self::Fault(fault),
        }
    }
}
