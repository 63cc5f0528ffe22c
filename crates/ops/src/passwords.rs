//! The one way to look at a password: charged, in turn, and with equal work for everybody.

use crate::core::Core;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::turns::Turn;
use std::sync::Arc;
use std::time::Duration;
use vestibule_keys::digest::sha256;
use vestibule_keys::{Password, Rule, StoredHash, Weak};
use vestibule_model::id::UserId;
use vestibule_model::lockout::Lockout;
use vestibule_model::policy::PasswordPolicy;
use vestibule_model::refusal::{Input, Throttled, WeakPassword};
use vestibule_model::user::{Credential, User};
use vestibule_model::{Email, Project, Realm, Refusal, Timestamp};
use vestibule_store::attempts::{self, Account, Charge};
use vestibule_store::{Tx, credentials};

/// What an evaluation found. While it is held, the account's turn is: keep it until the outcome is written.
pub(crate) struct Evaluated<'a> {
    /// Whether the password is the user's.
    pub(crate) right: bool,
    /// Whether the stored hash should be replaced by one of today's parameters.
    pub(crate) outdated: bool,
    _turn: Turn<'a>,
}

/// Whose failures an attempt counts for: the user's, or those of the canonical form of a name that is nobody's.
pub(crate) fn account(user: Option<&User>, typed: &str) -> Account {
    match user {
        Some(user) => Account::User(user.id),
        None => Account::Nobody(sha256(canonical(typed).as_bytes())),
    }
}

fn canonical(typed: &str) -> String {
    match Email::parse(typed) {
        Ok(email) => email.as_str().to_owned(),
        Err(_) => typed.trim().to_lowercase(),
    }
}

/// Looks at a password. `None` costs the same as a stored hash and is never right, so nobody's attempt is cheaper
/// than anybody else's. A locked account is refused before any hash, whether or not there is such a user.
pub(crate) async fn evaluate<'a>(
    cx: &'a Cx,
    account: Account,
    credential: Option<&Credential>,
    typed: &str,
) -> Result<Evaluated<'a>, Error> {
    let stored = credential.and_then(parse);
    let password = Password::for_login(typed);
    // Before the charge: a login that would be shed anyway writes nothing.
    cx.core.pool.admits(cx.deadline)?;
    let turn = turn(cx, account).await?;
    let charged = Charged::of(cx, account);
    match cx.core.pool.verify(&password, stored.as_ref(), cx.deadline).await {
        Ok(verdict) => {
            charged.stands();
            Ok(Evaluated {
                right: verdict.matches,
                outdated: verdict.outdated,
                _turn: turn,
            })
        }
        Err(error) => {
            charged.take_back().await;
            Err(error.into())
        }
    }
}

/// An attempt that is counted as a failure before it is evaluated. It is taken back unless it is, also where nobody waits
/// for the verdict any more: who hangs up learns nothing, and an owner with an impatient client is not locked out.
pub(crate) struct Charged {
    core: Arc<Core>,
    attempt: Option<Attempt>,
}

impl Charged {
    pub(crate) fn of(cx: &Cx, account: Account) -> Self {
        Self {
            core: Arc::clone(&cx.core),
            attempt: Some(Attempt::of(cx, account)),
        }
    }

    fn stands(mut self) {
        self.attempt = None;
    }

    async fn take_back(mut self) {
        if let Some(attempt) = self.attempt.take() {
            take_back(&self.core, attempt).await;
        }
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            let core = Arc::clone(&self.core);
            tokio::spawn(async move { take_back(&core, attempt).await });
        }
    }
}

/// The request's own deadline may be what ended the evaluation, so this gets a new one.
async fn take_back(core: &Core, attempt: Attempt) {
    if let Err(error) = core.write(refund, attempt).await {
        tracing::warn!(
            ?error,
            "an attempt that was never evaluated stays counted as a failure"
        );
    }
}

/// Whether an attempt was refused because of its account's lock.
pub(crate) const fn is_lock(error: &Error) -> bool {
    matches!(
        error,
        Error::Refused(Refusal::Throttled(Throttled::Account { .. }))
    )
}

/// A stored hash that cannot be read fails closed, as if no password were set; the operator hears of it.
fn parse(credential: &Credential) -> Option<StoredHash> {
    StoredHash::parse(&credential.hash)
        .inspect_err(|error| tracing::error!(%error, "a stored password hash cannot be verified; its user cannot log in"))
        .ok()
}

struct Attempt {
    realm: Realm,
    account: Account,
    lockout: Lockout,
    now: Timestamp,
}

impl Attempt {
    fn of(cx: &Cx, account: Account) -> Self {
        Self {
            realm: cx.realm(),
            account,
            lockout: cx.core.settings.lockout,
            now: cx.now(),
        }
    }
}

