//! Access tokens, the caches behind them, logout.

use super::*;
use crate::authenticate::LiveSession;
use crate::{
    Caller, LogoutTarget, SignedIn, authenticate, issue, list_sessions, logout, me, refresh, revoke_session,
};
use vestibule_model::id::SessionId;
use vestibule_model::refusal::{Account, Credentials, NotFound, Refresh, Token};
use vestibule_model::session::EndReason;
use vestibule_store::sessions;

impl House {
    /// A registered user, signed in.
    pub(super) async fn signed_in(&self, email: &str) -> (User, SignedIn) {
        let user = self.register(email).await.unwrap();
        let signed_in = self.sign_in(&user).await.unwrap();
        (user, signed_in)
    }

    pub(super) async fn sign_in(&self, user: &User) -> Result<SignedIn, crate::Error> {
        let credential = credentials::find(&self.cx.core.store.db, user.id)
            .await
            .unwrap()
            .unwrap();
        issue::sign_in(&self.cx, user, credential.version).await
    }

    pub(super) async fn check(&self, token: &str) -> Result<Caller, crate::Error> {
        authenticate(&self.cx, token).await
    }

    /// Makes this node believe what it knew of a session before: what was done since is another's doing, and not heard of.
    pub(super) fn believe(&self, known: vestibule_model::session::Session) {
        let (id, cache) = (known.id, &self.cx.core.caches.sessions);
        let ticket = cache.ticket(&id);
        cache.fill(&ticket, id, Arc::new(LiveSession::new(known)));
    }

    pub(super) async fn stored(&self, id: SessionId) -> vestibule_model::session::Session {
        sessions::find(&self.cx.core.store.db, id).await.unwrap().unwrap()
    }
}

async fn disable(tx: &mut Tx, user: &User) -> Result<(), crate::error::Stop> {
    users::disable(tx, user.id, user.created_at).await?;
    sessions::end_all(tx, user.id, EndReason::UserDisabled, None, user.created_at).await?;
    Ok(())
}

#[tokio::test]
async fn s05_an_ended_session_is_refused_at_once_although_everything_is_cached() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    for _ in 0..3 {
        let caller = house.check(&mine.access_token).await.unwrap();
        assert_eq!(me(&house.cx, &caller).await.unwrap().sessions.len(), 1);
    }
    logout(&house.cx, Some(&mine.access_token), LogoutTarget::Current)
        .await
        .unwrap();
    assert_eq!(
        refused(house.check(&mine.access_token).await),
        Token::Revoked.into()
    );
    let refreshed = refresh(&house.cx, mine.refresh_token.as_deref().unwrap()).await;
    assert_eq!(refused(refreshed), Refresh::Revoked.into());
    assert!(
        house
            .acts()
            .await
            .contains(&(Act::SessionRevoked, Some("logout".to_owned())))
    );
}

/// A house whose sessions end an hour after their last use.
pub(super) async fn house_with_idle_ends() -> House {
    let mut house = House::open(|_| {}).await;
    let door = door();
    door.policy.idle_lifetime = Some(Duration::from_hours(1));
    house.cx.door = door;
    house
}

#[tokio::test]
async fn s05_logout_ends_a_session_that_another_node_knows_to_live_on() {
    let house = house_with_idle_ends().await;
    let (ada, mine) = house.signed_in("ada@example.org").await;
    house.pass(Duration::from_mins(50));
    let other = house.sign_in(&ada).await.unwrap();
    let before = house.stored(mine.session).await;
    refresh(&house.cx, mine.refresh_token.as_deref().unwrap())
        .await
        .unwrap();
    house.believe(before);
    house.pass(Duration::from_mins(14));
    let target = LogoutTarget::Session(mine.session.to_string());
    logout(&house.cx, Some(&other.access_token), target)
        .await
        .unwrap();
    assert!(house.stored(mine.session).await.family.revoked_at.is_some());
}

#[tokio::test]
async fn a_session_that_nobody_used_is_not_listed_after_its_end() {
    let house = house_with_idle_ends().await;
    let (ada, _) = house.signed_in("ada@example.org").await;
    house.pass(Duration::from_mins(50));
    let other = house.sign_in(&ada).await.unwrap();
    let listed = async || {
        let caller = house.check(&other.access_token).await.unwrap();
        me(&house.cx, &caller).await.unwrap().sessions.len()
    };
    assert_eq!(listed().await, 2);
    house.pass(Duration::from_mins(11));
    assert_eq!(listed().await, 1);
}

