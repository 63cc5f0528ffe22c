//! A new pair of tokens for a refresh token (`STORE.md` §2, the state table).

use crate::audit;
use crate::authenticate::{self, LiveSession};
use crate::core::Core;
use crate::cx::Cx;
use crate::entrance;
use crate::error::{Error, KeepingWrites, Stop};
use crate::issue::{self, SignedIn};
use crate::keyring;
use std::sync::Arc;
use vestibule_keys::secret_text::{RefreshScope, RefreshText};
use vestibule_model::refresh::{Family, Verdict};
use vestibule_model::refusal::Refresh;
use vestibule_model::session::{EndReason, Session};
use vestibule_model::{Environment, Project, Timestamp};
use vestibule_store::Tx;
use vestibule_store::audit::{Act, Entry};
use vestibule_store::sessions::{self, Advance};

/// Where the family stands after a refresh: the generation that is answered with, and when it was made.
#[derive(Clone, Copy)]
struct Stand {
    generation: i64,
    rotated_at: Timestamp,
}

impl Stand {
    const fn of(family: &Family) -> Self {
        Self {
            generation: family.leaf,
            rotated_at: family.rotated_at,
        }
    }
}

/// Exchanges a refresh token for its successor. The claims reflect the present user (RT09); a token of another
/// project, environment or dialect is unknown here (RT07); a used one ends its session.
pub async fn refresh(cx: &Cx, presented: &str) -> Result<SignedIn, Error> {
    let token = RefreshText::parse(presented).ok_or(Refresh::Unknown)?;
    let live = known(cx, &token).await?;
    let session = &live.session;
    if session.realm != cx.realm() || session.dialect != cx.door.name.as_str() {
        tracing::warn!(session = %session.id, "a refresh token was presented to another project, environment or dialect");
        return Err(Refresh::Unknown.into());
    }
    let step = Advance {
        session: session.id,
        user: session.user,
        generation: token.generation.into(),
        now: cx.now(),
        overlap: cx.project.settings.tokens.overlap(),
        used: cx.core.used.generation(session.id),
        idle_until: cx.policy().idle_lifetime.map(|idle| cx.now().plus(idle)),
    };
    if session.family.revoked_at.is_none() && session.is_idle(step.now) {
        return Err(Refresh::Expired.into());
    }
    let stand = match judge(&step, &session.family) {
        Verdict::SameAgain => Stand::of(&session.family),
        Verdict::Advance | Verdict::Reused => Stand {
            generation: session.family.leaf + 1,
            rotated_at: step.now,
        },
        Verdict::Unknown | Verdict::Revoked | Verdict::Expired => {
            return Err(refusal(&step, &session.family).into());
        }
    };
    let user = authenticate::find_user(cx, session)
        .await?
        .ok_or(Refresh::Revoked)?;
    let access = issue::access(cx, &user, session, stand.generation, stand.rotated_at).await?;
    let stand = if stand.generation == session.family.leaf {
        stand
    } else {
        step_on(cx, step, session).await?
    };
    let access = if access.is_of(stand.generation, stand.rotated_at) {
        access
    } else {
        issue::access(cx, &user, session, stand.generation, stand.rotated_at).await?
    };
    access.with_refresh(cx, step.now, user, session).await
}

/// The session of an authentic token, as far as this process knows it: enough for a step from what it believes to be
/// the live generation, since the row decides about that. Whatever else is presented, another node may know better.
async fn known(cx: &Cx, token: &RefreshText) -> Result<Arc<LiveSession>, Error> {
    let is_plain = |live: &Arc<LiveSession>| {
        live.session.is_live(cx.now()) && live.session.family.leaf == i64::from(token.generation)
    };
    let plain = cx.core.caches.sessions.get(&token.session).filter(is_plain);
    match plain {
        Some(live) => prove(cx, token, &live.session).await.map(|()| live),
        None => Ok(Arc::new(LiveSession::new(find(cx, token).await?))),
    }
}

/// The session of an authentic token.
pub(crate) async fn find(cx: &Cx, token: &RefreshText) -> Result<Session, Error> {
    let session = sessions::find(&cx.core.store.db, token.session)
        .await?
        .ok_or(Refresh::Unknown)?;
    prove(cx, token, &session).await?;
    Ok(session)
}

