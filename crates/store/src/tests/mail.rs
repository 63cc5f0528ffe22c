//! Mailed secrets and the outbox.

use super::*;

on_both! {
    async fn r11_a_mailed_secret_is_consumed_once(house: House) {
        house.register(house.user(1, "ada@example.org")).await;
        house
            .mail(house.secret(9, Some(UserId::from_bytes([1; 16]))))
            .await;
        async fn consume(tx: &mut Tx, now: &Timestamp) -> Result<bool, Error> {
            mailed_secrets::consume(tx, SecretId::from_bytes([9; 16]), *now).await
        }
        let answers = race(|_| {
            let db = house.db.clone();
            async move { db.write(soon(), consume, at(10)).await.unwrap() }
        })
        .await;
        assert_eq!(answers.iter().filter(|won| **won).count(), 1);
    }
}

on_both! {
    async fn a_secret_that_is_voided_or_too_old_is_not_consumed(house: House) {
        let ada = UserId::from_bytes([1; 16]);
        house.register(house.user(1, "ada@example.org")).await;
        async fn consume(tx: &mut Tx, (id, now): &(u8, Timestamp)) -> Result<bool, Error> {
            mailed_secrets::consume(tx, SecretId::from_bytes([*id; 16]), *now).await
        }
        async fn void(tx: &mut Tx, user: &UserId) -> Result<(), Error> {
            mailed_secrets::void(tx, *user, Purpose::ResetPassword, at(1)).await
        }
        house.mail(house.secret(8, Some(ada))).await;
        house.db.write(soon(), void, ada).await.unwrap();
        house.mail(house.secret(9, Some(ada))).await;
        assert!(
            !house.db.write(soon(), consume, (8, at(10))).await.unwrap(),
            "voided"
        );
        assert!(
            !house.db.write(soon(), consume, (9, at(3600))).await.unwrap(),
            "at its end"
        );
        assert!(
            house.db.write(soon(), consume, (9, at(3599))).await.unwrap(),
            "a second before"
        );
        let newest = mailed_secrets::newest(&house.db, ada, Purpose::ResetPassword)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (newest.id, newest.used_at),
            (SecretId::from_bytes([9; 16]), Some(at(3599)))
        );
    }
}

on_both! {
    async fn five_wrong_codes_are_compared_and_a_right_one_costs_none(house: House) {
        house.mail(house.secret(9, None)).await;
        async fn guess(tx: &mut Tx, right: &bool) -> Result<bool, Error> {
            let compared = mailed_secrets::try_code(tx, SecretId::from_bytes([9; 16]))
                .await?
                .is_some();
            if *right && compared {
                mailed_secrets::code_was_right(tx, SecretId::from_bytes([9; 16])).await?;
            }
            Ok(compared)
        }
        assert!(house.db.write(soon(), guess, true).await.unwrap());
        for _ in 0..5 {
            assert!(house.db.write(soon(), guess, false).await.unwrap());
        }
        assert!(!house.db.write(soon(), guess, true).await.unwrap());
    }
}

on_both! {
    async fn a_mail_is_claimed_once_until_its_lease_ends(house: House) {
        let mail = OutboxRow {
            id: MailId::from_bytes([1; 16]),
            realm: house.realm,
            kind: MailKind::VerifyEmail,
            payload: Some(vec![1, 2, 3]),
            created_at: at(0),
            expires_at: at(3600),
            next_attempt_at: Some(at(0)),
            attempts: 0,
            last_error: None,
            sent_at: None,
            dead_at: None,
        };
        async fn insert(tx: &mut Tx, mail: &OutboxRow) -> Result<(), Error> {
            outbox::insert(tx, mail).await
        }
        async fn claim(tx: &mut Tx, now: &Timestamp) -> Result<Vec<OutboxRow>, Error> {
            outbox::claim(tx, *now, now.plus(Duration::from_mins(1)), 10).await
        }
        async fn sent(tx: &mut Tx, keep: &bool) -> Result<(), Error> {
            outbox::sent(tx, MailId::from_bytes([1; 16]), at(61), *keep).await
        }
        house.db.write(soon(), insert, mail).await.unwrap();
        assert_eq!(outbox::next_turn(&house.db).await.unwrap(), Some(at(0)));
        let first = house.db.write(soon(), claim, at(1)).await.unwrap();
        assert_eq!((first.len(), first[0].attempts), (1, 1));
        assert!(
            house.db.write(soon(), claim, at(2)).await.unwrap().is_empty(),
            "leased"
        );
        assert_eq!(
            house.db.write(soon(), claim, at(61)).await.unwrap().len(),
            1,
            "the worker died"
        );
        house.db.write(soon(), sent, true).await.unwrap();
        assert_eq!(outbox::captured(&house.db, at(100), 10).await.unwrap().len(), 1);
        house.db.write(soon(), sent, false).await.unwrap();
        assert!(outbox::captured(&house.db, at(100), 10).await.unwrap().is_empty());
        assert_eq!(outbox::next_turn(&house.db).await.unwrap(), None);
    }
}
