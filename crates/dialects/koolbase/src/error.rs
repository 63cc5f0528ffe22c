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
    let code = match refusal {
        Refresh::Unknown | Refresh::Expired => "invalid_refresh_token",
        Refresh::Revoked | Refresh::Reused => "token_revoked",
    };
    said(401, code, refusal.words())
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
    let (status, code) = match refusal {
        Input::Malformed(_) | Input::Fields(_) | Input::IdentifierNotAllowed => (400, "invalid_request"),
        Input::WeakPassword(_) => (400, "weak_password"),
        Input::TooLarge => (413, "request_too_large"),
        Input::UnsupportedMediaType => (415, "unsupported_media_type"),
    };
    said(status, code, refusal.words())
}

const fn conflict(refusal: &Conflict) -> Said {
    match refusal {
        Conflict::EmailTaken => said(409, "email_taken", "Email already registered"),
        Conflict::ValueTaken(_) => said(409, "value_taken", "A value that must be unique is already taken"),
        Conflict::LastSuperuser => said(409, "last_admin", "The last administrator cannot be removed"),
    }
}

const fn permission(refusal: Permission) -> Said {
    let code = match refusal {
        Permission::Insufficient | Permission::CrossSite | Permission::ReadOnly => "forbidden",
        Permission::RegistrationClosed => "registration_closed",
    };
    said(403, code, refusal.words())
}

const fn not_found(refusal: &NotFound) -> Said {
    let (status, code) = match refusal {
        NotFound::Session | NotFound::Record { .. } | NotFound::Route => (404, "not_found"),
        NotFound::Method { .. } => (405, "method_not_allowed"),
    };
    said(status, code, refusal.words())
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
    let (status, code) = match refusal {
        Failed::Overloaded { .. } | Failed::Unavailable | Failed::Unknown => (503, "unavailable"),
        Failed::Internal => (500, "internal"),
    };
    said(status, code, refusal.words())
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