#[tokio::test]
async fn s06_logging_out_again_is_success_and_writes_nothing() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let out = |target| logout(&house.cx, Some(&mine.access_token), target);
    out(LogoutTarget::Current).await.unwrap();
    let acts = house.acts().await;
    house.pass(Duration::from_hours(1));
    for target in [
        LogoutTarget::Current,
        LogoutTarget::Session(mine.session.to_string()),
        LogoutTarget::RefreshToken(mine.refresh_token.clone().unwrap()),
    ] {
        out(target).await.unwrap();
    }
    assert_eq!(house.acts().await, acts);
    let forged = format!("{}x", mine.access_token);
    let answer = logout(&house.cx, Some(&forged), LogoutTarget::Current).await;
    assert_eq!(refused(answer), Token::NotAuthentic.into());
    assert_eq!(
        refused(logout(&house.cx, None, LogoutTarget::Current).await),
        Token::Missing.into()
    );
}

#[tokio::test]
async fn a_session_is_ended_by_its_refresh_token_alone_and_by_a_forged_one_never() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let token = mine.refresh_token.unwrap();
    let mut forged = token.clone();
    forged.replace_range(60..61, if token.as_bytes()[60] == b'A' { "B" } else { "A" });
    let out = |token| logout(&house.cx, None, LogoutTarget::RefreshToken(token));
    assert_eq!(refused(out(forged).await), Refresh::Unknown.into());
    house.check(&mine.access_token).await.unwrap();
    out(token).await.unwrap();
    assert_eq!(
        refused(house.check(&mine.access_token).await),
        Token::Revoked.into()
    );
}

#[tokio::test]
async fn s07_s09_only_own_sessions_are_listed_and_ended() {
    let house = House::open(|_| {}).await;
    let (ada, first) = house.signed_in("ada@example.org").await;
    house.pass(Duration::from_secs(1));
    let second = house.sign_in(&ada).await.unwrap();
    let (_, bobs) = house.signed_in("bob@example.org").await;
    let caller = house.check(&first.access_token).await.unwrap();
    let listed = list_sessions(&house.cx, &caller).await.unwrap();
    assert_eq!(
        listed.iter().map(|it| it.id).collect::<Vec<_>>(),
        [second.session, first.session]
    );
    for id in [
        bobs.session.to_string(),
        "nonsense".into(),
        SessionId::from_bytes([7; 16]).to_string(),
    ] {
        let answer = revoke_session(&house.cx, &caller, &id).await;
        assert_eq!(refused(answer), NotFound::Session.into());
        let answer = logout(&house.cx, Some(&first.access_token), LogoutTarget::Session(id)).await;
        assert_eq!(refused(answer), NotFound::Session.into());
    }
    revoke_session(&house.cx, &caller, &second.session.to_string())
        .await
        .unwrap();
    revoke_session(&house.cx, &caller, &second.session.to_string())
        .await
        .unwrap();
    assert_eq!(list_sessions(&house.cx, &caller).await.unwrap().len(), 1);
    assert_eq!(
        refused(house.check(&second.access_token).await),
        Token::Revoked.into()
    );
    house.check(&bobs.access_token).await.unwrap();
}

#[tokio::test]
async fn a_dead_sessions_token_ends_no_other_session() {
    let house = House::open(|_| {}).await;
    let (ada, first) = house.signed_in("ada@example.org").await;
    let second = house.sign_in(&ada).await.unwrap();
    logout(&house.cx, Some(&first.access_token), LogoutTarget::Current)
        .await
        .unwrap();
    let answer = logout(
        &house.cx,
        Some(&first.access_token),
        LogoutTarget::Session(second.session.to_string()),
    )
    .await;
    assert_eq!(refused(answer), Token::Revoked.into());
    house.check(&second.access_token).await.unwrap();
}

#[tokio::test]
async fn s08_a_disabled_user_is_refused_everywhere_at_once() {
    let house = House::open(|_| {}).await;
    let (user, mine) = house.signed_in("ada@example.org").await;
    house.check(&mine.access_token).await.unwrap();
    house.cx.write(disable, user.clone()).await.unwrap();
    assert_eq!(
        refused(house.check(&mine.access_token).await),
        Token::Revoked.into()
    );
    let answer = refresh(&house.cx, mine.refresh_token.as_deref().unwrap()).await;
    assert_eq!(refused(answer), Refresh::Revoked.into());
    assert_eq!(refused(house.sign_in(&user).await), Account::Disabled.into());
}

