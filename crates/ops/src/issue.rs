//! The one place where tokens leave.

use crate::audit;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::keyring;
use crate::roles;
use std::sync::Arc;
use std::time::Duration;
use vestibule_keys::digest::mac;
use vestibule_keys::secret_text::{RefreshScope, RefreshText};
use vestibule_model::id::SessionId;
use vestibule_model::refresh::Family;
use vestibule_model::refusal::{Account as AccountRefusal, Credentials};
use vestibule_model::session::Session;
use vestibule_model::token::TokenFacts;
use vestibule_model::user::User;
use vestibule_model::{Authority, Fault, Timestamp, entropy};
use vestibule_store::attempts::{self, Account};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::{Tx, sessions, sign_in};

/// What somebody gets who signed in or refreshed.
pub struct SignedIn {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where the dialect has one.
    pub refresh_token: Option<String>,
    /// How long the access token lives from now.
    pub expires_in: Duration,
    /// Its `exp`.
    pub expires_at: Timestamp,
    /// When the session ends by itself, unless it is used before where the dialect has such a bound.
    pub session_ends_at: Timestamp,
    /// The session that both belong to.
    pub session: SessionId,
    /// Whose it is.
    pub user: Arc<User>,
    /// What the user may do, as the access token says.
    pub authority: Arc<Authority>,
}

/// An access token and the generation and moments that are in it.
pub(crate) struct Access {
    pub(crate) generation: i64,
    issued_at: Timestamp,
    expires_at: Timestamp,
    authority: Arc<Authority>,
    token: String,
}

/// Signs the access token of a generation that was, or is about to be, made at `issued_at`. It never outlives its
/// session. Nothing is written, so a failure here consumes nothing (RT13).
pub(crate) async fn access(
    cx: &Cx,
    user: &User,
    session: &Session,
    generation: i64,
    issued_at: Timestamp,
) -> Result<Access, Error> {
    let ring = keyring::signing_ring(&cx.core, &cx.project, cx.environment, cx.door).await?;
    let key = ring
        .signer(cx.now())
        .ok_or_else(|| Fault::Unavailable("no signing key is active".to_owned()))?;
    let expires_at = issued_at
        .plus(cx.policy().access_lifetime)
        .min(session.family.expires_at);
    let (issuer, audience) = cx.door.names_for(&cx.project);
    let authority = roles::authority(cx, user.id).await?;
    let claims = cx.door.token.claims(&TokenFacts {
        realm: session.realm,
        issuer: &issuer,
        audience: &audience,
        own: &cx.project.own,
        user: user.id,
        number: user.number,
        email: user.email.as_str(),
        roles: &authority.roles,
        permissions: &authority.permissions,
        session: session.id,
        generation,
        issued_at,
        expires_at,
    });
    let token = key
        .key
        .sign(&key.header, &claims)
        .map_err(|error| Fault::Unavailable(error.to_string()))?;
    Ok(Access {
        generation,
        issued_at,
        expires_at,
        authority,
        token,
    })
}

impl Access {
    /// Whether it is the token of this generation, made at this moment.
    pub(crate) fn is_of(&self, generation: i64, issued_at: Timestamp) -> bool {
        self.generation == generation && self.issued_at == issued_at
    }

    /// The pair that goes out, of a request that began at `now`.
    pub(crate) async fn with_refresh(
        self,
        cx: &Cx,
        now: Timestamp,
        user: Arc<User>,
        session: &Session,
    ) -> Result<SignedIn, Error> {
        let refresh_token = if cx.door.policy.refresh_tokens {
            let key = keyring::refresh_key(&cx.core, session.realm).await?;
            let scope = RefreshScope {
                salt: &session.salt,
                realm: session.realm,
                dialect: cx.door.name,
            };
            let generation = u32::try_from(self.generation);
            let generation =
                generation.map_err(|_| Fault::Internal("a session ran out of generations".to_owned()))?;
            Some(RefreshText::make(&key, &scope, session.id, generation).to_string())
        } else {
            None
        };
        let session_ends_at = match cx.policy().idle_lifetime {
            Some(idle) => session.family.expires_at.min(now.plus(idle)),
            None => session.family.expires_at,
        };
        let seconds = self.expires_at.seconds().saturating_sub(now.seconds());
        Ok(SignedIn {
            access_token: self.token,
            refresh_token,
            expires_in: Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
            expires_at: self.expires_at,
            session_ends_at,
            session: session.id,
            user,
            authority: self.authority,
        })
    }
}

