//! How Rakomi says no (`contracts/rakomi.md`, "Errors").

use vestibule_model::Refusal;
use vestibule_model::refusal::{
    Account, ApiKey, Conflict, Credentials, Failed, Input, NotFound, Permission, Refresh, Secret, Throttled,
    Token,
};

/// Status, code and text of a refusal.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) detail: &'static str,
}

const fn said(status: u16, code: &'static str, detail: &'static str) -> Said {
    Said { status, code, detail }
}

/// The vendor's status and code for every refusal.
pub(crate) fn say(refusal: &Refusal) -> Said {
    match refusal {
        Refusal::ApiKey(refusal) => api_key(*refusal),
        Refusal::Credentials(refusal) => credentials(*refusal),
        Refusal::Token(refusal) => token(*refusal),
        Refusal::Refresh(refusal) => refresh(*refusal),
        Refusal::Secret(refusal) => secret(*refusal),
        Refusal::Account(refusal) => account(*refusal),
        Refusal::Input(refusal) => input(refusal),
        Refusal::Conflict(refusal) => conflict(refusal),
        Refusal::Permission(refusal) => permission(*refusal),
        Refusal::NotFound(refusal) => not_found(refusal),
        Refusal::Throttled(refusal) => throttled(*refusal),
        Refusal::Failed(refusal) => failed(*refusal),
    }
}

const fn api_key(refusal: ApiKey) -> Said {
    match refusal {
        ApiKey::Missing => said(
            401,
            "api_key/missing",
            "An API key is required: send it in the X-API-Key header",
        ),
        ApiKey::Invalid => said(401, "api_key/invalid", "The API key is not valid"),
    }
}

const fn credentials(refusal: Credentials) -> Said {
    match refusal {
        Credentials::Wrong => said(401, "auth/invalid_credentials", "Invalid email or password"),
        Credentials::CurrentPasswordWrong => said(
            400,
            "auth/current_password_incorrect",
            "The current password is incorrect",
        ),
    }
}

const fn token(refusal: Token) -> Said {
    match refusal {
        Token::Missing | Token::NotAuthentic => {
            said(401, "auth/not_authenticated", "A valid access token is required")
        }
        Token::Expired => said(401, "token/expired", "The access token has expired"),
        Token::Revoked => said(401, "token/revoked", "The session of this access token has ended"),
        Token::OtherEnvironment { .. } => said(
            403,
            "auth/environment_mismatch",
            "The API key and the access token belong to different environments",
        ),
    }
}

const fn refresh(refusal: Refresh) -> Said {
    match refusal {
        Refresh::Unknown | Refresh::Expired => said(
            401,
            "auth/invalid_refresh_token",
            "The refresh token is unknown or has expired",
        ),
        Refresh::Revoked => said(
            401,
            "auth/session_revoked",
            "The session of this refresh token has ended",
        ),
        Refresh::Reused => said(
            401,
            "auth/refresh_token_reused",
            "The refresh token had been used before; the session has been ended",
        ),
    }
}

const fn secret(refusal: Secret) -> Said {
    match refusal {
        Secret::Invalid => said(
            400,
            "auth/token_invalid",
            "The token or code is unknown or already used",
        ),
        Secret::Expired => said(400, "auth/token_expired", "The token or code has expired"),
    }
}

const fn account(refusal: Account) -> Said {
    match refusal {
        Account::Disabled => said(403, "auth/user_disabled", "This account has been disabled"),
        Account::Unverified => said(
            403,
            "auth/email_not_verified",
            "The email address must be verified before logging in",
        ),
    }
}

const fn input(refusal: &Input) -> Said {
    match refusal {
        Input::Malformed(_) => said(400, "request/invalid_body", "The request cannot be read"),
        Input::Fields(_) => said(
            400,
            "request/invalid_body",
            "Some fields are missing or not valid",
        ),
        Input::IdentifierNotAllowed => said(
            400,
            "request/invalid_body",
            "This field does not identify users here",
        ),
        Input::WeakPassword(_) => said(400, "auth/weak_password", "The password is too weak"),
        Input::TooLarge => said(413, "request/too_large", "The request body is too large"),
        Input::UnsupportedMediaType => said(
            415,
            "request/unsupported_media_type",
            "The request body must be uncompressed application/json",
        ),
    }
}

const fn conflict(refusal: &Conflict) -> Said {
    match refusal {
        Conflict::EmailTaken => said(
            409,
            "auth/email_taken",
            "This email address is already registered",
        ),
        Conflict::ValueTaken(_) => said(
            409,
            "auth/value_taken",
            "A value that must be unique is already taken",
        ),
        Conflict::LastSuperuser => said(
            403,
            "auth/insufficient_permissions",
            "The last administrator of this project cannot be removed",
        ),
    }
}

const fn permission(refusal: Permission) -> Said {
    match refusal {
        Permission::Insufficient => said(
            403,
            "auth/insufficient_permissions",
            "You do not have permission to do this",
        ),
        Permission::RegistrationClosed => said(
            403,
            "auth/insufficient_permissions",
            "Registration is closed for this project",
        ),
        Permission::CrossSite => said(
            403,
            "auth/insufficient_permissions",
            "A page of another site may not do this",
        ),
        Permission::ReadOnly => said(
            403,
            "auth/insufficient_permissions",
            "The roles of this project stand in its configuration",
        ),
    }
}

const fn not_found(refusal: &NotFound) -> Said {
    match refusal {
        NotFound::Session => said(404, "session/not_found", "There is no such session"),
        NotFound::Record { .. } => said(404, "route/not_found", "There is no such record"),
        NotFound::Route => said(404, "route/not_found", "There is no such route"),
        NotFound::Method { .. } => said(
            405,
            "route/method_not_allowed",
            "This route does not take that method; see the Allow header",
        ),
    }
}

const fn throttled(refusal: Throttled) -> Said {
    match refusal {
        Throttled::Client { .. } => said(
            429,
            "rate_limit/exceeded",
            "Too many requests; see the Retry-After header",
        ),
        Throttled::Account { .. } => said(
            429,
            "auth/account_locked",
            "The account is locked for a while after too many failed attempts; see the Retry-After header",
        ),
    }
}

const fn failed(refusal: Failed) -> Said {
    match refusal {
        Failed::Overloaded { .. } => said(
            503,
            "server/overloaded",
            "The server is busy; nothing was done, try again after Retry-After",
        ),
        Failed::Unavailable => said(
            503,
            "server/unavailable",
            "The server cannot do this now; nothing was done, try again",
        ),
        Failed::Unknown => said(
            503,
            "server/unavailable",
            "The server cannot tell whether this was done; it may have happened",
        ),
        Failed::Internal => said(
            500,
            "server/internal",
            "Something went wrong on the server's side",
        ),
    }
}
