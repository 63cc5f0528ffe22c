//! Mail that operations send: composed and sealed before the transaction, written into the outbox within it.

use crate::core::Core;
use crate::cx::Cx;
use crate::error::Error;
use crate::keyring;
use std::time::Duration;
use vestibule_keys::digest::{self, Mac, MacKey};
use vestibule_keys::secret_text::{hash_of, mailed_code, mailed_token};
use vestibule_model::id::{MailId, SecretId, UserId};
use vestibule_model::mail::{Letter, MailKind, Purpose};
use vestibule_model::user::User;
use vestibule_model::{Email, Fault, Project, Realm, Timestamp};
use vestibule_store::mailed_secrets::{self, MailedSecret};
use vestibule_store::outbox::{self, OutboxRow, SEALED_FOR};
use vestibule_store::{Tx, audit, users};

/// Mails of one purpose to one user within [`QUOTA_WINDOW`]; more are not sent, and nobody is told (F12).
const QUOTA: i64 = 3;
const QUOTA_WINDOW: Duration = Duration::from_hours(1);
/// How long a mailed token or code works.
const VERIFY_LIFETIME: Duration = Duration::from_hours(24);
const RESET_LIFETIME: Duration = Duration::from_hours(1);
/// How long a notice is worth delivering.
const NOTICE_LIFETIME: Duration = Duration::from_hours(72);
/// Stands where a user's address would, in rows that keep the work for strangers equal.
const NOBODY: &str = "nobody@nowhere.invalid";

/// On whose behalf a mail is composed.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) core: &'a Core,
    pub(crate) project: &'a Project,
    pub(crate) realm: Realm,
}

impl<'a> Sender<'a> {
    /// The project that a request is about.
    pub(crate) fn of(cx: &'a Cx) -> Self {
        Self {
            core: &cx.core,
            project: &cx.project,
            realm: cx.realm(),
        }
    }
}

/// A mail with a one-time secret, ready to be written.
#[derive(Clone)]
pub(crate) struct SecretMail {
    secret: MailedSecret,
    mail: OutboxRow,
    /// An id that is nobody's, for the sentences that are run for strangers.
    nobody: UserId,
}

/// Composes a mail with a link and a code. `None` composes one that is never sent, at the same cost.
pub(crate) async fn secret_mail(
    sender: Sender<'_>,
    user: Option<&User>,
    purpose: Purpose,
) -> Result<SecretMail, Error> {
    let Sender { core, project, realm } = sender;
    let (entropy, now) = (core.entropy.as_ref(), core.clock.now());
    let (token, code) = (mailed_token(entropy), mailed_code(entropy));
    let (kind, lifetime) = match purpose {
        Purpose::VerifyEmail => (MailKind::VerifyEmail, VERIFY_LIFETIME),
        Purpose::ResetPassword => (MailKind::ResetPassword, RESET_LIFETIME),
    };
    let expires_at = now.plus(lifetime);
    let id = SecretId::new(entropy, now);
    let key = keyring::code_key(core, realm).await?;
    let letter = Letter {
        to: user.map_or(NOBODY, |user| user.email.as_str()).to_owned(),
        name: user.and_then(User::display_name),
        project: project.name.clone(),
        link: Some(link(core, project, purpose, &token)),
        code: Some(code.to_string()),
        expires_at: Some(expires_at.micros()),
    };
    let kind = if user.is_some() { kind } else { MailKind::Nothing };
    let mail = seal(sender, kind, &letter, expires_at)?;
    let secret = MailedSecret {
        id,
        user: user.map(|user| user.id),
        realm,
        purpose,
        email: user.map_or_else(|| Email::from_store(NOBODY.to_owned()), |user| user.email.clone()),
        token_hash: hash_of(&token),
        code_hash: code_hash(&key, id, &code).bytes(),
        code_failures: 0,
        created_at: now,
        expires_at,
        used_at: None,
        voided_at: user.is_none().then_some(now),
    };
    Ok(SecretMail {
        secret,
        mail,
        nobody: UserId::new(entropy, now),
    })
}

