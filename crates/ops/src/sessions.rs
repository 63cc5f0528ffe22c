//! A user's own sessions.

use crate::audit;
use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use vestibule_model::Timestamp;
use vestibule_model::id::SessionId;
use vestibule_model::refusal::NotFound;
use vestibule_model::session::{EndReason, Session};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::{Tx, sessions};

/// The caller's live sessions, newest first, at most 100.
pub async fn list_sessions(cx: &Cx, caller: &Caller) -> Result<Vec<Session>, Error> {
    Ok(crate::me(cx, caller).await?.sessions.clone())
}

/// Ends one of the caller's sessions. One that has ended before is ended all the same; another user's is not found.
pub async fn revoke_session(cx: &Cx, caller: &Caller, id: &str) -> Result<(), Error> {
    let id: SessionId = id.parse().map_err(|_| NotFound::Session)?;
    let session = sessions::find(&cx.core.store.db, id)
        .await?
        .ok_or(NotFound::Session)?;
    if session.user != caller.user.id {
        return Err(NotFound::Session.into());
    }
    end(cx, &session).await
}

/// Ends a session whose holder asks for it; does nothing when it has ended.
pub(crate) async fn end(cx: &Cx, session: &Session) -> Result<(), Error> {
    let why = EndReason::Logout;
    let entry = audit::done(cx, Act::SessionRevoked)
        .about(session.user)
        .in_session(session.id);
    let entry = Entry {
        realm: session.realm,
        ..entry.saying(why.as_str())
    };
    cx.write(
        body,
        End {
            session: session.id,
            why,
            now: cx.now(),
            entry,
        },
    )
    .await
}

struct End {
    session: SessionId,
    why: EndReason,
    now: Timestamp,
    entry: Entry,
}

async fn body(tx: &mut Tx, input: &End) -> Result<(), Stop> {
    if sessions::end(tx, input.session, input.why, input.now).await? {
        vestibule_store::audit::write(tx, &input.entry).await?;
    }
    Ok(())
}
