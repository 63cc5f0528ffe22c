//! What works once, for a while, and for one purpose.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn f12_a_fourth_reset_mail_within_the_hour_is_not_sent_and_the_third_still_works() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    house.mails().await;
    for _ in 0..4 {
        crate::forgot_password(&house.cx, "ADA@example.org")
            .await
            .unwrap();
        house.pass(Duration::from_secs(1));
    }
    let mails = house.mails().await;
    use MailKind::{Nothing, ResetPassword};
    assert_eq!(
        mails.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        [ResetPassword, ResetPassword, ResetPassword, Nothing]
    );
    let reset = |letter: &Letter| {
        let proof = crate::Proof::Token(mailed_token(letter));
        crate::reset_password(&house.cx, proof, "another good passphrase".into())
    };
    assert_eq!(
        refused(reset(&mails[1].1).await),
        Refusal::Secret(Secret::Invalid),
        "F06: a newer mail voided it"
    );
    assert_eq!(
        refused(reset(&mails[3].1).await),
        Refusal::Secret(Secret::Invalid),
        "nobody's"
    );
    reset(&mails[2].1).await.unwrap();
    assert_eq!(
        refused(reset(&mails[2].1).await),
        Refusal::Secret(Secret::Invalid),
        "used"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn e05_unknown_addresses_leave_rows_like_those_of_known_ones() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    house.mails().await;
    crate::forgot_password(&house.cx, "ada@example.org")
        .await
        .unwrap();
    crate::forgot_password(&house.cx, "eve@example.org")
        .await
        .unwrap();
    crate::resend_verification(&house.cx, "eve@example.org")
        .await
        .unwrap();
    let mails = house.mails().await;
    assert_eq!(
        mails
            .iter()
            .filter(|(kind, _)| *kind == MailKind::Nothing)
            .count(),
        2
    );
    for (_, letter) in &mails {
        assert!(letter.link.is_some() && letter.code.is_some());
        assert!(!letter.to.contains("eve"), "nobody's address is kept");
    }
    assert_eq!(
        house
            .acts()
            .await
            .iter()
            .filter(|(act, _)| *act == Act::MailRequested)
            .count(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_r12_a_mailed_link_works_to_the_last_second() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    let letter = house.mails().await.remove(0).1;
    let verify = || crate::verify_email(&house.cx, crate::Proof::Token(mailed_token(&letter)));
    house.pass(Duration::from_hours(24));
    assert_eq!(refused(verify().await), Refusal::Secret(Secret::Expired));
    house.clock.0.fetch_sub(1, Ordering::Relaxed);
    assert_eq!(verify().await.unwrap().email_verified_at, Some(house.cx.now()));
    assert_eq!(refused(verify().await), Refusal::Secret(Secret::Invalid));
    assert_eq!(
        letter.link.unwrap().split("?token=").next(),
        Some("https://id.example.com/verify-email")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_with_its_address_only_and_five_wrong_ones_leave_the_link_alive() {
    let house = House::open(|_| {}).await;
    house.register("ada@example.org").await.unwrap();
    house.register("bob@example.org").await.unwrap();
    let letters: Vec<Letter> = house
        .mails()
        .await
        .into_iter()
        .map(|(_, letter)| letter)
        .collect();
    let ada = letters
        .iter()
        .find(|letter| letter.to == "ada@example.org")
        .unwrap();
    let code = ada.code.clone().unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let verify = |email: &str, code: &str| {
        let proof = crate::Proof::Code {
            email: email.into(),
            code: code.into(),
        };
        crate::verify_email(&house.cx, proof)
    };
    for email in ["bob@example.org", "eve@example.org", "not an address"] {
        assert_eq!(
            refused(verify(email, &code).await),
            Refusal::Secret(Secret::Invalid),
            "{email}"
        );
    }
    for _ in 0..5 {
        assert_eq!(
            refused(verify("ada@example.org", wrong).await),
            Refusal::Secret(Secret::Invalid)
        );
    }
    assert_eq!(
        refused(verify("ada@example.org", &code).await),
        Refusal::Secret(Secret::Invalid),
        "the code is dead"
    );
    assert!(
        crate::verify_email(&house.cx, crate::Proof::Token(mailed_token(ada)))
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r13_a_token_of_one_purpose_is_worthless_for_another_and_f04_sixteen_resets_set_one_password() {
    let house = Arc::new(House::open(|_| {}).await);
    let ada = house.register("ada@example.org").await.unwrap();
    crate::forgot_password(&house.cx, "ada@example.org")
        .await
        .unwrap();
    let mails = house.mails().await;
    let of = |wanted| {
        mails
            .iter()
            .find(|(kind, _)| *kind == wanted)
            .map(|(_, letter)| mailed_token(letter))
            .unwrap()
    };
    let (verify, reset) = (of(MailKind::VerifyEmail), of(MailKind::ResetPassword));
    let crossed = crate::reset_password(
        &house.cx,
        crate::Proof::Token(verify),
        "another good passphrase".into(),
    )
    .await;
    assert_eq!(refused(crossed), Refusal::Secret(Secret::Invalid));
    let weak = crate::reset_password(&house.cx, crate::Proof::Token(reset.clone()), "password".into()).await;
    assert!(
        matches!(refused(weak), Refusal::Input(_)),
        "and nothing is consumed"
    );
    let answers = at_once(16, |number| {
        let (house, reset) = (house.clone(), reset.clone());
        async move {
            let new = format!("another good passphrase {number}");
            crate::reset_password(&house.cx, crate::Proof::Token(reset), new)
                .await
                .map(|()| number)
        }
    })
    .await;
    let won: Vec<usize> = answers.into_iter().filter_map(Result::ok).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(
        house
            .attempt(&ada, &format!("another good passphrase {}", won[0]))
            .await,
        Some(true)
    );
    assert_eq!(house.attempt(&ada, PASSWORD).await, Some(false));
    let found = users::find(&house.cx.core.store.db, ada.id)
        .await
        .unwrap()
        .unwrap();
    assert!(found.email_verified_at.is_some(), "the mailbox was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn f09_a_disabled_user_is_mailed_nothing_and_what_was_mailed_before_is_worthless() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    let ada = house.register("ada@example.org").await.unwrap();
    let letter = house.mails().await.remove(0).1;
    assert!(admin::users::disable(core, &by, &ada).await.unwrap());
    assert!(!admin::users::disable(core, &by, &ada).await.unwrap(), "already");
    crate::forgot_password(&house.cx, "ada@example.org")
        .await
        .unwrap();
    assert_eq!(house.kinds().await, [MailKind::Nothing]);
    let verified = crate::verify_email(&house.cx, crate::Proof::Token(mailed_token(&letter))).await;
    assert_eq!(refused(verified), Refusal::Secret(Secret::Invalid));
    assert!(admin::users::enable(core, &by, &ada).await.unwrap());
    assert!(
        crate::verify_email(&house.cx, crate::Proof::Token(mailed_token(&letter)))
            .await
            .is_ok()
    );
}