/// Writes a mail with a secret; it voids the older ones of its purpose. Beyond the quota, and for strangers, the same
/// sentences are run to no effect.
pub(crate) async fn send_secret(tx: &mut Tx, mail: &SecretMail) -> Result<(), vestibule_store::Error> {
    let SecretMail {
        mut secret,
        mut mail,
        nobody,
    } = mail.clone();
    let now = secret.created_at;
    let asked = secret.user.unwrap_or(nobody);
    // Two requests at once count one after the other.
    users::lock(tx, asked).await?;
    let recent = mailed_secrets::count_since(tx, asked, secret.purpose, now.minus(QUOTA_WINDOW)).await?;
    if recent >= QUOTA {
        (secret.user, secret.voided_at, mail.kind) = (None, Some(now), MailKind::Nothing);
    }
    mailed_secrets::void(tx, secret.user.unwrap_or(nobody), secret.purpose, now).await?;
    mailed_secrets::insert(tx, &secret).await?;
    outbox::insert(tx, &mail).await
}

/// Composes a notice without any secret.
pub(crate) fn notice(
    sender: Sender<'_>,
    kind: MailKind,
    to: &Email,
    name: Option<String>,
) -> Result<OutboxRow, Error> {
    let project = sender.project.name.clone();
    let letter = Letter {
        to: to.as_str().to_owned(),
        name,
        project,
        link: None,
        code: None,
        expires_at: None,
    };
    seal(
        sender,
        kind,
        &letter,
        sender.core.clock.now().plus(NOTICE_LIFETIME),
    )
}

/// Writes the notice that an address was registered again, unless its owner has had several within the hour.
pub(crate) async fn send_registered_again(
    tx: &mut Tx,
    owner: UserId,
    notice: &OutboxRow,
) -> Result<(), vestibule_store::Error> {
    let mut notice = notice.clone();
    let since = notice.created_at.minus(QUOTA_WINDOW);
    users::lock(tx, owner).await?;
    if audit::count_of_user(tx, owner, audit::Act::UserRegisteredAgain, since).await? >= QUOTA {
        notice.kind = MailKind::Nothing;
    }
    outbox::insert(tx, &notice).await
}

/// An outbox row with its letter sealed.
fn seal(
    sender: Sender<'_>,
    kind: MailKind,
    letter: &Letter,
    expires_at: Timestamp,
) -> Result<OutboxRow, Error> {
    let Sender { core, realm, .. } = sender;
    let now = core.clock.now();
    let id = MailId::new(core.entropy.as_ref(), now);
    let text = serde_json::to_vec(letter)
        .map_err(|error| Fault::Internal(format!("a letter cannot be written: {error}")))?;
    Ok(OutboxRow {
        id,
        realm,
        kind,
        payload: Some(core.sealer.seal(SEALED_FOR, &id.bytes(), &text)?),
        created_at: now,
        expires_at,
        next_attempt_at: Some(now),
        attempts: 0,
        last_error: None,
        sent_at: None,
        dead_at: None,
    })
}

/// The keyed hash of a code, bound to its secret, so that equal codes are not equal rows.
pub(crate) fn code_hash(key: &MacKey, secret: SecretId, code: &str) -> Mac {
    digest::mac(key, &[&secret.bytes(), code.as_bytes()])
}

/// The page that a mail leads to: the project's own, or ours under the configured public URL; never a `Host` (F02).
fn link(core: &Core, project: &Project, purpose: Purpose, token: &str) -> String {
    let (template, page) = match purpose {
        Purpose::VerifyEmail => (&project.settings.links.verify_email, "verify-email"),
        Purpose::ResetPassword => (&project.settings.links.reset_password, "reset-password"),
    };
    match template {
        Some(template) => template.replace("{token}", token),
        None => format!(
            "{}/{page}?token={token}&action={}",
            core.settings.public_url,
            purpose.as_str()
        ),
    }
}
