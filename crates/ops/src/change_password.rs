//! A new password by who knows the current one.

use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::post::{self, Sender};
use crate::{audit, passwords};
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::mail::{MailKind, Purpose};
use vestibule_model::refusal::{Account as AccountRefusal, Credentials};
use vestibule_model::session::EndReason;
use vestibule_model::{Realm, Timestamp};
use vestibule_store::attempts::{self, Account};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::outbox::{self, OutboxRow};
use vestibule_store::{Tx, credentials, mailed_secrets, sessions, users};

/// Changes the caller's password. The current one is needed, and a wrong one counts like a failed login (P15, L11);
/// the new one is judged first, so that a weak one costs no attempt. Every other session ends, and mailed reset
/// links with them.
pub async fn change_password(cx: &Cx, caller: &Caller, current: String, new: String) -> Result<(), Error> {
    let user = &caller.user;
    let password = passwords::admit(cx, user, &new)?;
    let credential = credentials::find(&cx.core.store.db, user.id).await?;
    let account = Account::User(user.id);
    let evaluated = match passwords::evaluate(cx, account, credential.as_ref(), &current).await {
        Ok(evaluated) => evaluated,
        Err(error) => {
            if passwords::is_lock(&error) {
                refused(cx, caller, "locked").await?;
            }
            return Err(error);
        }
    };
    let (Some(credential), true) = (credential, evaluated.right) else {
        refused(cx, caller, "wrong password").await?;
        return Err(Credentials::CurrentPasswordWrong.into());
    };
    let input = Change {
        user: user.id,
        realm: user.realm,
        session: caller.session,
        version: credential.version,
        hash: passwords::hash(cx, &password).await?,
        notice: post::notice(
            Sender::of(cx),
            MailKind::PasswordChanged,
            &user.email,
            user.display_name(),
        )?,
        entry: audit::done(cx, Act::PasswordChanged)
            .about(user.id)
            .in_session(caller.session),
        now: cx.now(),
    };
    cx.write(change, input).await?;
    cx.core.mail_queued.notify_one();
    Ok(())
}

async fn refused(cx: &Cx, caller: &Caller, why: &str) -> Result<(), Error> {
    let entry = audit::refused(cx, Act::PasswordChangeRefused)
        .about(caller.user.id)
        .in_session(caller.session);
    audit::write_alone(cx, entry.saying(why)).await
}

struct Change {
    user: UserId,
    realm: Realm,
    session: SessionId,
    version: i64,
    hash: String,
    notice: OutboxRow,
    entry: Entry,
    now: Timestamp,
}

async fn change(tx: &mut Tx, input: &Change) -> Result<(), Stop> {
    let (user, now) = (input.user, input.now);
    let stored = users::lock(tx, user)
        .await?
        .ok_or(Credentials::CurrentPasswordWrong)?;
    if stored.disabled_at.is_some() {
        return Err(AccountRefusal::Disabled.into());
    }
    // Another change came first: what was typed is no longer the current password.
    credentials::change(tx, user, input.version, &input.hash, now)
        .await?
        .ok_or(Credentials::CurrentPasswordWrong)?;
    attempts::clear(tx, input.realm, &Account::User(user)).await?;
    sessions::end_all(tx, user, EndReason::PasswordChanged, Some(input.session), now).await?;
    mailed_secrets::void(tx, user, Purpose::ResetPassword, now).await?;
    outbox::insert(tx, &input.notice).await?;
    Ok(vestibule_store::audit::write(tx, &input.entry).await?)
}