#[tokio::test]
async fn a_session_begins_only_for_the_password_that_was_verified() {
    let house = House::open(|_| {}).await;
    let user = house.register("ada@example.org").await.unwrap();
    async fn change(tx: &mut Tx, user: &User) -> Result<(), crate::error::Stop> {
        credentials::set(tx, user.id, "another", user.created_at).await?;
        Ok(())
    }
    house.cx.write(change, user.clone()).await.unwrap();
    assert_eq!(
        refused(issue::sign_in(&house.cx, &user, 1).await),
        Credentials::Wrong.into()
    );
    let listed = sessions::live_of_user(&house.cx.core.store.db, user.id, house.cx.now())
        .await
        .unwrap();
    assert!(listed.is_empty());
}

#[tokio::test]
async fn t10_a_token_expires_thirty_seconds_after_exp_whether_or_not_it_is_cached() {
    for cached in [true, false] {
        let house = House::open(|_| {}).await;
        let (_, mine) = house.signed_in("ada@example.org").await;
        assert_eq!(mine.expires_in, Duration::from_mins(15));
        if cached {
            house.check(&mine.access_token).await.unwrap();
        }
        house.pass(Duration::from_secs(900 + 29));
        house.check(&mine.access_token).await.unwrap();
        house.pass(Duration::from_secs(2));
        assert_eq!(
            refused(house.check(&mine.access_token).await),
            Token::Expired.into()
        );
    }
}

#[tokio::test]
async fn x04_the_other_environments_key_is_told_apart_and_another_projects_is_not() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    for _ in 0..2 {
        let test = Cx {
            environment: Environment::Test,
            ..house.cx.clone()
        };
        let answer = authenticate(&test, &mine.access_token).await;
        assert_eq!(
            refused(answer),
            Token::OtherEnvironment {
                key: Environment::Test
            }
            .into()
        );
        let other = vestibule_model::id::ProjectId::from_bytes([9; 16]);
        let other = vestibule_model::Project {
            id: other,
            ..(*house.cx.project).clone()
        };
        let other = Cx {
            project: Arc::new(other),
            ..house.cx.clone()
        };
        assert_eq!(
            refused(authenticate(&other, &mine.access_token).await),
            Token::NotAuthentic.into()
        );
        house.check(&mine.access_token).await.unwrap();
    }
}

#[tokio::test]
async fn s11_a_user_has_a_bounded_number_of_sessions_and_the_oldest_goes() {
    let house = House::open(|_| {}).await;
    let (user, first) = house.signed_in("ada@example.org").await;
    for _ in 0..sessions::MAX_OF_USER {
        house.pass(Duration::from_millis(1));
        house.sign_in(&user).await.unwrap();
    }
    assert_eq!(
        refused(house.check(&first.access_token).await),
        Token::Revoked.into()
    );
    async fn count(tx: &mut Tx, user: &User) -> Result<u64, crate::error::Stop> {
        Ok(sessions::end_all(tx, user.id, EndReason::Operator, None, user.created_at).await?)
    }
    assert_eq!(
        house.cx.write(count, user).await.unwrap(),
        u64::from(sessions::MAX_OF_USER)
    );
}

#[tokio::test]
async fn what_me_says_follows_every_change_of_the_sessions() {
    let house = House::open(|_| {}).await;
    let (ada, first) = house.signed_in("ada@example.org").await;
    let caller = house.check(&first.access_token).await.unwrap();
    let seen = async || me(&house.cx, &caller).await.unwrap();
    assert_eq!(seen().await.sessions.len(), 1);
    house.pass(Duration::from_secs(5));
    house.sign_in(&ada).await.unwrap();
    assert_eq!(seen().await.sessions.len(), 2);
    let before = seen().await.sessions[1].last_used_at();
    house.pass(Duration::from_secs(20));
    refresh(&house.cx, first.refresh_token.as_deref().unwrap())
        .await
        .unwrap();
    assert_eq!(
        seen().await.sessions[1].last_used_at(),
        before.plus(Duration::from_secs(25))
    );
    house.pass(Duration::from_secs(24 * 3_600 - 24));
    assert_eq!(
        seen().await.sessions.len(),
        1,
        "the first has reached its absolute end"
    );
}
