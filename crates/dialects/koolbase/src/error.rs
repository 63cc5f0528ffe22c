//! How Koolbase says no (`contracts/koolbase.md`, "Errors").

use vestibule_model::Refusal;
use vestibule_model::refusal::{
    Account, ApiKey, Conflict, Credentials, Failed, Input, NotFound, Permission, Refresh, Secret, Throttled,
    Token,
};
use vestibule_web::Endpoint;

/// Status, code and text of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) text: &'static str,
}

const fn said(status: u16, code: &'static str, text: &'static str) -> Said {
    Said { status, code, text }
}

/// The vendor's status, code and text for every refusal. A secret that is too old is named by what it was for.
pub(crate) const fn say(at: Endpoint, refusal: &Refusal) -> Said {
    match refusal {
        Refusal::ApiKey(ApiKey::Missing | ApiKey::Invalid) => {
            said(401, "unauthorized", "Missing or invalid API key")
        }
        Refusal::Credentials(Credentials::Wrong | Credentials::CurrentPasswordWrong) => {
            said(400, "invalid_credentials", "Wrong email or password")
        }
        Refusal::Token(refusal) => token(*refusal),
        Refusal::Refresh(refusal) => refresh(*refusal),
        Refusal::Secret(refusal) => secret(at, *refusal),
        Refusal::Account(refusal) => account(*refusal),
        Refusal::Input(refusal) => input(refusal),
        Refusal::Conflict(refusal) => conflict(refusal),
        Refusal::Permission(refusal) => permission(*refusal),
        Refusal::NotFound(refusal) => not_found(refusal),
        Refusal::Throttled(refusal) => throttled(*refusal),
        Refusal::Failed(refusal) => failed(*refusal),
    }
}

const fn token(refusal: Token) -> Said {
    match refusal {
        Token::Missing
        | Token::NotAuthentic
        | Token::Expired
        | Token::Revoked
        | Token::OtherEnvironment { .. } => said(401, "unauthorized", "Missing or invalid session token"),
    }
}

const fn refresh(refusal: Refresh) -> Said {
    match refusal {
        Refresh::Unknown | Refresh::Expired => said(
            401,
            "invalid_refresh_token",
            "The refresh token is unknown or has expired",
        ),
        Refresh::Revoked => said(
            401,
            "token_revoked",
            "The session of this refresh token has ended",
        ),
        Refresh::Reused => said(
            401,
            "token_revoked",
            "The refresh token had been used before; the session has been ended",
        ),
    }
}

const fn secret(at: Endpoint, refusal: Secret) -> Said {
    match (refusal, at) {
        (Secret::Invalid, _) => said(400, "token_invalid", "Token not found or already used"),
        (Secret::Expired, Endpoint::VerifyEmail) => said(
            400,
            "token_expired",
            "Verification token has expired (24 hour TTL)",
        ),
        (Secret::Expired, _) => said(
            400,
            "token_expired",
            "Password reset token has expired (1 hour TTL)",
        ),
    }
}

const fn account(refusal: Account) -> Said {
    match refusal {
        Account::Disabled => said(403, "user_disabled", "Account has been disabled by project admin"),
        Account::Unverified => said(
            400,
            "email_not_verified",
            "User must verify email before logging in",
        ),
    }
}

const fn input(refusal: &Input) -> Said {
    match refusal {
        Input::Malformed(_) => said(400, "invalid_request", "The request cannot be read"),
        Input::Fields(_) => said(400, "invalid_request", "Some fields are missing or not valid"),
        Input::WeakPassword(_) => said(400, "weak_password", "The password is too weak"),
        Input::IdentifierNotAllowed => {
            said(400, "invalid_request", "This field does not identify users here")
        }
        Input::TooLarge => said(413, "request_too_large", "The request body is too large"),
        Input::UnsupportedMediaType => said(
            415,
            "unsupported_media_type",
            "The request body must be uncompressed application/json",
        ),
    }
}

const fn conflict(refusal: &Conflict) -> Said {
    match refusal {
        Conflict::EmailTaken => said(409, "email_taken", "Email already registered"),
        Conflict::ValueTaken(_) => said(409, "value_taken", "A value that must be unique is already taken"),
        Conflict::LastSuperuser => said(409, "last_admin", "The last administrator cannot be removed"),
    }
}

const fn permission(refusal: Permission) -> Said {
    match refusal {
        Permission::Insufficient => said(403, "forbidden", "You do not have permission to do this"),
        Permission::RegistrationClosed => said(
            403,
            "registration_closed",
            "Registration is closed for this project",
        ),
        Permission::CrossSite => said(403, "forbidden", "A page of another site may not do this"),
        Permission::ReadOnly => said(
            403,
            "forbidden",
            "The roles of this project stand in its configuration",
        ),
    }
}

const fn not_found(refusal: &NotFound) -> Said {
    match refusal {
        NotFound::Session => said(404, "not_found", "There is no such session"),
        NotFound::Record { .. } => said(404, "not_found", "There is no such record"),
        NotFound::Route => said(404, "not_found", "There is no such route"),
        NotFound::Method { .. } => said(
            405,
            "method_not_allowed",
            "This route does not take that method; see the Allow header",
        ),
    }
}

const fn throttled(refusal: Throttled) -> Said {
    match refusal {
        Throttled::Client { .. } => said(429, "rate_limit", "Too many requests; see the Retry-After header"),
        Throttled::Account { .. } => said(
            429,
            "account_locked",
            "Too many failed attempts: account temporarily locked; see the Retry-After header",
        ),
    }
}

const fn failed(refusal: Failed) -> Said {
    match refusal {
        Failed::Overloaded { .. } => said(
            503,
            "unavailable",
            "The server is busy; nothing was done, try again after Retry-After",
        ),
        Failed::Unavailable => said(
            503,
            "unavailable",
            "The server cannot do this now; nothing was done, try again",
        ),
        Failed::Unknown => said(
            503,
            "unavailable",
            "The server cannot tell whether this was done; it may have happened",
        ),
        Failed::Internal => said(500, "internal", "Something went wrong on the server's side"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_table_of_errors_is_said_to_the_letter() {
        for (at, refusal, status, code, text) in [
            (
                Endpoint::Login,
                Credentials::Wrong.into(),
                400,
                "invalid_credentials",
                "Wrong email or password",
            ),
            (
                Endpoint::Login,
                Account::Unverified.into(),
                400,
                "email_not_verified",
                "User must verify email before logging in",
            ),
            (
                Endpoint::ResetPassword,
                Secret::Expired.into(),
                400,
                "token_expired",
                "Password reset token has expired (1 hour TTL)",
            ),
            (
                Endpoint::VerifyEmail,
                Secret::Invalid.into(),
                400,
                "token_invalid",
                "Token not found or already used",
            ),
            (
                Endpoint::Me,
                Token::Missing.into(),
                401,
                "unauthorized",
                "Missing or invalid session token",
            ),
            (
                Endpoint::Login,
                Account::Disabled.into(),
                403,
                "user_disabled",
                "Account has been disabled by project admin",
            ),
            (
                Endpoint::Register,
                Conflict::EmailTaken.into(),
                409,
                "email_taken",
                "Email already registered",
            ),
        ] {
            let refusal: Refusal = refusal;
            assert_eq!(say(at, &refusal), said(status, code, text));
        }
    }

    #[test]
    fn a_verification_token_that_is_too_old_is_named_as_one() {
        let said = say(Endpoint::VerifyEmail, &Secret::Expired.into());
        assert_eq!(
            (said.code, said.text),
            ("token_expired", "Verification token has expired (24 hour TTL)")
        );
    }
}
