//! Refresh as clients meet it; the state table itself is tested in `model`, the race in `store`.

use super::*;
use crate::{refresh, upkeep};
use vestibule_model::refusal::{Refresh, Token};

/// A refresh token, and the next one.
async fn next(house: &House, token: &str) -> Result<(String, String), crate::Error> {
    let signed_in = refresh(&house.cx, token).await?;
    Ok((signed_in.access_token, signed_in.refresh_token.unwrap()))
}

#[tokio::test]
async fn rt01_the_replay_of_a_used_token_ends_the_session_and_is_written_down() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let first = mine.refresh_token.unwrap();
    let (access, second) = next(&house, &first).await.unwrap();
    house.pass(Duration::from_secs(11));
    let (_, third) = next(&house, &second).await.unwrap();
    assert_eq!(refused(next(&house, &first).await), Refresh::Reused.into());
    assert_eq!(refused(next(&house, &third).await), Refresh::Revoked.into());
    assert_eq!(refused(house.check(&access).await), Token::Revoked.into());
    let reused = house
        .acts()
        .await
        .into_iter()
        .filter(|(act, _)| *act == Act::RefreshReused);
    assert_eq!(reused.count(), 1);
}

#[tokio::test]
async fn a_refresh_leaves_the_session_cached_as_its_row_is() {
    let house = sessions::house_with_idle_ends().await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let (mut access, mut token) = (mine.access_token, mine.refresh_token.unwrap());
    for round in 0..4 {
        if round % 2 == 1 {
            house.check(&access).await.unwrap();
            upkeep::mark_used(&house.cx.core).await.unwrap();
        }
        house.pass(Duration::from_mins(1));
        (access, token) = next(&house, &token).await.unwrap();
        let cached = house.cx.core.caches.sessions.get(&mine.session).unwrap();
        let row = house.stored(mine.session).await;
        assert_eq!(
            format!("{:?}", cached.session),
            format!("{row:?}"),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn rt03_within_the_overlap_the_same_pair_comes_back_to_the_letter() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let first = mine.refresh_token.unwrap();
    let answer = next(&house, &first).await.unwrap();
    house.check(&answer.0).await.unwrap();
    house.pass(Duration::from_millis(9_999));
    let again = refresh(&house.cx, &first).await.unwrap();
    assert_eq!(again.expires_in, Duration::from_secs(900 - 9));
    assert_eq!((again.access_token, again.refresh_token.unwrap()), answer);
}

#[tokio::test]
async fn rt03_after_it_a_lost_answer_is_replaced_and_the_lost_pair_is_dead() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let first = mine.refresh_token.unwrap();
    let (lost_access, lost) = next(&house, &first).await.unwrap();
    house.pass(Duration::from_secs(10));
    let (access, _) = next(&house, &first).await.unwrap();
    house.check(&access).await.unwrap();
    house.check(&mine.access_token).await.unwrap();
    assert_eq!(refused(house.check(&lost_access).await), Token::Revoked.into());
    assert_eq!(refused(next(&house, &lost).await), Refresh::Reused.into());
}

#[tokio::test]
async fn rt03_a_lost_pair_is_dead_also_on_a_node_that_had_not_heard_of_it() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let (first, before) = (mine.refresh_token.unwrap(), house.stored(mine.session).await);
    let (lost_access, _) = next(&house, &first).await.unwrap();
    house.believe(before);
    house.pass(Duration::from_secs(10));
    let (access, _) = next(&house, &first).await.unwrap();
    assert_eq!(refused(house.check(&lost_access).await), Token::Revoked.into());
    house.check(&access).await.unwrap();
}

#[tokio::test]
async fn rt03_a_lost_answer_is_replaced_although_the_pair_before_it_was_just_used() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let (first, before) = (mine.refresh_token.unwrap(), house.stored(mine.session).await);
    next(&house, &first).await.unwrap();
    house.believe(before);
    house.pass(Duration::from_secs(10));
    house.check(&mine.access_token).await.unwrap();
    assert_eq!(house.cx.core.used.some(10).len(), 1, "it is noted here");
    next(&house, &first).await.unwrap();
}