/// The project and environment of the session that a refresh token names. The token is not judged by this.
pub async fn realm_of_refresh_token(
    core: &Core,
    text: &str,
) -> Result<Option<(Arc<Project>, Environment)>, Error> {
    let Some(token) = RefreshText::parse(text) else {
        return Ok(None);
    };
    let Some(session) = sessions::find(&core.store.db, token.session).await? else {
        return Ok(None);
    };
    entrance::enabled(core, session.realm).await
}

/// Judges whether a token is authentic. A forged one is unknown, like one of a session that does not exist.
async fn prove(cx: &Cx, token: &RefreshText, session: &Session) -> Result<(), Error> {
    let door = cx.core.door(&session.dialect).ok_or(Refresh::Unknown)?;
    let key = keyring::refresh_key(&cx.core, session.realm).await?;
    let scope = RefreshScope {
        salt: &session.salt,
        realm: session.realm,
        dialect: door.name,
    };
    if token.authentic(&key, &scope) {
        Ok(())
    } else {
        Err(Refresh::Unknown.into())
    }
}

/// The table's verdict, with what this process knows beyond the row.
fn judge(step: &Advance, family: &Family) -> Verdict {
    let used_here = step.used == Some(family.leaf);
    let used_at = family.leaf_used_at.or(used_here.then_some(step.now));
    Family {
        leaf_used_at: used_at,
        ..*family
    }
    .judge(step.generation, step.now, step.overlap)
}

fn refusal(step: &Advance, family: &Family) -> Refresh {
    match judge(step, family) {
        Verdict::Revoked => Refresh::Revoked,
        Verdict::Expired => Refresh::Expired,
        Verdict::Reused => Refresh::Reused,
        Verdict::Unknown | Verdict::Advance | Verdict::SameAgain => Refresh::Unknown,
    }
}

struct Step {
    step: Advance,
    reused: Entry,
}

async fn step_on(cx: &Cx, step: Advance, session: &Session) -> Result<Stand, Error> {
    let reused = audit::refused(cx, Act::RefreshReused)
        .about(session.user)
        .in_session(session.id);
    let ticket = cx.core.caches.sessions.ticket(&session.id);
    let (stand, moved) = cx.write(advance, Step { step, reused }).await?;
    // From the generation that the cache held for the live one to the next: elsewhere it may have gone on meanwhile.
    if moved && (step.generation, stand.generation) == (session.family.leaf, session.family.leaf + 1) {
        let live = Arc::new(LiveSession::new(after(&step, session)));
        cx.core.caches.sessions.renew(&ticket, session.id, live);
    }
    Ok(stand)
}

/// The session as the step from its live generation has left it.
fn after(step: &Advance, session: &Session) -> Session {
    let family = Family {
        leaf: session.family.leaf + 1,
        parent: session.family.leaf,
        rotated_at: step.now,
        leaf_used_at: None,
        ..session.family
    };
    Session {
        family,
        idle_until: step.idle_until,
        ..session.clone()
    }
}

/// Answers where the family stands then, and whether it was this that moved it.
async fn advance(tx: &mut Tx, input: &Step) -> Result<(Stand, bool), Stop> {
    let Step { step, reused } = input;
    if let Some(generation) = sessions::advance(tx, step).await? {
        let stand = Stand {
            generation,
            rotated_at: step.now,
        };
        return Ok((stand, true));
    }
    // The row as it is now, held, so that the verdict is still true when it is carried out.
    let family = sessions::hold(tx, step.session)
        .await?
        .ok_or(Refresh::Unknown)?
        .family;
    match judge(step, &family) {
        Verdict::SameAgain => Ok((Stand::of(&family), false)),
        Verdict::Reused => {
            sessions::end(tx, step.session, EndReason::Reused, step.now).await?;
            vestibule_store::audit::write(tx, reused).await?;
            Err(Refresh::Reused.keeping_writes())
        }
        Verdict::Unknown | Verdict::Revoked | Verdict::Expired | Verdict::Advance => {
            Err(refusal(step, &family).into())
        }
    }
}
