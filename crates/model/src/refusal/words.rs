//! What a refusal means, in words that a dialect may use where its vendor has none. The status and the code are the
//! dialect's own.

use super::{Failed, Input, NotFound, Permission, Refresh};

impl Refresh {
    /// A sentence without its full stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown | Self::Expired => "The refresh token is unknown or has expired",
            Self::Revoked => "The session of this refresh token has ended",
            Self::Reused => "The refresh token had been used before; the session has been ended",
        }
    }
}

impl Input {
    /// A sentence without its full stop; [`Input::detail`] knows more.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "The request cannot be read",
            Self::Fields(_) => "Some fields are missing or not valid",
            Self::WeakPassword(_) => "The password is too weak",
            Self::TooLarge => "The request body is too large",
            Self::UnsupportedMediaType => "The request body must be uncompressed application/json",
            Self::IdentifierNotAllowed => "This field does not identify users here",
        }
    }
}

impl Permission {
    /// A sentence without its full stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Insufficient => "You do not have permission to do this",
            Self::RegistrationClosed => "Registration is closed for this project",
            Self::CrossSite => "A page of another site may not do this",
            Self::ReadOnly => "The roles of this project stand in its configuration",
        }
    }
}

impl NotFound {
    /// A sentence without its full stop.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Session => "There is no such session",
            Self::Record { .. } => "There is no such record",
            Self::Route => "There is no such route",
            Self::Method { .. } => "This route does not take that method; see the Allow header",
        }
    }
}

impl Failed {
    /// A sentence without its full stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Overloaded { .. } => "The server is busy; nothing was done, try again after Retry-After",
            Self::Unavailable => "The server cannot do this now; nothing was done, try again",
            Self::Unknown => "The server cannot tell whether this was done; it may have happened",
            Self::Internal => "Something went wrong on the server's side",
        }
    }
}