#[tokio::test]
async fn a_successor_that_was_used_cannot_be_replaced_whether_or_not_that_is_written_yet() {
    for written in [false, true] {
        let house = House::open(|_| {}).await;
        let (_, mine) = house.signed_in("ada@example.org").await;
        let first = mine.refresh_token.unwrap();
        let (access, _) = next(&house, &first).await.unwrap();
        house.check(&access).await.unwrap();
        if written {
            upkeep::mark_used(&house.cx.core).await.unwrap();
            assert!(house.stored(mine.session).await.family.leaf_used_at.is_some());
        }
        house.pass(Duration::from_secs(10));
        assert_eq!(refused(next(&house, &first).await), Refresh::Reused.into());
    }
}

#[tokio::test]
async fn a_use_is_noted_once_per_generation_and_not_for_older_ones() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    next(&house, mine.refresh_token.as_deref().unwrap())
        .await
        .unwrap();
    house.check(&mine.access_token).await.unwrap();
    assert!(
        house.cx.core.used.some(10).is_empty(),
        "the old generation's token"
    );
    let (ada, other) = house.signed_in("bob@example.org").await;
    for _ in 0..3 {
        house.check(&other.access_token).await.unwrap();
    }
    assert_eq!(house.cx.core.used.some(10).len(), 1);
    upkeep::mark_used(&house.cx.core).await.unwrap();
    house.check(&other.access_token).await.unwrap();
    assert!(
        house.cx.core.used.some(10).is_empty(),
        "it is written: {}",
        ada.id
    );
}

#[tokio::test]
async fn rt06_rt14_rotation_neither_prolongs_a_session_nor_grows_it() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let began = house.stored(mine.session).await;
    let mut token = mine.refresh_token.unwrap();
    for _ in 0..1_000 {
        house.pass(Duration::from_secs(11));
        token = next(&house, &token).await.unwrap().1;
    }
    let now = house.stored(mine.session).await;
    assert_eq!(
        (now.family.leaf, now.family.expires_at),
        (1_001, began.family.expires_at)
    );
    let a_minute = Duration::from_mins(1);
    house.pass(now.family.expires_at.minus(a_minute).since(house.cx.now()));
    let last = refresh(&house.cx, &token).await.unwrap();
    assert_eq!(last.expires_in, a_minute, "no token outlives its session");
    house.pass(a_minute);
    assert_eq!(
        refused(next(&house, &last.refresh_token.unwrap()).await),
        Refresh::Expired.into()
    );
}

#[tokio::test]
async fn rt07_a_token_is_unknown_in_the_other_environment_and_stays_good_at_home() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let token = mine.refresh_token.unwrap();
    let test = Cx {
        environment: Environment::Test,
        ..house.cx.clone()
    };
    assert_eq!(refused(refresh(&test, &token).await), Refresh::Unknown.into());
    next(&house, &token).await.unwrap();
}

#[tokio::test]
async fn rt10_what_is_no_token_is_unknown() {
    let house = House::open(|_| {}).await;
    let (_, mine) = house.signed_in("ada@example.org").await;
    let token = mine.refresh_token.unwrap();
    let flipped: String = token.chars().rev().collect();
    for text in [
        "",
        "rt_",
        "' OR 1=1 --",
        &token[..87],
        &format!("{token}A"),
        &format!("pt{}", &token[2..]),
        &flipped,
    ] {
        assert_eq!(
            refused(next(&house, text).await),
            Refresh::Unknown.into(),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt02_two_tabs_and_more_get_one_and_the_same_pair() {
    let house = Arc::new(House::open(|_| {}).await);
    let (_, mine) = house.signed_in("ada@example.org").await;
    let mut token = mine.refresh_token.unwrap();
    for _ in 0..20 {
        let (tabs, presented) = (Arc::clone(&house), token.clone());
        let pairs = at_once(16, move |_| {
            let (house, token) = (Arc::clone(&tabs), presented.clone());
            async move { next(&house, &token).await.unwrap() }
        })
        .await;
        assert!(pairs.iter().all(|pair| *pair == pairs[0]));
        token.clone_from(&pairs[0].1);
        house.check(&pairs[0].0).await.unwrap();
    }
}
