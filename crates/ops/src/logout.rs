//! The end of a session, by whoever holds a token of it.

use crate::authenticate::{self, Caller};
use crate::cx::Cx;
use crate::error::Error;
use crate::{refresh, sessions};
use vestibule_keys::secret_text::RefreshText;
use vestibule_model::id::SessionId;
use vestibule_model::refusal::{NotFound, Refresh, Token};
use vestibule_model::session::Session;
use vestibule_store::sessions::find;

/// Which session is to end.
pub enum LogoutTarget {
    /// That of the access token.
    Current,
    /// Another one of the same user, by its id.
    Session(String),
    /// That of a refresh token, which is authority enough.
    RefreshToken(String),
}

/// Ends a session. With an authentic token of a session that has ended, or that has itself expired, there is nothing
/// left to do, and that is success: logging out twice is logging out (S06).
pub async fn logout(cx: &Cx, bearer: Option<&str>, target: LogoutTarget) -> Result<(), Error> {
    match target {
        LogoutTarget::Current => end(cx, own(cx, bearer).await?.1).await,
        LogoutTarget::Session(id) => by_id(cx, bearer, &id).await,
        LogoutTarget::RefreshToken(text) => {
            let token = RefreshText::parse(&text).ok_or(Refresh::Unknown)?;
            let session = refresh::find(cx, &token).await?;
            if session.realm != cx.realm() || session.dialect != cx.door.name.as_str() {
                return Err(Refresh::Unknown.into());
            }
            end(cx, Some(session)).await
        }
    }
}

/// Ends the session of a refresh token for its owner, who is signed in. A token of somebody else or of another door, one
/// that was used before and one whose session has ended are all unknown; none of them ends anything.
pub async fn logout_with_refresh_token(cx: &Cx, caller: &Caller, text: &str) -> Result<(), Error> {
    let token = RefreshText::parse(text).ok_or(Refresh::Unknown)?;
    let session = refresh::find(cx, &token).await?;
    let own = session.user == caller.user.id
        && session.realm == cx.realm()
        && session.dialect == cx.door.name.as_str();
    let newest = i64::from(token.generation) == session.family.leaf;
    if !own || !newest || !session.is_live(cx.now()) {
        return Err(Refresh::Unknown.into());
    }
    sessions::end(cx, &session).await
}

/// The session that an authentic access token names, and its row, if it still exists: a cached one may have been used
/// elsewhere since, and so live on.
async fn own(cx: &Cx, bearer: Option<&str>) -> Result<(SessionId, Option<Session>), Error> {
    let token = authenticate::verify(cx, bearer.ok_or(Token::Missing)?).await?;
    let id = token.presented.session;
    let session = find(&cx.core.store.db, id).await?;
    Ok((id, session.filter(|session| session.realm == token.realm)))
}

/// Another session than the token's own is ended only while the token's is live.
async fn by_id(cx: &Cx, bearer: Option<&str>, id: &str) -> Result<(), Error> {
    let (current, session) = own(cx, bearer).await?;
    let id: SessionId = id.parse().map_err(|_| NotFound::Session)?;
    if id == current {
        return end(cx, session).await;
    }
    let other = find(&cx.core.store.db, id).await?.ok_or(NotFound::Session)?;
    if session.is_none_or(|session| session.user != other.user) {
        return Err(NotFound::Session.into());
    }
    if other.is_live(cx.now()) {
        authenticate::authenticate(cx, bearer.ok_or(Token::Missing)?).await?;
    }
    end(cx, Some(other)).await
}

async fn end(cx: &Cx, session: Option<Session>) -> Result<(), Error> {
    match session {
        Some(session) if session.is_live(cx.now()) => sessions::end(cx, &session).await,
        _ => Ok(()),
    }
}
