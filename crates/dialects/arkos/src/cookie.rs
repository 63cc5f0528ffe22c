//! The cookie that carries the access token for browsers.

use vestibule_model::Timestamp;
use vestibule_ops::SignedIn;
use vestibule_web::{Answer, Call, Cookie};

/// Its documented name.
pub(crate) const NAME: &str = "arkos_access_token";

/// Adds the token of a login, for as long as it lives.
pub(crate) fn set(answer: Answer, call: &Call, signed_in: &SignedIn) -> Answer {
    answer.cookie(&Cookie {
        name: NAME,
        value: &signed_in.access_token,
        expires: signed_in.expires_at,
        secure: call.is_secure(),
    })
}

/// Makes the browser forget it. Every attribute is that of the one that was set, or it would be another cookie.
pub(crate) fn clear(answer: Answer, call: &Call) -> Answer {
    answer.cookie(&Cookie {
        name: NAME,
        value: "",
        expires: Timestamp::from_seconds(0),
        secure: call.is_secure(),
    })
}
