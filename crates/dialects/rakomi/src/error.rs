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
    let code = match refusal {
        Refresh::Unknown | Refresh::Expired => "auth/invalid_refresh_token",
        Refresh::Revoked => "auth/session_revoked",
        Refresh::Reused => "auth/refresh_token_reused",
    };
    said(401, code, refusal.words())
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
    let (status, code) = match refusal {
        Input::Malformed(_) | Input::Fields(_) | Input::IdentifierNotAllowed => (400, "request/invalid_body"),
        Input::WeakPassword(_) => (400, "auth/weak_password"),
        Input::TooLarge => (413, "request/too_large"),
        Input::UnsupportedMediaType => (415, "request/unsupported_media_type"),
    };
    said(status, code, refusal.words())
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
    let code = match refusal {
        Permission::Insufficient
        | Permission::RegistrationClosed
        | Permission::CrossSite
        | Permission::ReadOnly => "auth/insufficient_permissions",
    };
    said(403, code, refusal.words())
}

const fn not_found(refusal: &NotFound) -> Said {
    let (status, code) = match refusal {
        NotFound::Session => (404, "session/not_found"),
        NotFound::Record { .. } | NotFound::Route => (404, "route/not_found"),
        NotFound::Method { .. } => (405, "route/method_not_allowed"),
    };
    said(status, code, refusal.words())
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
    let (status, code) = match refusal {
        Failed::Overloaded { .. } => (503, "server/overloaded"),
        Failed::Unavailable | Failed::Unknown => (503, "server/unavailable"),
        Failed::Internal => (500, "server/internal"),
    };
    said(status, code, refusal.words())
}
