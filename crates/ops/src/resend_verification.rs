//! Another verification mail.

use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::Error;
use crate::secret_request::request;
use vestibule_model::mail::Purpose;

/// Mails a new link and code to an unverified user, at most three times an hour, and voids the older ones. Unknown,
/// verified and unverified addresses are answered alike, after equal work.
pub async fn resend_verification(cx: &Cx, email: &str) -> Result<(), Error> {
    request(cx, email, Purpose::VerifyEmail, |user| {
        user.email_verified_at.is_none()
    })
    .await
}

/// The same for a signed-in user, who need not say the address.
pub async fn resend_verification_to(cx: &Cx, caller: &Caller) -> Result<(), Error> {
    resend_verification(cx, caller.user.email.as_str()).await
}
