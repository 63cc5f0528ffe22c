//! Sessions that begin.

use super::*;
use crate::sessions;
use std::sync::Arc;
use tokio::sync::Barrier;
use vestibule_model::id::SessionId;
use vestibule_model::refresh::Family;
use vestibule_model::session::Session;

const ADA: UserId = UserId::from_bytes([1; 16]);

/// A sign-in of a user as judged, by a version of the password.
struct SignIn {
    user: User,
    version: i64,
    session: Session,
}

/// A session with this number.
fn session(user: &User, number: u32) -> Session {
    let mut id = [2; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Session {
        id: SessionId::from_bytes(id),
        user: user.id,
        realm: user.realm,
        dialect: "rakomi".to_owned(),
        salt: [3; 16],
        created_at: at(1),
        family: Family {
            revoked_at: None,
            expires_at: at(3_600),
            leaf: 1,
            parent: 0,
            rotated_at: at(1),
            leaf_used_at: None,
        },
        idle_until: Some(at(60)),
        user_agent: Some("curl/8".to_owned()),
        ip_hash: "0f".to_owned(),
    }
}

fn entry(session: &Session) -> audit::Entry {
    audit::Entry {
        id: AuditId::from_bytes(session.id.bytes()),
        realm: session.realm,
        at: session.created_at,
        act: audit::Act::LoginSucceeded,
        outcome: audit::Outcome::Success,
        actor: "user".to_owned(),
        user: Some(session.user),
        session: Some(session.id),
        dialect: session.dialect.clone(),
        ip: None,
        user_agent: None,
        request_id: "req_1".to_owned(),
        detail: None,
    }
}

async fn begin(tx: &mut Tx, it: &SignIn) -> Result<bool, Error> {
    sign_in::begin(tx, (&it.user, it.version), &it.session, &entry(&it.session)).await
}

async fn set_password(tx: &mut Tx, user: &UserId) -> Result<i64, Error> {
    credentials::set(tx, *user, "hash", at(0)).await
}

async fn fail_once(tx: &mut Tx, realm: &Realm) -> Result<Charge, Error> {
    attempts::charge(tx, *realm, &Account::User(ADA), &LOCKOUT, at(0)).await
}

impl House {
    /// Ada, who has a password and has just failed with another.
    async fn ada(&self) -> User {
        self.register(self.user(1, "ada@example.org")).await;
        self.db.write(soon(), set_password, ADA).await.unwrap();
        self.db.write(soon(), fail_once, self.realm).await.unwrap();
        users::find(&self.db, ADA).await.unwrap().unwrap()
    }

    async fn begins(&self, user: &User, version: i64, number: u32) -> bool {
        let it = SignIn {
            user: user.clone(),
            version,
            session: session(user, number),
        };
        self.db.write(soon(), begin, it).await.unwrap()
    }

    /// How many sessions, rows of the act, and accounts with failures there are.
    async fn traces(&self) -> [i64; 3] {
        let mut counts = [0; 3];
        for (count, table) in counts.iter_mut().zip([
            "SELECT COUNT(*) FROM sessions",
            "SELECT COUNT(*) FROM audit",
            "SELECT COUNT(*) FROM login_attempts",
        ]) {
            *count = self
                .db
                .read_one(table, &[])
                .await
                .unwrap()
                .unwrap()
                .get(0)
                .unwrap();
        }
        counts
    }
}

on_both! {
    async fn a_session_begins_with_its_row_of_the_act_and_the_failures_are_forgotten(house: House) {
        let ada = house.ada().await;
        assert!(house.begins(&ada, 1, 1).await);
        assert_eq!(house.traces().await, [1, 1, 0]);
        assert!(house.begins(&ada, 1, 1).await, "a second run finds what the first wrote");
        assert_eq!(house.traces().await, [1, 1, 0]);
        let begun = sessions::find(&house.db, session(&ada, 1).id).await.unwrap().unwrap();
        assert_eq!(format!("{begun:?}"), format!("{:?}", session(&ada, 1)));
    }

    async fn nothing_begins_once_the_account_is_not_as_it_was_judged(house: House) {
        let ada = house.ada().await;
        assert!(!house.begins(&ada, 2, 1).await, "another password");
        let mut judged = ada.clone();
        judged.disabled_at = Some(at(0));
        assert!(!house.begins(&judged, 1, 1).await, "it was disabled, and is not any more");
        judged = ada.clone();
        judged.email_verified_at = Some(at(0));
        assert!(!house.begins(&judged, 1, 1).await, "its address was verified");
        async fn disable(tx: &mut Tx, user: &UserId) -> Result<bool, Error> {
            users::disable(tx, *user, at(0)).await
        }
        house.db.write(soon(), disable, ADA).await.unwrap();
        assert!(!house.begins(&ada, 1, 1).await, "it is disabled now");
        assert_eq!(house.traces().await, [0, 0, 1], "nothing is left of these");
    }

    async fn s11_who_has_many_sessions_begins_none_before_room_was_looked_for(house: House) {
        let ada = house.ada().await;
        let most = sessions::MAX_OF_USER / 2;
        for number in 0..=most {
            assert!(house.begins(&ada, 1, number).await, "{number}");
        }
        assert!(house.begins(&ada, 1, most).await, "a second run finds what the first wrote");
        assert!(!house.begins(&ada, 1, most + 1).await);
        let begun = i64::from(most) + 1;
        assert_eq!(house.traces().await, [begun, begun, 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_while_the_account_is_being_disabled_waits_and_learns_of_it() {
    async fn disable_slowly(tx: &mut Tx, begun: &Arc<Barrier>) -> Result<bool, Error> {
        let disabled = users::disable(tx, ADA, at(0)).await?;
        begun.wait().await;
        tx.all("SELECT 1 FROM pg_sleep(0.3)", &[]).await?;
        Ok(disabled)
    }
    let Some(house) = House::open_postgres().await else {
        return;
    };
    let ada = house.ada().await;
    let begun = Arc::new(Barrier::new(2));
    let disabling = house.db.write(soon(), disable_slowly, Arc::clone(&begun));
    let beginning = async {
        begun.wait().await;
        house.begins(&ada, 1, 1).await
    };
    assert_eq!(tokio::join!(disabling, beginning), (Ok(true), false));
}
