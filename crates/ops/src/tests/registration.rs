//! Registration of one address by many, and of one that exists.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn r03_of_sixteen_registrations_of_one_address_one_succeeds() {
    let house = Arc::new(House::open(|_| {}).await);
    let answers = at_once(16, |number| {
        let house = house.clone();
        let email = if number % 2 == 0 {
            "Ada@Example.org"
        } else {
            "ada@example.ORG"
        };
        async move { house.register(email).await }
    })
    .await;
    let (made, taken): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), taken.len()), (1, 15));
    for answer in taken {
        assert_eq!(refused(answer), Refusal::Conflict(Conflict::EmailTaken));
    }
    assert_eq!(house.kinds().await, [MailKind::VerifyEmail]);
}

#[tokio::test(flavor = "multi_thread")]
async fn e07_a_project_that_hides_accounts_answers_alike_and_tells_the_owner_thrice_an_hour() {
    let house = House::open(|settings| settings.registration.hide_existing = true).await;
    let ada = house.register("ada@example.org").await.unwrap();
    for number in 0..4 {
        house.pass(Duration::from_secs(1));
        let made_up = house.register("ada@example.org").await.unwrap();
        assert_ne!(made_up.id, ada.id);
        assert_eq!((made_up.number, made_up.email_verified_at), (number + 2, None));
        assert!(
            users::find(&house.cx.core.store.db, made_up.id)
                .await
                .unwrap()
                .is_none()
        );
    }
    use MailKind::{AlreadyRegistered, Nothing, VerifyEmail};
    assert_eq!(
        house.kinds().await,
        [
            VerifyEmail,
            AlreadyRegistered,
            AlreadyRegistered,
            AlreadyRegistered,
            Nothing
        ]
    );
}
