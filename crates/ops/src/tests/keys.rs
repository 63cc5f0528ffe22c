//! Signing keys through their lives.

use super::*;
use crate::admin::keys::{self, State};
use crate::{jwks, realm_of_kid};
use vestibule_model::refusal::Token;

impl House {
    /// The kids of the published document.
    async fn published(&self) -> Vec<String> {
        let cx = &self.cx;
        let document = jwks(&cx.core, &cx.project, &[cx.environment], cx.door.name)
            .await
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&document.body).unwrap();
        let keys = document["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn rotate(&self) -> keys::SigningKey {
        let (cx, by) = (&self.cx, admin::Operator { name: "test".into() });
        keys::rotate(&cx.core, &by, &cx.project, cx.environment, cx.door)
            .await
            .unwrap()
    }

    async fn states(&self) -> Vec<State> {
        let listed = keys::list(&self.cx.core, self.cx.project.id).await.unwrap();
        listed.into_iter().map(|key| key.state).collect()
    }

    async fn revoke(&self, kid: &str) -> bool {
        let by = admin::Operator { name: "test".into() };
        keys::revoke(&self.cx.core, &by, kid).await.unwrap()
    }
}

fn kid_of(token: &str) -> String {
    vestibule_keys::jose::Compact::parse(token)
        .unwrap()
        .kid()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn t21_a_new_key_is_published_before_it_signs_and_an_old_one_until_its_last_token_is_gone() {
    let house = House::open(|_| {}).await;
    let (user, first) = house.signed_in("ada@example.org").await;
    let old = kid_of(&first.access_token);
    assert_eq!(house.published().await, std::slice::from_ref(&old));
    let new = house.rotate().await;
    assert_eq!(
        (new.state, house.rotate().await.kid),
        (State::Waiting, new.kid.clone()),
        "one waits already"
    );
    assert_eq!(house.published().await, [old.clone(), new.kid.clone()]);
    house.pass(Duration::from_secs(304));
    let last = house.sign_in(&user).await.unwrap();
    assert_eq!(kid_of(&last.access_token), old);
    house.pass(Duration::from_secs(1));
    assert_eq!(kid_of(&house.sign_in(&user).await.unwrap().access_token), new.kid);
    assert_eq!(house.states().await, [State::Retired, State::Active]);
    house.pass(Duration::from_secs(899));
    house.check(&last.access_token).await.unwrap();
    assert_eq!(house.published().await.len(), 2);
    house.pass(Duration::from_hours(24));
    assert_eq!(house.published().await, [new.kid]);
}

#[tokio::test]
async fn t22_a_revoked_key_is_refused_and_unpublished_at_once_and_the_next_sign_in_makes_another() {
    let house = House::open(|_| {}).await;
    let (user, mine) = house.signed_in("ada@example.org").await;
    house.check(&mine.access_token).await.unwrap();
    let kid = kid_of(&mine.access_token);
    assert!(house.revoke(&kid).await);
    assert!(!house.revoke(&kid).await && !house.revoke("nobody's").await);
    assert_eq!(
        refused(house.check(&mine.access_token).await),
        Token::NotAuthentic.into()
    );
    let again = house.sign_in(&user).await.unwrap();
    house.check(&again.access_token).await.unwrap();
    assert_eq!(house.published().await, [kid_of(&again.access_token)]);
    assert_ne!(kid_of(&again.access_token), kid);
}

#[tokio::test]
async fn when_a_waiting_key_is_revoked_its_predecessor_serves_on() {
    let house = House::open(|_| {}).await;
    let (user, mine) = house.signed_in("ada@example.org").await;
    let waiting = house.rotate().await;
    assert!(house.revoke(&waiting.kid).await);
    house.pass(Duration::from_hours(48));
    let later = house.sign_in(&user).await.unwrap();
    assert_eq!(kid_of(&later.access_token), kid_of(&mine.access_token));
    assert_eq!(house.states().await, [State::Active, State::Revoked]);
}

#[tokio::test]
async fn an_old_key_is_replaced_by_itself_without_making_anybody_wait() {
    let house = House::open(|defaults| defaults.tokens.key_rotation_days = 1).await;
    let (user, mine) = house.signed_in("ada@example.org").await;
    house.pass(Duration::from_hours(23));
    house.sign_in(&user).await.unwrap();
    assert_eq!(house.states().await, [State::Active]);
    house.pass(Duration::from_hours(1));
    let then = house.sign_in(&user).await.unwrap();
    assert_eq!(kid_of(&then.access_token), kid_of(&mine.access_token));
    // Who asks for a key of this ring now waits until the one in the making is there.
    house.rotate().await;
    assert_eq!(house.states().await, [State::Active, State::Waiting]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_need_the_first_key_one_is_made() {
    let house = Arc::new(House::open(|_| {}).await);
    let shared = Arc::clone(&house);
    let kids = at_once(16, move |_| {
        let house = Arc::clone(&shared);
        async move { house.published().await }
    })
    .await;
    assert!(kids.iter().all(|it| it.len() == 1 && *it == kids[0]));
    assert_eq!(house.states().await, [State::Active]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_mac_key_that_many_need_at_once_one_is_stored() {
    // Nothing but the transaction stands between them, as between two processes.
    let house = Arc::new(House::open(|_| {}).await);
    let shared = Arc::clone(&house);
    let macs = at_once(16, move |_| {
        let house = Arc::clone(&shared);
        async move {
            let key = crate::keyring::refresh_key(&house.cx.core, house.cx.realm())
                .await
                .unwrap();
            vestibule_keys::digest::mac(&key, &[b"text"]).bytes()
        }
    })
    .await;
    assert!(macs.iter().all(|mac| *mac == macs[0]));
    assert_eq!(keys_of_other_purposes(&house).await.len(), 1);
}

#[tokio::test]
async fn t04_a_kid_that_is_nobodys_is_nobodys() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let door = house.cx.door.name;
    let realm = async |kid: &str, door| realm_of_kid(&house.cx.core, kid, door).await.unwrap();
    let kid = kid_of(&mine.access_token);
    let (project, environment) = realm(&kid, door).await.unwrap();
    assert_eq!(
        (project.id, environment),
        (house.cx.project.id, Environment::Live)
    );
    assert!(realm(&kid, DialectName::new("other")).await.is_none());
    for kid in ["", "../../dev/null", "' OR 1=1", "unknown", &"k".repeat(10_000)] {
        assert!(realm(kid, door).await.is_none());
    }
    for row in keys_of_other_purposes(&house).await {
        assert!(realm(&row, door).await.is_none());
    }
}

async fn keys_of_other_purposes(house: &House) -> Vec<String> {
    let rows =
        vestibule_store::secret_keys::of_project(&house.cx.core.store.db, house.cx.project.id, 100).await;
    let others = rows.unwrap().into_iter().filter(|row| row.purpose != "signing");
    others.map(|row| row.kid).collect()
}
