//! A mail to set a new password.

use crate::cx::Cx;
use crate::error::Error;
use crate::secret_request::request;
use vestibule_model::mail::Purpose;

/// Mails a link and code to set a new password, at most three times an hour, and voids the older ones. It goes to the
/// stored address. Known and unknown addresses are answered alike, after equal work.
pub async fn forgot_password(cx: &Cx, email: &str) -> Result<(), Error> {
    request(cx, email, Purpose::ResetPassword, |_| true).await
}
