use super::*;
use std::time::Duration;
use vestibule_model::Environment;
use vestibule_model::refusal::WeakPassword;

fn spoken(at: Endpoint, refusal: impl Into<Refusal>) -> (u16, &'static str, String, String) {
    let Said {
        status,
        code,
        message,
        details,
    } = say(at, &refusal.into());
    (status, code, message.to_owned(), details.into_owned())
}

fn documented(
    (status, code, message, details): (u16, &'static str, &str, &str),
) -> (u16, &'static str, String, String) {
    (status, code, message.to_owned(), details.to_owned())
}

#[test]
fn the_documented_refusals_have_the_documents_texts_to_the_letter() {
    assert_eq!(
        spoken(Endpoint::Login, Credentials::Wrong),
        documented((
            401,
            "INVALID_CREDENTIALS",
            "Invalid email or password",
            "The provided credentials do not match any account"
        ))
    );
    assert_eq!(
        spoken(Endpoint::Register, Conflict::EmailTaken),
        documented((
            400,
            "EMAIL_ALREADY_EXISTS",
            "An account with this email already exists",
            "Please use a different email address or try logging in"
        ))
    );
    for refusal in [
        Refresh::Unknown,
        Refresh::Expired,
        Refresh::Revoked,
        Refresh::Reused,
    ] {
        let (code, message) = ("INVALID_REFRESH_TOKEN", "Invalid or expired refresh token");
        let at_refresh = "Please login again to obtain a new refresh token";
        let at_logout = "The refresh token provided is not valid";
        assert_eq!(
            spoken(Endpoint::Refresh, refusal),
            documented((401, code, message, at_refresh))
        );
        assert_eq!(
            spoken(Endpoint::Logout, refusal),
            documented((401, code, message, at_logout))
        );
    }
}

#[test]
fn whatever_is_wrong_with_a_requests_authority_is_said_in_the_one_documented_text() {
    let other = Token::OtherEnvironment {
        key: Environment::Test,
    };
    let refusals: Vec<Refusal> = vec![
        ApiKey::Missing.into(),
        ApiKey::Invalid.into(),
        Token::Missing.into(),
        Token::NotAuthentic.into(),
        Token::Expired.into(),
        Token::Revoked.into(),
        other.into(),
    ];
    for refusal in refusals {
        for at in [
            Endpoint::Me,
            Endpoint::UpdateMe,
            Endpoint::Logout,
            Endpoint::Login,
        ] {
            assert_eq!(
                spoken(at, refusal.clone()),
                documented((
                    401,
                    "UNAUTHORIZED",
                    "Invalid or missing access token",
                    "Please provide a valid Bearer token in the Authorization header"
                ))
            );
        }
    }
}

#[test]
fn the_other_refusals_have_the_statuses_and_codes_of_the_contract() {
    let wait = Duration::from_secs(1);
    let rows: [(Refusal, u16, &str); 18] = [
        (
            Credentials::CurrentPasswordWrong.into(),
            400,
            "CURRENT_PASSWORD_INCORRECT",
        ),
        (Secret::Invalid.into(), 400, "INVALID_TOKEN"),
        (Secret::Expired.into(), 400, "TOKEN_EXPIRED"),
        (Account::Disabled.into(), 403, "ACCOUNT_DISABLED"),
        (Account::Unverified.into(), 403, "EMAIL_NOT_VERIFIED"),
        (
            Input::Malformed("the body is not JSON".to_owned()).into(),
            400,
            "VALIDATION_ERROR",
        ),
        (Refusal::field("email", "is required"), 400, "VALIDATION_ERROR"),
        (
            Input::WeakPassword(WeakPassword::Common).into(),
            400,
            "WEAK_PASSWORD",
        ),
        (Input::TooLarge.into(), 413, "PAYLOAD_TOO_LARGE"),
        (Input::UnsupportedMediaType.into(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            Conflict::ValueTaken(vec!["username".to_owned()]).into(),
            400,
            "VALIDATION_ERROR",
        ),
        (Permission::RegistrationClosed.into(), 403, "FORBIDDEN"),
        (NotFound::Route.into(), 404, "NOT_FOUND"),
        (
            NotFound::Method { allow: String::new() }.into(),
            405,
            "METHOD_NOT_ALLOWED",
        ),
        (
            Throttled::Client { retry_after: wait }.into(),
            429,
            "RATE_LIMIT_EXCEEDED",
        ),
        (
            Throttled::Account { retry_after: wait }.into(),
            429,
            "ACCOUNT_LOCKED",
        ),
        (
            Failed::Overloaded { retry_after: wait }.into(),
            503,
            "SERVICE_UNAVAILABLE",
        ),
        (Failed::Unknown.into(), 503, "SERVICE_UNAVAILABLE"),
    ];
    for (refusal, status, code) in rows {
        let (got_status, got_code, message, details) = spoken(Endpoint::Login, refusal.clone());
        assert_eq!((got_status, got_code), (status, code), "{refusal:?}");
        assert!(!message.is_empty() && !details.is_empty(), "{refusal:?}");
    }
}

#[test]
fn every_wrong_field_is_told_by_the_name_that_the_client_knows() {
    let wrong = |field: &str, message: &str| FieldError::new(field, "type", message);
    let fields = vec![
        wrong("email", "is required"),
        wrong("given_name", "must be a string"),
        wrong("family_name", "must be a string"),
    ];
    let (_, _, _, details) = spoken(Endpoint::Register, Input::Fields(fields));
    assert_eq!(
        details,
        "email is required; first_name must be a string; last_name must be a string"
    );
}
