//! Verification of an address by what was mailed to it.

use crate::audit;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::proof::{self, Proof};
use vestibule_model::Timestamp;
use vestibule_model::mail::Purpose;
use vestibule_model::user::User;
use vestibule_store::audit::{Act, Entry};
use vestibule_store::mailed_secrets::MailedSecret;
use vestibule_store::{Tx, users};

/// Marks the address verified that the proof was mailed to. A proof works once, within a day, and only while the
/// user still has that address.
pub async fn verify_email(cx: &Cx, proof: Proof) -> Result<User, Error> {
    let secret = proof::examine(cx, &proof, Purpose::VerifyEmail).await?;
    let input = Verification {
        secret,
        entry: audit::done(cx, Act::EmailVerified),
        now: cx.now(),
    };
    cx.write(verify, input).await
}

struct Verification {
    secret: MailedSecret,
    entry: Entry,
    now: Timestamp,
}

async fn verify(tx: &mut Tx, input: &Verification) -> Result<User, Stop> {
    let mut user = proof::consume(tx, &input.secret, input.now).await?;
    if users::verify_email(tx, user.id, &user.email, input.now).await? {
        user.email_verified_at = Some(input.now);
        user.updated_at = input.now;
    }
    vestibule_store::audit::write(tx, &input.entry.clone().about(user.id)).await?;
    Ok(user)
}
