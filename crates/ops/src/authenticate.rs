//! Who holds an access token.

use crate::core::{Core, Door};
use crate::cx::Cx;
use crate::error::Error;
use crate::keyring::{self, Ring};
use crate::used::Mark;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use vestibule_keys::digest::sha256;
use vestibule_keys::jose::Compact;
use vestibule_keys::jose::times::{self, LEEWAY, TimeProblem};
use vestibule_model::id::SessionId;
use vestibule_model::refusal::Token;
use vestibule_model::session::Session;
use vestibule_model::token::{Expected, Presented};
use vestibule_model::user::User;
use vestibule_model::{DialectName, Environment, Realm, Timestamp};
use vestibule_store::{sessions, users};

/// A signed-in user, proven by the access token of a live session.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub user: Arc<User>,
    /// The `exp` of the token.
    pub expires_at: Timestamp,
}

/// A token whose signature and claims are good. Its time and its session are judged at every use.
pub(crate) struct Verified {
    pub(crate) realm: Realm,
    dialect: DialectName,
    pub(crate) presented: Presented,
}

/// A session as cached.
pub(crate) struct LiveSession {
    pub(crate) session: Session,
    /// Whether the use of the newest access token is written or noted.
    seen: AtomicBool,
}

impl LiveSession {
    pub(crate) fn new(session: Session) -> Self {
        let seen = AtomicBool::new(session.family.leaf_used_at.is_some());
        Self { session, seen }
    }
}

/// Judges an access token, in this order: whether it is one of ours, for this dialect and project; whether the API key
/// is of its environment; whether it has expired; whether its session is live and its user enabled.
pub async fn authenticate(cx: &Cx, bearer: &str) -> Result<Caller, Error> {
    let token = verify(cx, bearer).await?;
    let Presented {
        session: id,
        generation,
        expires_at,
    } = token.presented;
    let now = cx.now();
    if now.seconds() >= expires_at.seconds().saturating_add(LEEWAY) {
        return Err(Token::Expired.into());
    }
    let mut live = find_session(&cx.core, id).await?.ok_or(Token::Revoked)?;
    if is_behind(&live.session, generation, now) {
        cx.core.caches.sessions.forget(&id);
        live = find_session(&cx.core, id).await?.ok_or(Token::Revoked)?;
    }
    let session = &live.session;
    let ours = session.realm == token.realm && session.dialect == cx.door.name.as_str();
    if !ours || !session.is_live(now) || !session.family.honours_access(generation) {
        return Err(Token::Revoked.into());
    }
    let user = find_user(cx, session).await?.ok_or(Token::Revoked)?;
    if cx.door.policy.refresh_tokens && generation == session.family.leaf {
        note(cx, &live, now);
    }
    if let (Some(until), Some(idle)) = (session.idle_until, cx.policy().idle_lifetime) {
        cx.core.staying.note(id, until, now.plus(idle));
    }
    Ok(Caller {
        session: id,
        user,
        expires_at,
    })
}

/// Whether the token is authentic, whatever its time and its session.
pub(crate) async fn verify(cx: &Cx, bearer: &str) -> Result<Arc<Verified>, Error> {
    let digest = sha256(bearer.as_bytes());
    let tokens = &cx.core.caches.tokens;
    let token = if let Some(token) = tokens.get(&digest) {
        token
    } else {
        let ticket = tokens.ticket(&digest);
        let token = Arc::new(Box::pin(read(cx, bearer)).await?);
        tokens.fill(&ticket, digest, Arc::clone(&token));
        token
    };
    if token.realm.project != cx.project.id || token.dialect != cx.door.name {
        return Err(Token::NotAuthentic.into());
    }
    if token.realm.environment != cx.environment {
        return Err(Token::OtherEnvironment { key: cx.environment }.into());
    }
    Ok(token)
}

/// Checks signature and claims with the keys of this project and dialect, of either environment.
async fn read(cx: &Cx, bearer: &str) -> Result<Verified, Error> {
    let compact = Compact::parse(bearer).map_err(|_| Token::NotAuthentic)?;
    let now = cx.now();
    for environment in Environment::ALL {
        let realm = cx.project.realm(environment);
        let ring = keyring::load(&cx.core, &keyring::signing(realm, cx.door), cx.door).await?;
        let Some(claims) = claims(cx.door, &ring, &compact, now)? else {
            continue;
        };
        match times::check(&claims, now) {
            Ok(()) | Err(TimeProblem::Expired) => {}
            Err(TimeProblem::Malformed | TimeProblem::NotYet) => return Err(Token::NotAuthentic.into()),
        }
        let (issuer, audience) = cx.door.names_for(&cx.project);
        let expected = Expected {
            realm,
            issuer: &issuer,
            audience: &audience,
        };
        let presented = cx
            .door
            .token
            .read(compact.header(), &claims, &expected)
            .ok_or(Token::NotAuthentic)?;
        return Ok(Verified {
            realm,
            dialect: cx.door.name,
            presented,
        });
    }
    Err(Token::NotAuthentic.into())
}

/// The claims, if a key of this ring signed them. Where tokens of this dialect name no key, each of the few that are
/// believed is tried.
fn claims(
    door: &Door,
    ring: &Ring,
    compact: &Compact<'_>,
    now: Timestamp,
) -> Result<Option<Map<String, Value>>, Token> {
    if !door.token.names_key() {
        return Ok(ring.believed(now).find_map(|key| compact.verify(&key.key).ok()));
    }
    let kid = compact.kid().ok_or(Token::NotAuthentic)?;
    let key = ring.verifier(kid, now);
    let claims = key.map(|key| compact.verify(&key.key).map_err(|_| Token::NotAuthentic));
    claims.transpose()
}

/// The session with this id, ended or not.
pub(crate) async fn find_session(core: &Core, id: SessionId) -> Result<Option<Arc<LiveSession>>, Error> {
    let read = || async {
        let session = sessions::find(&core.store.db, id).await?;
        Ok::<_, Error>(session.map(|session| Arc::new(LiveSession::new(session))))
    };
    core.caches.sessions.through(&id, read).await
}

/// Whether a session may have gone on since it was cached: another node moves it to its next generation, and notes that
/// it is used, without telling the others. That it ended, it tells.
fn is_behind(session: &Session, generation: i64, now: Timestamp) -> bool {
    generation > session.family.leaf || session.is_idle(now)
}

/// The session's user, while enabled.
pub(crate) async fn find_user(cx: &Cx, session: &Session) -> Result<Option<Arc<User>>, Error> {
    let db = &cx.core.store.db;
    let read = || async { Ok::<_, Error>(users::find(db, session.user).await?.map(Arc::new)) };
    let user = cx.core.caches.users.through(&session.user, read).await?;
    Ok(user.filter(|user| user.disabled_at.is_none()))
}

/// Notes the first use of the newest access token, in memory.
fn note(cx: &Cx, live: &LiveSession, now: Timestamp) {
    if !live.seen.load(Ordering::Relaxed) {
        let mark = Mark {
            session: live.session.id,
            generation: live.session.family.leaf,
            at: now,
        };
        if cx.core.used.note(mark) {
            live.seen.store(true, Ordering::Relaxed);
        }
    }
}