/// Signs in a user whose password was verified in `credential_version`. Whether the account may sign in is decided
/// here and nowhere else, for every door; and once more in the transaction, so that a session begins only while the
/// user is enabled and the password is the one that was verified.
pub(crate) async fn sign_in(cx: &Cx, user: &User, credential_version: i64) -> Result<SignedIn, Error> {
    let policy = cx.policy();
    may_sign_in(user, policy.verified_email)?;
    let now = cx.now();
    let id = SessionId::new(cx.core.entropy.as_ref(), now);
    let family = Family {
        revoked_at: None,
        expires_at: now.plus(policy.session_lifetime),
        leaf: 1,
        parent: 0,
        rotated_at: now,
        leaf_used_at: None,
    };
    let session = Session {
        id,
        user: user.id,
        realm: user.realm,
        dialect: cx.door.name.as_str().to_owned(),
        salt: entropy::bytes(cx.core.entropy.as_ref()),
        created_at: now,
        family,
        idle_until: policy.idle_lifetime.map(|idle| now.plus(idle)),
        user_agent: cx.facts.user_agent.clone(),
        ip_hash: ip_hash(cx).await?,
    };
    let user = Arc::new(user.clone());
    let access = access(cx, &user, &session, family.leaf, now).await?;
    let signed_in = access.with_refresh(cx, now, Arc::clone(&user), &session).await?;
    let entry = audit::done(cx, Act::LoginSucceeded)
        .about(session.user)
        .in_session(id);
    cx.write_in_company(
        begin,
        Begin {
            user,
            session,
            credential_version,
            verified_email: policy.verified_email,
            entry,
        },
    )
    .await?;
    Ok(signed_in)
}

fn may_sign_in(user: &User, verified_email: bool) -> Result<(), AccountRefusal> {
    if user.disabled_at.is_some() {
        Err(AccountRefusal::Disabled)
    } else if verified_email && user.email_verified_at.is_none() {
        Err(AccountRefusal::Unverified)
    } else {
        Ok(())
    }
}

/// A hash that is equal for equal client addresses of one project and environment, and meaningless to others.
async fn ip_hash(cx: &Cx) -> Result<String, Error> {
    let Some(address) = cx.facts.address else {
        return Ok(String::new());
    };
    let key = keyring::ip_key(&cx.core, cx.realm()).await?;
    let hash = mac(&key, &[address.to_canonical().to_string().as_bytes()]);
    let head = hash.bytes().first_chunk().copied().map_or(0, u128::from_be_bytes);
    Ok(format!("{head:032x}"))
}

struct Begin {
    /// As it was judged.
    user: Arc<User>,
    session: Session,
    credential_version: i64,
    verified_email: bool,
    entry: Entry,
}

async fn begin(tx: &mut Tx, input: &Begin) -> Result<(), Stop> {
    let Begin {
        user,
        session,
        credential_version: version,
        entry,
        ..
    } = input;
    if sign_in::begin(tx, (user, *version), session, entry).await? {
        return Ok(());
    }
    // Something has changed, or room must be made.
    let held = sign_in::hold(tx, user.id, session.created_at).await?;
    let (held, credential) = held.ok_or(Credentials::Wrong)?;
    may_sign_in(&held, input.verified_email)?;
    if credential.is_none_or(|it| it.version != *version) {
        return Err(Credentials::Wrong.into());
    }
    sessions::insert(tx, session).await?;
    attempts::clear(tx, session.realm, &Account::User(user.id)).await?;
    Ok(vestibule_store::audit::write(tx, entry).await?)
}
