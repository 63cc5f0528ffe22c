//! Every sentence, users, credentials, and what hangs on them.

use super::*;

on_both! {
    async fn every_sentence_prepares(house: House) {
        let all = crate::SENTENCES.concat();
        assert!(all.len() > 60, "the list of sentences lost some");
        house.db.prepare_check(&all).await.unwrap();
        let pair = [("LEDGER_EXISTS", vestibule_sql::LEDGER_EXISTS)];
        house.db.prepare_check(&pair).await.unwrap();
    }
}

on_both! {
    async fn r03_of_many_registrations_of_one_address_one_succeeds(house: House) {
        let answers = race(|number| {
            let (house, user) = (
                house.again(),
                house.user(number + 1, "ada@example.org"),
            );
            async move { house.register(user).await }
        })
        .await;
        assert_eq!(answers.iter().filter(|won| **won).count(), 1);
        let users = users::page(&house.db, house.realm, 0, 100).await.unwrap();
        assert_eq!(users.len(), 1);
    }
}

on_both! {
    async fn the_same_address_lives_once_in_each_environment(house: House) {
        let mut twin = house.user(2, "ada@example.org");
        twin.realm.environment = Environment::Test;
        assert!(house.register(house.user(1, "ada@example.org")).await);
        assert!(house.register(twin.clone()).await);
        assert_eq!(
            users::find_by_email(&house.db, twin.realm, &twin.email)
                .await
                .unwrap()
                .unwrap()
                .id,
            twin.id
        );
        assert_eq!(
            users::find(&house.db, twin.id).await.unwrap().unwrap().number,
            1,
            "numbers are per environment"
        );
    }
}

on_both! {
    async fn p21_a_change_of_password_wins_over_a_rehash(house: House) {
        house.register(house.user(1, "ada@example.org")).await;
        let ada = UserId::from_bytes([1; 16]);
        async fn steps(tx: &mut Tx, ada: &UserId) -> Result<(), Error> {
            assert_eq!(credentials::set(tx, *ada, "old", at(0)).await?, 1);
            assert!(credentials::rehash(tx, *ada, "old", "stronger").await?);
            let held = sign_in::hold(tx, *ada, at(0)).await?.unwrap();
            assert_eq!(held.1.unwrap().version, 1, "the password is the same");
            assert_eq!(credentials::change(tx, *ada, 1, "new", at(1)).await?, Some(2));
            assert!(!credentials::rehash(tx, *ada, "stronger", "stale").await?);
            assert_eq!(credentials::change(tx, *ada, 1, "late", at(2)).await?, None);
            Ok(())
        }
        house.db.write(soon(), steps, ada).await.unwrap();
        assert_eq!(
            credentials::find(&house.db, ada).await.unwrap().unwrap().hash,
            "new"
        );
    }
}

on_both! {
    async fn records_come_back_as_they_went_in(house: House) {
        let mut user = house.user(1, "Ada@Example.ORG");
        user.email_verified_at = Some(at(5));
        user.profile.insert("name".into(), "Ada \"L\" 😀".into());
        house.register(user.clone()).await;
        let found = users::find_by_email(&house.db, house.realm, &user.email)
            .await
            .unwrap()
            .unwrap();
        user.number = 1;
        assert_eq!(format!("{found:?}"), format!("{user:?}"));
        assert_eq!(found.email.as_str(), "ada@example.org");

        async fn rest(tx: &mut Tx, realm: &Realm) -> Result<(), Error> {
            let ada = UserId::from_bytes([1; 16]);
            assert!(identifiers::claim(tx, *realm, ada, "username", "ada").await?);
            assert!(!identifiers::claim(tx, *realm, ada, "username", "ada").await?);
            assert!(identifiers::is_taken(tx, *realm, "username", "ada").await?);
            assert!(instance::set_once(tx, "a", "1").await?);
            assert!(!instance::set_once(tx, "a", "2").await?);
            projects::set_origins(tx, realm.project, &["https://app.example".to_owned()]).await?;
            let key = api_keys::ApiKeyRow {
                id: ApiKeyId::from_bytes([3; 16]),
                realm: *realm,
                kind: "akm".into(),
                hash: [4; 32],
                hint: "abcd".into(),
                name: "server".into(),
                created_at: at(0),
                revoked_at: None,
            };
            api_keys::insert(tx, &key).await?;
            assert!(api_keys::revoke(tx, key.id, at(1)).await?);
            assert!(!api_keys::revoke(tx, key.id, at(2)).await?);
            let entry = audit::Entry {
                id: AuditId::from_bytes([5; 16]),
                realm: *realm,
                at: at(1),
                act: audit::Act::LoginRefused,
                outcome: audit::Outcome::Refused,
                actor: "client".into(),
                user: Some(ada),
                session: None,
                dialect: "rakomi".into(),
                ip: Some("::1".into()),
                user_agent: None,
                request_id: "req_1".into(),
                detail: Some("wrong password".into()),
            };
            audit::write(tx, &entry).await?;
            assert_eq!(
                audit::count_of_user(tx, ada, audit::Act::LoginRefused, at(0)).await?,
                1
            );
            assert_eq!(
                audit::count_of_user(tx, ada, audit::Act::LoginRefused, at(1)).await?,
                0
            );
            Ok(())
        }
        house.db.write(soon(), rest, house.realm).await.unwrap();
        assert_eq!(instance::get(&house.db, "a").await.unwrap().as_deref(), Some("1"));
        assert!(
            projects::origin_is_listed(&house.db, "https://app.example")
                .await
                .unwrap()
        );
        assert!(
            !projects::origin_is_listed(&house.db, "https://app.example.org")
                .await
                .unwrap()
        );
        let key = api_keys::find_by_hash(&house.db, &[4; 32])
            .await
            .unwrap()
            .unwrap();
        assert_eq!((key.revoked_at, key.realm), (Some(at(1)), house.realm));
        let rows = audit::of_user(&house.db, user.id, at(2), 10).await.unwrap();
        assert_eq!(rows[0].detail.as_deref(), Some("wrong password"));
    }
}

on_both! {
    async fn r25_deleting_a_user_takes_everything_that_hangs_on_it(house: House) {
        let ada = UserId::from_bytes([1; 16]);
        house.register(house.user(1, "ada@example.org")).await;
        house.mail(house.secret(9, Some(ada))).await;
        async fn delete(tx: &mut Tx, ada: &UserId) -> Result<bool, Error> {
            credentials::set(tx, *ada, "hash", at(0)).await?;
            users::delete(tx, *ada).await
        }
        assert!(house.db.write(soon(), delete, ada).await.unwrap());
        assert!(credentials::find(&house.db, ada).await.unwrap().is_none());
        assert!(
            mailed_secrets::find_by_token(&house.db, &[9; 32])
                .await
                .unwrap()
                .is_none()
        );
        assert!(house.register(house.user(2, "ada@example.org")).await);
    }
}
