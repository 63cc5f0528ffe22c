//! Sign-in and changes of the password, with the sessions that they begin and end.

use super::*;
use crate::{IdentifierField, PasswordLogin, SignedIn, authenticate, change_password, password_login};
use vestibule_model::refusal::{Account, Credentials, Token};

async fn login(house: &House, email: &str, password: &str) -> Result<SignedIn, crate::Error> {
    let input = PasswordLogin {
        identifier: email.to_owned(),
        by: IdentifierField::Email,
        password: password.to_owned(),
    };
    password_login(&house.cx, input).await
}

async fn ended(house: &House, signed_in: &SignedIn) -> bool {
    match authenticate(&house.cx, &signed_in.access_token).await {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(refused::<()>(Err(error)), Refusal::Token(Token::Revoked));
            true
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e01_e11_unknown_and_known_names_are_refused_alike_up_to_the_lock_and_each_is_audited() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    for name in ["ada@example.org", "eve@example.org", "not an address"] {
        for _ in 0..5 {
            assert_eq!(
                refused(login(&house, name, "wrong").await),
                Refusal::Credentials(Credentials::Wrong)
            );
        }
        let retry_after = Duration::from_mins(1);
        assert_eq!(
            refused(login(&house, name, PASSWORD).await),
            Refusal::Throttled(Throttled::Account { retry_after }),
            "{name}"
        );
    }
    let acts = house.acts().await;
    let refusals = |why: &str| {
        acts.iter()
            .filter(|(act, said)| *act == Act::LoginRefused && said.as_deref() == Some(why))
            .count()
    };
    assert_eq!((refusals("wrong password"), refusals("locked")), (15, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_spellings_of_one_address_share_a_lock_and_success_forgets_the_failures() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    for name in [
        "ADA@example.org",
        " ada@EXAMPLE.org",
        "Ada@Example.Org",
        "ada@example.org\n",
    ] {
        refused(login(&house, name, "wrong").await);
    }
    login(&house, "ada@example.org", PASSWORD).await.unwrap();
    for _ in 0..5 {
        assert_eq!(
            refused(login(&house, "ada@example.org", "wrong").await),
            Credentials::Wrong.into()
        );
    }
    assert!(matches!(
        refused(login(&house, "ADA@EXAMPLE.ORG", PASSWORD).await),
        Refusal::Throttled(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn e04_what_is_wrong_with_an_account_is_said_only_to_who_knows_its_password() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    let ada = house.register("ada@example.org").await.unwrap();
    let before = login(&house, "ada@example.org", PASSWORD).await.unwrap();
    assert!(!ended(&house, &before).await);
    assert!(admin::users::disable(core, &by, &ada).await.unwrap());
    assert!(ended(&house, &before).await);
    assert_eq!(
        refused(login(&house, "ada@example.org", "wrong").await),
        Credentials::Wrong.into()
    );
    for _ in 0..7 {
        assert_eq!(
            refused(login(&house, "ada@example.org", PASSWORD).await),
            Account::Disabled.into(),
            "a right password is no failure"
        );
    }
    assert!(admin::users::enable(core, &by, &ada).await.unwrap());
    assert!(login(&house, "ada@example.org", PASSWORD).await.is_ok());
    assert!(ended(&house, &before).await, "what was ended stays ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_p15_a_change_of_password_ends_every_other_session_and_counts_wrong_guesses() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    house.mails().await;
    let (here, there) = (
        login(&house, "ada@example.org", PASSWORD).await.unwrap(),
        login(&house, "ada@example.org", PASSWORD).await.unwrap(),
    );
    let caller = authenticate(&house.cx, &here.access_token).await.unwrap();
    let change = |current: &str, new: &str| change_password(&house.cx, &caller, current.into(), new.into());
    assert!(
        matches!(refused(change("wrong", "12345678").await), Refusal::Input(_)),
        "judged first, not counted"
    );
    for _ in 0..4 {
        assert_eq!(
            refused(change("wrong", "another good passphrase").await),
            Credentials::CurrentPasswordWrong.into()
        );
    }
    change(PASSWORD, "another good passphrase").await.unwrap();
    assert!(!ended(&house, &here).await && ended(&house, &there).await);
    assert_eq!(house.kinds().await, [MailKind::PasswordChanged]);
    assert_eq!(
        refused(login(&house, "ada@example.org", PASSWORD).await),
        Credentials::Wrong.into()
    );
    login(&house, "ada@example.org", "another good passphrase")
        .await
        .unwrap();
    for _ in 0..5 {
        refused(change("wrong", "a third good passphrase").await);
    }
    assert!(matches!(
        refused(login(&house, "ada@example.org", "another good passphrase").await),
        Refusal::Throttled(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_f07_l14_a_reset_ends_every_session_and_every_lock() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    let held = login(&house, "ada@example.org", PASSWORD).await.unwrap();
    for _ in 0..5 {
        refused(login(&house, "ada@example.org", "wrong").await);
    }
    crate::forgot_password(&house.cx, "ada@example.org")
        .await
        .unwrap();
    let mails = house.mails().await;
    let letter = &mails
        .iter()
        .find(|(kind, _)| *kind == MailKind::ResetPassword)
        .unwrap()
        .1;
    let proof = crate::Proof::Token(mailed_token(letter));
    crate::reset_password(&house.cx, proof, "another good passphrase".into())
        .await
        .unwrap();
    assert!(ended(&house, &held).await);
    assert!(
        login(&house, "ada@example.org", "another good passphrase")
            .await
            .is_ok(),
        "not locked any more"
    );
    assert_eq!(house.kinds().await, [MailKind::PasswordChanged]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_login_that_verified_the_old_password_begins_no_session_after_the_change() {
    let house = House::open(|_| {}).await;
    let ada = house.register("ada@example.org").await.unwrap();
    let old = credentials::find(&house.cx.core.store.db, ada.id)
        .await
        .unwrap()
        .unwrap();
    let signed_in = login(&house, "ada@example.org", PASSWORD).await.unwrap();
    let caller = authenticate(&house.cx, &signed_in.access_token);
    change_password(
        &house.cx,
        &caller.await.unwrap(),
        PASSWORD.into(),
        "another good passphrase".into(),
    )
    .await
    .unwrap();
    let late = crate::issue::sign_in(&house.cx, &ada, old.version).await;
    assert_eq!(refused(late), Credentials::Wrong.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn d08_after_a_restore_no_session_and_no_mailed_link_is_good() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    house.register("ada@example.org").await.unwrap();
    let letter = house.mails().await.remove(0).1;
    let held = login(&house, "ada@example.org", PASSWORD).await.unwrap();
    assert!(!ended(&house, &held).await);
    assert_eq!(
        admin::instance::after_restore(core, &by, |_| {}).await.unwrap(),
        2
    );
    assert!(ended(&house, &held).await);
    let verified = crate::verify_email(&house.cx, crate::Proof::Token(mailed_token(&letter))).await;
    assert_eq!(refused(verified), Refusal::Secret(Secret::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn r25_a_deleted_user_is_gone_with_every_session_and_the_address_is_free() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    let ada = house.register("ada@example.org").await.unwrap();
    let held = login(&house, "ada@example.org", PASSWORD).await.unwrap();
    assert!(admin::users::delete(core, &by, &ada).await.unwrap());
    assert!(!admin::users::delete(core, &by, &ada).await.unwrap());
    assert!(authenticate(&house.cx, &held.access_token).await.is_err());
    assert_eq!(
        refused(login(&house, "ada@example.org", PASSWORD).await),
        Credentials::Wrong.into()
    );
    let again = house.register("ada@example.org").await.unwrap();
    assert_ne!(again.id, ada.id);
    let rows = admin::users::audit_rows(core, ada.id, house.cx.now().plus(Duration::from_secs(1)), 100)
        .await
        .unwrap();
    assert!(
        rows.iter()
            .any(|row| row.act == Act::UserDeleted && row.actor == "operator:test")
    );
}
