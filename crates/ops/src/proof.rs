//! The proof that somebody reads a mailbox: the token of a mailed link, or the address and the code of the same mail.

use crate::audit;
use crate::cx::Cx;
use crate::error::{Error, KeepingWrites, Stop};
use crate::{keyring, post};
use vestibule_keys::digest::Mac;
use vestibule_keys::secret_text::hash_of;
use vestibule_model::Email;
use vestibule_model::id::{SecretId, UserId};
use vestibule_model::mail::Purpose;
use vestibule_model::refusal::Secret;
use vestibule_model::user::User;
use vestibule_store::audit::{Act, Entry};
use vestibule_store::mailed_secrets::{self, MailedSecret};
use vestibule_store::{Tx, users};

/// What somebody took out of a mail.
pub enum Proof {
    /// The token of the link.
    Token(String),
    /// The address that the mail went to, and the six digits in it.
    Code {
        /// The address, in any spelling.
        email: String,
        /// The digits.
        code: String,
    },
}

/// Finds the secret that a proof is of, good for `purpose` in this realm and now. Nothing is consumed; a wrong code
/// is counted. Every refusal is audited and says nothing about whether there is such a user.
pub(crate) async fn examine(cx: &Cx, proof: &Proof, purpose: Purpose) -> Result<MailedSecret, Error> {
    let found = match proof {
        Proof::Token(token) => mailed_secrets::find_by_token(&cx.core.store.db, &hash_of(token)).await?,
        Proof::Code { email, code } => by_code(cx, email, code, purpose).await?,
    };
    let judged = match found {
        Some(secret) if secret.realm == cx.realm() && secret.purpose == purpose && secret.is_open() => {
            if secret.expires_at > cx.now() {
                Ok(secret)
            } else {
                Err(Secret::Expired)
            }
        }
        _ => Err(Secret::Invalid),
    };
    match judged {
        Ok(secret) if secret.user.is_some() => Ok(secret),
        Ok(_) => refuse(cx, purpose, Secret::Invalid).await,
        Err(refusal) => refuse(cx, purpose, refusal).await,
    }
}

async fn refuse<T>(cx: &Cx, purpose: Purpose, refusal: Secret) -> Result<T, Error> {
    audit::write_alone(
        cx,
        audit::refused(cx, Act::SecretRefused).saying(purpose.as_str()),
    )
    .await?;
    Err(refusal.into())
}

struct Guess {
    secret: SecretId,
    /// The hash of what was typed.
    hash: Mac,
    entry: Entry,
}

/// The newest secret of the address, if this is its code. For an address without an account, or without a mail, the
/// same is done with an id that is nobody's.
async fn by_code(cx: &Cx, email: &str, code: &str, purpose: Purpose) -> Result<Option<MailedSecret>, Error> {
    let db = &cx.core.store.db;
    let (entropy, now) = (cx.core.entropy.as_ref(), cx.now());
    let user = match Email::parse(email) {
        Ok(email) => users::find_by_email(db, cx.realm(), &email).await?,
        Err(_) => None,
    };
    let user = user.map_or_else(|| UserId::new(entropy, now), |user| user.id);
    let newest = mailed_secrets::newest(db, user, purpose).await?;
    let secret = newest.map_or_else(|| SecretId::new(entropy, now), |secret| secret.id);
    let key = keyring::code_key(&cx.core, cx.realm()).await?;
    let entry = audit::refused(cx, Act::SecretRefused).saying("wrong code");
    let guess = Guess {
        secret,
        hash: post::code_hash(&key, secret, code),
        entry,
    };
    cx.write(compare, guess).await.map(Some)
}

async fn compare(tx: &mut Tx, guess: &Guess) -> Result<MailedSecret, Stop> {
    match mailed_secrets::try_code(tx, guess.secret).await? {
        Some(secret) if guess.hash.is(&secret.code_hash) => {
            mailed_secrets::code_was_right(tx, guess.secret).await?;
            Ok(secret)
        }
        _ => {
            vestibule_store::audit::write(tx, &guess.entry).await?;
            Err(Secret::Invalid.keeping_writes())
        }
    }
}

/// Uses a secret up and holds its user's row: once, and only while the user is enabled and still has the address that
/// the mail went to.
pub(crate) async fn consume(
    tx: &mut Tx,
    secret: &MailedSecret,
    now: vestibule_model::Timestamp,
) -> Result<User, Stop> {
    let id = secret.user.ok_or(Secret::Invalid)?;
    let user = users::lock(tx, id).await?.ok_or(Secret::Invalid)?;
    let fits = user.email == secret.email && user.disabled_at.is_none();
    if fits && mailed_secrets::consume(tx, secret.id, now).await? {
        Ok(user)
    } else {
        Err(Secret::Invalid.into())
    }
}
