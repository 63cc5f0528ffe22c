//! How Rakcha says no (`contracts/rakcha.md`). The document has one sentence, for every 401; the others are ours.

use vestibule_model::Refusal;
use vestibule_model::refusal::{Account, ApiKey, Conflict, Failed, Input, NotFound, Permission, Throttled};

/// The document's one refusal.
const UNAUTHORIZED: (u16, &str) = (401, "Invalid credentials.");

/// Status and message of a refusal.
pub(crate) const fn say(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::ApiKey(ApiKey::Missing | ApiKey::Invalid)
        | Refusal::Credentials(_)
        | Refusal::Token(_)
        | Refusal::Refresh(_)
        | Refusal::Account(Account::Disabled | Account::Unverified) => UNAUTHORIZED,
        Refusal::Secret(_) => (400, "The token is unknown, used or too old."),
        Refusal::Input(refusal) => input(refusal),
        Refusal::Conflict(refusal) => conflict(refusal),
        Refusal::Permission(
            Permission::Insufficient
            | Permission::RegistrationClosed
            | Permission::CrossSite
            | Permission::ReadOnly,
        ) => (403, "Forbidden."),
        Refusal::NotFound(refusal) => not_found(refusal),
        Refusal::Throttled(Throttled::Client { .. } | Throttled::Account { .. }) => {
            (429, "Too many requests.")
        }
        Refusal::Failed(refusal) => failed(*refusal),
    }
}

const fn input(refusal: &Input) -> (u16, &'static str) {
    match refusal {
        Input::Malformed(_) => (400, "The request cannot be read."),
        Input::Fields(_) => (400, "Some fields are missing or not valid."),
        Input::WeakPassword(_) => (400, "The password is too weak."),
        Input::IdentifierNotAllowed => (400, "This field does not identify users here."),
        Input::TooLarge => (413, "The request body is too large."),
        Input::UnsupportedMediaType => (415, "The request body must be uncompressed application/json."),
    }
}

const fn conflict(refusal: &Conflict) -> (u16, &'static str) {
    match refusal {
        Conflict::EmailTaken => (409, "This email address is already registered."),
        Conflict::ValueTaken(_) => (409, "A value that must be unique is already taken."),
        Conflict::LastSuperuser => (409, "The last administrator cannot be removed."),
    }
}

const fn not_found(refusal: &NotFound) -> (u16, &'static str) {
    match refusal {
        NotFound::Session => (404, "There is no such session."),
        NotFound::Record { .. } => (404, "There is no such record."),
        NotFound::Route => (404, "There is no such route."),
        NotFound::Method { .. } => (405, "This route does not take that method."),
    }
}

const fn failed(refusal: Failed) -> (u16, &'static str) {
    match refusal {
        Failed::Overloaded { .. } => (503, "The server is busy. Nothing was done; try again."),
        Failed::Unavailable => (503, "The server cannot do this now. Nothing was done; try again."),
        Failed::Unknown => (
            503,
            "The server cannot tell whether this was done. It may have happened.",
        ),
        Failed::Internal => (500, "Something went wrong on the server's side."),
    }
}
