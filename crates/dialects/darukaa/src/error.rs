//! How Darukaa says no (`contracts/darukaa.md`, "Errors").

use std::borrow::Cow;
use vestibule_model::Refusal;
use vestibule_model::refusal::{
    Account, ApiKey, Conflict, Credentials, Failed, FieldError, Input, NotFound, Permission, Refresh, Secret,
    Throttled, Token,
};
use vestibule_web::Endpoint;

/// Status, code and texts of a refusal.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    pub(crate) details: Cow<'static, str>,
}

const fn said(status: u16, code: &'static str, message: &'static str, details: &'static str) -> Said {
    Said {
        status,
        code,
        message,
        details: Cow::Borrowed(details),
    }
}

/// The vendor's words for every refusal.
pub(crate) fn say(at: Endpoint, refusal: &Refusal) -> Said {
    match refusal {
        Refusal::ApiKey(refusal) => api_key(*refusal),
        Refusal::Credentials(refusal) => credentials(*refusal),
        Refusal::Token(refusal) => token(*refusal),
        Refusal::Refresh(refusal) => refresh(at, *refusal),
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

/// The documents have one text for whatever is wrong with a request's authority.
const fn unauthorized() -> Said {
    said(
        401,
        "UNAUTHORIZED",
        "Invalid or missing access token",
        "Please provide a valid Bearer token in the Authorization header",
    )
}

const fn api_key(refusal: ApiKey) -> Said {
    match refusal {
        ApiKey::Missing | ApiKey::Invalid => unauthorized(),
    }
}

const fn token(refusal: Token) -> Said {
    match refusal {
        Token::Missing
        | Token::NotAuthentic
        | Token::Expired
        | Token::Revoked
        | Token::OtherEnvironment { .. } => unauthorized(),
    }
}

const fn credentials(refusal: Credentials) -> Said {
    match refusal {
        Credentials::Wrong => said(
            401,
            "INVALID_CREDENTIALS",
            "Invalid email or password",
            "The provided credentials do not match any account",
        ),
        Credentials::CurrentPasswordWrong => said(
            400,
            "CURRENT_PASSWORD_INCORRECT",
            "The current password is incorrect",
            "Please enter the password that you log in with now",
        ),
    }
}

const fn refresh(at: Endpoint, refusal: Refresh) -> Said {
    let details = match at {
        Endpoint::Logout => "The refresh token provided is not valid",
        _ => "Please login again to obtain a new refresh token",
    };
    match refusal {
        Refresh::Unknown | Refresh::Expired | Refresh::Revoked | Refresh::Reused => said(
            401,
            "INVALID_REFRESH_TOKEN",
            "Invalid or expired refresh token",
            details,
        ),
    }
}

const fn secret(refusal: Secret) -> Said {
    match refusal {
        Secret::Invalid => said(
            400,
            "INVALID_TOKEN",
            "The token or code is not valid",
            "It is unknown or was used before; please ask for a new mail",
        ),
        Secret::Expired => said(
            400,
            "TOKEN_EXPIRED",
            "The token or code has expired",
            "Please ask for a new mail",
        ),
    }
}

const fn account(refusal: Account) -> Said {
    match refusal {
        Account::Disabled => said(
            403,
            "ACCOUNT_DISABLED",
            "This account has been disabled",
            "Please contact those who run this service",
        ),
        Account::Unverified => said(
            403,
            "EMAIL_NOT_VERIFIED",
            "The email address has not been verified",
            "Please follow the link in the verification mail, or ask for a new one",
        ),
    }
}

fn input(refusal: &Input) -> Said {
    let invalid = |message, details| Said {
        details,
        ..said(400, "VALIDATION_ERROR", message, "")
    };
    match refusal {
        Input::Malformed(why) => invalid("The request cannot be read", why.clone().into()),
        Input::Fields(fields) => invalid("Some fields are missing or not valid", told(fields).into()),
        Input::IdentifierNotAllowed => invalid(
            "This field does not identify users",
            "Please log in with the email address".into(),
        ),
        Input::WeakPassword(why) => Said {
            details: why.to_string().into(),
            ..said(400, "WEAK_PASSWORD", "The password is too weak", "")
        },
        Input::TooLarge => said(
            413,
            "PAYLOAD_TOO_LARGE",
            "The request body is too large",
            "Please send at most 64 KiB",
        ),
        Input::UnsupportedMediaType => said(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "The request body must be uncompressed JSON",
            "Please send it with Content-Type: application/json",
        ),
    }
}

/// Every wrong field with what is wrong with it.
fn told(fields: &[FieldError]) -> String {
    let each = fields
        .iter()
        .map(|wrong| format!("{} {}", crate::names::spelled(&wrong.field), wrong.message));
    each.collect::<Vec<_>>().join("; ")
}

fn conflict(refusal: &Conflict) -> Said {
    match refusal {
        Conflict::LastSuperuser => forbidden("The last administrator cannot be removed"),
        Conflict::EmailTaken => said(
            400,
            "EMAIL_ALREADY_EXISTS",
            "An account with this email already exists",
            "Please use a different email address or try logging in",
        ),
        Conflict::ValueTaken(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| crate::names::spelled(field)).collect();
            Said {
                details: format!("Please choose another value for {}", fields.join(", ")).into(),
                ..said(
                    400,
                    "VALIDATION_ERROR",
                    "A value that must be unique is already taken",
                    "",
                )
            }
        }
    }
}

/// What nobody who asks in this way may do.
const fn forbidden(message: &'static str) -> Said {
    said(
        403,
        "FORBIDDEN",
        message,
        "Please contact those who run this service",
    )
}

const fn permission(refusal: Permission) -> Said {
    match refusal {
        Permission::Insufficient
        | Permission::RegistrationClosed
        | Permission::CrossSite
        | Permission::ReadOnly => forbidden(refusal.words()),
    }
}

const fn not_found(refusal: &NotFound) -> Said {
    match refusal {
        NotFound::Session => said(
            404,
            "NOT_FOUND",
            "There is no such session",
            "It may have ended before",
        ),
        NotFound::Record { .. } => said(404, "NOT_FOUND", "There is no such record", "Please check the id"),
        NotFound::Route => said(
            404,
            "NOT_FOUND",
            "There is no such route",
            "Please check the path of the request",
        ),
        NotFound::Method { .. } => said(
            405,
            "METHOD_NOT_ALLOWED",
            "This route does not take that method",
            "Please use one of the methods in the Allow header",
        ),
    }
}

const fn throttled(refusal: Throttled) -> Said {
    match refusal {
        Throttled::Client { .. } => said(
            429,
            "RATE_LIMIT_EXCEEDED",
            "Too many requests",
            "Please wait for the seconds in the Retry-After header",
        ),
        Throttled::Account { .. } => said(
            429,
            "ACCOUNT_LOCKED",
            "The account is locked after too many failed attempts",
            "Please wait for the seconds in the Retry-After header, or reset the password",
        ),
    }
}

const fn failed(refusal: Failed) -> Said {
    match refusal {
        Failed::Overloaded { .. } => said(
            503,
            "SERVICE_UNAVAILABLE",
            "The server is busy",
            "Nothing was done; please try again after the seconds in the Retry-After header",
        ),
        Failed::Unavailable => said(
            503,
            "SERVICE_UNAVAILABLE",
            "The server cannot do this now",
            "Nothing was done; please try again",
        ),
        Failed::Unknown => said(
            503,
            "SERVICE_UNAVAILABLE",
            "The server cannot tell whether this was done",
            "It may have happened; please look before trying again",
        ),
        Failed::Internal => said(
            500,
            "INTERNAL_ERROR",
            "Something went wrong on the server's side",
            "Please tell those who run this service the request_id",
        ),
    }
}

#[cfg(test)]
mod tests;
