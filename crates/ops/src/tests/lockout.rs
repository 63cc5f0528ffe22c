//! Who is evaluated, and how often.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn l12_of_two_hundred_wrong_passwords_at_once_five_are_evaluated() {
    let house = Arc::new(House::open(|_| {}).await);
    let ada = house.register("ada@example.org").await.unwrap();
    let answers = at_once(200, |_| {
        let (house, ada) = (house.clone(), ada.clone());
        async move { house.attempt(&ada, "wrong").await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Some(false)).count(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 195);
    assert_eq!(house.attempt(&ada, PASSWORD).await, None, "locked for everybody");
    house.pass(Duration::from_mins(1));
    assert_eq!(house.attempt(&ada, PASSWORD).await, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_twenty_correct_passwords_at_once_are_all_right() {
    let house = Arc::new(House::open(|_| {}).await);
    let ada = house.register("ada@example.org").await.unwrap();
    for _ in 0..4 {
        assert_eq!(house.attempt(&ada, "wrong").await, Some(false));
    }
    let answers = at_once(20, |_| {
        let (house, ada) = (house.clone(), ada.clone());
        async move { house.attempt(&ada, PASSWORD).await }
    })
    .await;
    assert_eq!(answers, vec![Some(true); 20]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_shed_is_no_failure() {
    let house = House::with_queue(0, |_| {}).await;
    let ada = house.imported(BCRYPT).await.unwrap();
    let credential = credentials::find(&house.cx.core.store.db, ada.id).await.unwrap();
    let account = passwords::account(Some(&ada), "");
    for _ in 0..6 {
        let shed = passwords::evaluate(&house.cx, account, credential.as_ref(), "wrong").await;
        assert!(matches!(
            refused(shed),
            Refusal::Failed(Failed::Overloaded { .. })
        ));
    }
}

#[tokio::test]
async fn an_attempt_whose_client_hung_up_before_the_verdict_is_no_failure() {
    let house = House::open(|_| {}).await;
    let ada = house.register("ada@example.org").await.unwrap();
    for _ in 0..4 {
        assert_eq!(house.attempt(&ada, "wrong").await, Some(false));
    }
    let account = passwords::account(Some(&ada), "");
    drop(passwords::Charged::of(&house.cx, account));
    // It is taken back before what is written after it.
    tokio::task::yield_now().await;
    let attempts = [
        house.attempt(&ada, "wrong").await,
        house.attempt(&ada, "wrong").await,
        house.attempt(&ada, "wrong").await,
    ];
    assert_eq!(attempts, [Some(false), Some(false), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p17_p21_damaged_hashes_fail_closed_and_imported_ones_are_replaced_at_the_first_login() {
    let house = House::open(|_| {}).await;
    let db = &house.cx.core.store.db;
    for unreadable in ["", "plain text", &BCRYPT.replace("$05$", "$31$")] {
        assert!(
            matches!(refused(house.imported(unreadable).await), Refusal::Input(_)),
            "{unreadable}"
        );
    }
    let ada = house.imported(BCRYPT).await.unwrap();
    assert_eq!(house.attempt(&ada, "U*U*").await, Some(false));
    let old = credentials::find(db, ada.id).await.unwrap().unwrap();
    let account = passwords::account(Some(&ada), "");
    let evaluated = passwords::evaluate(&house.cx, account, Some(&old), "U*U")
        .await
        .unwrap();
    assert!(evaluated.right && evaluated.outdated);
    passwords::rehash(&house.cx, &ada, &old, "U*U").await;
    drop(evaluated);
    let new = credentials::find(db, ada.id).await.unwrap().unwrap();
    assert!(
        new.hash.starts_with("n1$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        new.hash
    );
    assert_eq!(new.version, old.version);
    assert_eq!(house.attempt(&ada, "U*U").await, Some(true));

    async fn damage(tx: &mut Tx, user: &User) -> Result<i64, crate::error::Stop> {
        Ok(credentials::set(tx, user.id, "n1$argon2id$v=19$m=19456", user.created_at).await?)
    }
    house.cx.write(damage, ada.clone()).await.unwrap();
    assert_eq!(house.attempt(&ada, "U*U").await, Some(false));
}