async fn turn(cx: &Cx, account: Account) -> Result<Turn<'_>, Error> {
    let place = || cx.core.turns.place((cx.realm(), account));
    let beside = place().beside_others(cx.deadline).await?;
    if let Charge::Counted = charge(cx, account).await? {
        return Ok(beside);
    }
    drop(beside);
    let alone = place().alone(cx.deadline).await?;
    match charge(cx, account).await? {
        Charge::Counted => Ok(alone),
        Charge::Locked { until } => {
            let retry_after = until.since(cx.now()).max(Duration::from_secs(1));
            Err(Throttled::Account { retry_after }.into())
        }
    }
}

async fn charge(cx: &Cx, account: Account) -> Result<Charge, Error> {
    let attempt = Attempt::of(cx, account);
    let Attempt {
        realm, lockout, now, ..
    } = attempt;
    let store = &cx.core.store;
    // Attempts on a locked account need not wait for the writer to learn it. To another machine a read takes as long.
    if !store.is_shared()
        && let Some(until) = attempts::locked_until(&store.db, realm, &account, &lockout, now).await?
    {
        return Ok(Charge::Locked { until });
    }
    // What the evaluation finds is told only after a write of its own, which syncs this one with it.
    cx.write_unsynced(count, attempt).await
}

async fn count(tx: &mut Tx, attempt: &Attempt) -> Result<Charge, Stop> {
    Ok(attempts::charge(tx, attempt.realm, &attempt.account, &attempt.lockout, attempt.now).await?)
}

async fn refund(tx: &mut Tx, attempt: &Attempt) -> Result<(), Stop> {
    Ok(attempts::refund(tx, attempt.realm, &attempt.account).await?)
}

/// Admits a new password of a user by the rule of this door and project.
pub(crate) fn admit(cx: &Cx, user: &User, typed: &str) -> Result<Password, Refusal> {
    admit_by(cx.policy().password, &cx.project, user, typed)
}

/// Admits a new password of a user by a rule.
pub(crate) fn admit_by(
    policy: PasswordPolicy,
    project: &Project,
    user: &User,
    typed: &str,
) -> Result<Password, Refusal> {
    let rule = Rule {
        min_length: usize::try_from(policy.minimum).unwrap_or(usize::MAX),
        upper_lower_digit: policy.classes,
        blocklist: policy.blocklist,
    };
    let context: Vec<&str> = context(project, user).collect();
    rule.admit(typed, &context)
        .map_err(|weak| Input::WeakPassword(weak_password(weak)).into())
}

fn weak_password(weak: Weak) -> WeakPassword {
    match weak {
        Weak::TooShort { min } => WeakPassword::TooShort {
            minimum: u32::try_from(min).unwrap_or(u32::MAX),
        },
        Weak::TooLong => WeakPassword::TooLong,
        Weak::ContainsNul => WeakPassword::Nul,
        Weak::Common | Weak::Guessable => WeakPassword::Common,
        Weak::NeedsUpperLowerDigit => WeakPassword::Classes,
    }
}

/// What an attacker who knows a user would try first as the password.
fn context<'a>(project: &'a Project, user: &'a User) -> impl Iterator<Item = &'a str> {
    let email = user.email.as_str();
    let local = email.split('@').next();
    let fields = ["name", "given_name", "family_name", "username"];
    fields
        .into_iter()
        .filter_map(|field| user.profile_text(field))
        .chain(local)
        .chain([email, project.name.as_str()])
}

/// Hashes an admitted password for storage.
pub(crate) async fn hash(cx: &Cx, password: &Password) -> Result<String, Error> {
    Ok(cx.core.pool.hash(password, cx.deadline).await?.text().to_owned())
}

struct Rehash {
    user: UserId,
    old: String,
    new: String,
}

/// Replaces an outdated hash of a password that was just proven right. A change of password in between wins, and a
/// failure here fails nobody's login: the next one tries again.
pub(crate) async fn rehash(cx: &Cx, user: &User, credential: &Credential, typed: &str) {
    let password = Password::for_login(typed);
    let replaced = async {
        let new = hash(cx, &password).await?;
        let swap = Rehash {
            user: user.id,
            old: credential.hash.clone(),
            new,
        };
        cx.write(swap_hash, swap).await
    };
    if let Err(error) = replaced.await {
        tracing::warn!(
            ?error,
            "an outdated password hash could not be replaced; the next login tries again"
        );
    }
}

async fn swap_hash(tx: &mut Tx, swap: &Rehash) -> Result<bool, Stop> {
    Ok(credentials::rehash(tx, swap.user, &swap.old, &swap.new).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l10_spellings_of_one_unknown_name_share_one_counter() {
        let of = |typed| account(None, typed);
        assert_eq!(of("Nobody@Example.ORG"), of(" nobody@example.org "));
        assert_eq!(of("nobody@BÜCHER.example"), of("nobody@xn--bcher-kva.example"));
        assert_eq!(of("NoBody"), of(" nobody"));
        assert_ne!(of("nobody@example.org"), of("no.body@example.org"));
    }
}
