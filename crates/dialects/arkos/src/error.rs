//! How Arkos says no (`contracts/arkos.md`, "Messages").

use vestibule_model::Refusal;
use vestibule_model::refusal::{
    Account, ApiKey, Conflict, Credentials, Failed, Input, NotFound, Permission, Refresh, Secret, Throttled,
    Token,
};

/// Status and message of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) message: &'static str,
}

const fn said(status: u16, message: &'static str) -> Said {
    Said { status, message }
}

const NOT_LOGGED_IN: Said = said(401, "You are not logged in! Please log in to get access.");
const INCORRECT: Said = said(401, "Incorrect email or password");
const TOO_MANY: Said = said(429, "Too many requests, please try again later");
const NOT_FOUND: Said = said(404, "Route not found!");

/// The vendor's status and message for every refusal.
pub(crate) fn say(refusal: &Refusal) -> Said {
    match refusal {
        Refusal::ApiKey(ApiKey::Missing | ApiKey::Invalid) => NOT_LOGGED_IN,
        Refusal::Credentials(refusal) => credentials(*refusal),
        Refusal::Token(refusal) => token(*refusal),
        Refusal::Refresh(refusal) => refresh(*refusal),
        Refusal::Secret(refusal) => secret(*refusal),
        Refusal::Account(refusal) => account(*refusal),
        Refusal::Input(refusal) => input(refusal),
        Refusal::Conflict(refusal) => conflict(refusal),
        Refusal::Permission(refusal) => permission(*refusal),
        Refusal::NotFound(refusal) => not_found(refusal),
        Refusal::Throttled(Throttled::Client { .. } | Throttled::Account { .. }) => TOO_MANY,
        Refusal::Failed(refusal) => failed(*refusal),
    }
}

const fn credentials(refusal: Credentials) -> Said {
    match refusal {
        Credentials::Wrong => INCORRECT,
        Credentials::CurrentPasswordWrong => said(400, "Current password is incorrect."),
    }
}

const fn token(refusal: Token) -> Said {
    match refusal {
        Token::Missing
        | Token::NotAuthentic
        | Token::Expired
        | Token::Revoked
        | Token::OtherEnvironment { .. } => NOT_LOGGED_IN,
    }
}

/// This API has no refresh tokens.
const fn refresh(refusal: Refresh) -> Said {
    match refusal {
        Refresh::Unknown | Refresh::Expired | Refresh::Revoked | Refresh::Reused => NOT_LOGGED_IN,
    }
}

/// This API has no routes that take what was mailed.
const fn secret(refusal: Secret) -> Said {
    match refusal {
        Secret::Invalid | Secret::Expired => said(400, "The token or code is not valid or has expired"),
    }
}

const fn account(refusal: Account) -> Said {
    match refusal {
        Account::Disabled => INCORRECT,
        Account::Unverified => said(403, "Please verify your email to log in."),
    }
}

const fn input(refusal: &Input) -> Said {
    match refusal {
        Input::Fields(_) => said(400, "Invalid Data"),
        Input::IdentifierNotAllowed => said(400, "Invalid usernameField parameter, it is not allowed!"),
        Input::Malformed(_) | Input::WeakPassword(_) => said(400, refusal.words()),
        Input::TooLarge => said(413, refusal.words()),
        Input::UnsupportedMediaType => said(415, refusal.words()),
    }
}

const fn conflict(refusal: &Conflict) -> Said {
    match refusal {
        Conflict::EmailTaken | Conflict::ValueTaken(_) => said(409, "Duplicate value detected"),
        Conflict::LastSuperuser => said(409, "The last superuser cannot be removed"),
    }
}

const fn permission(refusal: Permission) -> Said {
    match refusal {
        Permission::Insufficient | Permission::CrossSite => {
            said(403, "You do not have permission to perform this action")
        }
        Permission::ReadOnly => said(
            403,
            "Roles and permissions are static: they stand in the configuration of this project",
        ),
        Permission::RegistrationClosed => said(403, "Registration is closed"),
    }
}

const fn not_found(refusal: &NotFound) -> Said {
    match refusal {
        NotFound::Session | NotFound::Record { .. } => said(404, refusal.words()),
        NotFound::Route | NotFound::Method { .. } => NOT_FOUND,
    }
}

const fn failed(refusal: Failed) -> Said {
    let status = match refusal {
        Failed::Overloaded { .. } | Failed::Unavailable | Failed::Unknown => 503,
        Failed::Internal => 500,
    };
    said(status, refusal.words())
}
