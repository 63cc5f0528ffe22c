//! A new pair of tokens for a refresh token (`STORE.md` §2, the state table).

use crate::audit;
use crate::authenticate;
use crate::cx::Cx;
use crate::error::{Error, KeepingWrites, Stop};
use crate::issue::{self, SignedIn};
use crate::keyring;
use vestibule_keys::secret_text::{RefreshScope, RefreshText};
use vestibule_model::Timestamp;
use vestibule_model::refresh::{Family, Verdict};
use vestibule_model::refusal::Refresh;
use vestibule_model::session::{EndReason, Session};
use vestibule_store::Tx;
use vestibule_store::audit::{Act, Entry};
use vestibule_store::sessions::{self, Advance};

/// Where the family stands after a refresh: the generation that is answered with, and when it was made.
#[derive(Clone, Copy)]
struct Stand {
    generation: i64,
    rotated_at: Timestamp,
}

/// Exchanges a refresh token for its successor. The claims reflect the present user (RT09); a token of another
/// project, environment or dialect is unknown here (RT07); a used one ends its session.
pub async fn refresh(cx: &Cx, presented: &str) -> Result<SignedIn, Error> {
    let token = RefreshText::parse(presented).ok_or(Refresh::Unknown)?;
    let session = find(cx, &token).await?;
    if session.realm != cx.realm() || session.dialect != cx.door.name.as_str() {
        tracing::warn!(session = %session.id, "a refresh token was presented to another project, environment or dialect");
        return Err(Refresh::Unknown.into());
    }
    let step = Advance {
        session: session.id,
        generation: token.generation.into(),
        now: cx.now(),
        overlap: cx.project.settings.tokens.overlap(),
        used: cx.core.used.has(session.id, session.family.leaf),
        idle_until: cx.policy().idle_lifetime.map(|idle| cx.now().plus(idle)),
    };
    if session.family.revoked_at.is_none() && session.is_idle(step.now) {
        return Err(Refresh::Expired.into());
    }
    let stand = match judge(&step, &session.family) {
        Verdict::SameAgain => Stand {
            generation: session.family.leaf,
            rotated_at: session.family.rotated_at,
        },
        Verdict::Advance | Verdict::Reused => Stand {
            generation: session.family.leaf + 1,
            rotated_at: step.now,
        },
        Verdict::Unknown | Verdict::Revoked | Verdict::Expired => {
            return Err(refusal(&step, &session.family).into());
        }
    };
    let user = authenticate::find_user(cx, &session)
        .await?
        .ok_or(Refresh::Revoked)?;
    let access = issue::access(cx, &user, &session, stand.generation, stand.rotated_at).await?;
    let stand = if stand.generation == session.family.leaf {
        stand
    } else {
        step_on(cx, step, &session).await?
    };
    let access = if access.is_of(stand.generation, stand.rotated_at) {
        access
    } else {
        issue::access(cx, &user, &session, stand.generation, stand.rotated_at).await?
    };
    access.with_refresh(cx, step.now, user, &session).await
}

/// The session of an authentic token. A forged one is unknown, like one of a session that does not exist.
pub(crate) async fn find(cx: &Cx, token: &RefreshText) -> Result<Session, Error> {
    let session = sessions::find(&cx.core.store.db, token.session)
        .await?
        .ok_or(Refresh::Unknown)?;
    let door = cx.core.door(&session.dialect).ok_or(Refresh::Unknown)?;
    let key = keyring::refresh_key(&cx.core, session.realm).await?;
    let scope = RefreshScope {
        salt: &session.salt,
        realm: session.realm,
        dialect: door.name,
    };
    if token.authentic(&key, &scope) {
        Ok(session)
    } else {
        Err(Refresh::Unknown.into())
    }
}

/// The table's verdict, with what this process knows beyond the row.
fn judge(step: &Advance, family: &Family) -> Verdict {
    let used_at = family.leaf_used_at.or(step.used.then_some(step.now));
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
    cx.write(advance, Step { step, reused }).await
}

async fn advance(tx: &mut Tx, input: &Step) -> Result<Stand, Stop> {
    let Step { step, reused } = input;
    if let Some(generation) = sessions::advance(tx, step).await? {
        return Ok(Stand {
            generation,
            rotated_at: step.now,
        });
    }
    // The row as it is now, held, so that the verdict is still true when it is carried out.
    let family = sessions::hold(tx, step.session)
        .await?
        .ok_or(Refresh::Unknown)?
        .family;
    match judge(step, &family) {
        Verdict::SameAgain => Ok(Stand {
            generation: family.leaf,
            rotated_at: family.rotated_at,
        }),
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
