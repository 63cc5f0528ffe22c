//! Sign-in with an identifier and a password.

use crate::audit;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::identify::{self, IdentifierField};
use crate::issue::{self, SignedIn};
use crate::passwords;
use vestibule_model::refusal::{Account as AccountRefusal, Credentials};
use vestibule_model::user::User;
use vestibule_model::{Realm, Refusal};
use vestibule_store::Tx;
use vestibule_store::attempts::{self, Account};
use vestibule_store::audit::{Act, Entry};

/// What somebody signs in with. Any text is allowed: what cannot be an identifier or a password is wrong, not malformed.
pub struct PasswordLogin {
    /// The identifier; an e-mail address in any spelling.
    pub identifier: String,
    /// Which identifier it is.
    pub by: IdentifierField,
    /// The password.
    pub password: String,
}

/// Signs in. Who has no account, no password or the wrong one hears the same after the same work; what else is wrong
/// with the account is said only to who knows its password.
pub async fn password_login(cx: &Cx, input: PasswordLogin) -> Result<SignedIn, Error> {
    let holder = identify::find(cx, &input.by, &input.identifier).await?;
    let (user, credential) = holder.map_or((None, None), |(user, credential)| (Some(user), credential));
    let account = passwords::account(user.as_ref(), &input.identifier);
    let evaluated = match passwords::evaluate(cx, account, credential.as_ref(), &input.password).await {
        Ok(evaluated) => evaluated,
        Err(error) => {
            if passwords::is_lock(&error) {
                refused(cx, user.as_ref(), "locked").await?;
            }
            return Err(error);
        }
    };
    let (Some(user), Some(credential), true) = (user.as_ref(), credential, evaluated.right) else {
        refused(cx, user.as_ref(), "wrong password").await?;
        return Err(Credentials::Wrong.into());
    };
    if evaluated.outdated {
        passwords::rehash(cx, user, &credential, &input.password).await;
    }
    let signed_in = issue::sign_in(cx, user, credential.version).await;
    if let Err(Error::Refused(refusal)) = &signed_in {
        right_but_refused(cx, user, refusal).await?;
    }
    signed_in
}

async fn refused(cx: &Cx, user: Option<&User>, why: &str) -> Result<(), Error> {
    let entry = audit::refused(cx, Act::LoginRefused).saying(why);
    let entry = user.map(|user| entry.clone().about(user.id)).unwrap_or(entry);
    audit::write_alone(cx, entry).await
}

struct RightButRefused {
    realm: Realm,
    account: Account,
    entry: Entry,
}

/// The password was right, so the attempt was no failure, although it is refused.
async fn right_but_refused(cx: &Cx, user: &User, refusal: &Refusal) -> Result<(), Error> {
    let why = match refusal {
        Refusal::Account(AccountRefusal::Disabled) => "disabled",
        Refusal::Account(AccountRefusal::Unverified) => "unverified",
        _ => return refused(cx, Some(user), "changed meanwhile").await,
    };
    let entry = audit::refused(cx, Act::LoginRefused).about(user.id).saying(why);
    let input = RightButRefused {
        realm: cx.realm(),
        account: Account::User(user.id),
        entry,
    };
    cx.write(clear, input).await
}

async fn clear(tx: &mut Tx, input: &RightButRefused) -> Result<(), Stop> {
    attempts::clear(tx, input.realm, &input.account).await?;
    Ok(vestibule_store::audit::write(tx, &input.entry).await?)
}
