//! A new password by what was mailed.

use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::post::{self, Sender};
use crate::proof::{self, Proof};
use crate::{audit, passwords};
use vestibule_model::Timestamp;
use vestibule_model::mail::{MailKind, Purpose};
use vestibule_model::refusal::Secret;
use vestibule_model::session::EndReason;
use vestibule_store::attempts::{self, Account};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::mailed_secrets::{self, MailedSecret};
use vestibule_store::outbox::{self, OutboxRow};
use vestibule_store::{Tx, credentials, sessions, users};

/// Sets a new password. Whoever held a session loses it (R18), every other mailed secret dies, a lock ends, and the
/// address counts as verified, because its mailbox was just read. Nobody is signed in by this (F08).
pub async fn reset_password(cx: &Cx, proof: Proof, new_password: String) -> Result<(), Error> {
    let secret = proof::examine(cx, &proof, Purpose::ResetPassword).await?;
    let id = secret.user.ok_or(Secret::Invalid)?;
    let user = users::find(&cx.core.store.db, id).await?.ok_or(Secret::Invalid)?;
    let password = passwords::admit(cx, &user, &new_password)?;
    let input = Reset {
        hash: passwords::hash(cx, &password).await?,
        notice: post::notice(
            Sender::of(cx),
            MailKind::PasswordChanged,
            &user.email,
            user.display_name(),
        )?,
        entry: audit::done(cx, Act::PasswordReset).about(id),
        now: cx.now(),
        secret,
    };
    cx.write(reset, input).await?;
    cx.core.mail_queued.notify_one();
    Ok(())
}

struct Reset {
    secret: MailedSecret,
    hash: String,
    notice: OutboxRow,
    entry: Entry,
    now: Timestamp,
}

async fn reset(tx: &mut Tx, input: &Reset) -> Result<(), Stop> {
    let now = input.now;
    let user = proof::consume(tx, &input.secret, now).await?;
    credentials::set(tx, user.id, &input.hash, now).await?;
    users::verify_email(tx, user.id, &user.email, now).await?;
    sessions::end_all(tx, user.id, EndReason::PasswordReset, None, now).await?;
    for purpose in [Purpose::VerifyEmail, Purpose::ResetPassword] {
        mailed_secrets::void(tx, user.id, purpose, now).await?;
    }
    attempts::clear(tx, user.realm, &Account::User(user.id)).await?;
    outbox::insert(tx, &input.notice).await?;
    Ok(vestibule_store::audit::write(tx, &input.entry).await?)
}
