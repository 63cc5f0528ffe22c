//! Mailed secrets and the outbox.

use super::*;
use crate::nodes;

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

const NODE: NodeId = NodeId::from_bytes([1; 16]);
const OTHER_NODE: NodeId = NodeId::from_bytes([2; 16]);

/// A mail that is due.
fn due(number: u8, house: &House) -> OutboxRow {
    OutboxRow {
        id: MailId::from_bytes([number; 16]),
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
    }
}

async fn insert(tx: &mut Tx, mail: &OutboxRow) -> Result<(), Error> {
    outbox::insert(tx, mail).await
}

async fn claim(tx: &mut Tx, now: &Timestamp) -> Result<Vec<OutboxRow>, Error> {
    outbox::claim(tx, NODE, *now, now.plus(Duration::from_mins(1)), 1).await
}

on_both! {
    async fn a_mail_is_claimed_once_until_its_lease_ends(house: House) {
        let mail = due(1, &house);
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

on_both! {
    async fn rl28_what_a_node_was_sending_is_another_ones_once_it_is_alive_no_more(house: House) {
        const TERM: Duration = Duration::from_secs(10);
        async fn beat(tx: &mut Tx, (node, clock): &(NodeId, Timestamp)) -> Result<u64, Error> {
            nodes::alive(tx, *node, *clock, TERM).await?;
            outbox::release(tx, *node, at(2), *clock).await
        }
        async fn fail(tx: &mut Tx, node: &NodeId) -> Result<(), Error> {
            outbox::failed(tx, MailId::from_bytes([1; 16]), *node, at(50), "refused").await
        }
        let released = async |node, clock| house.db.write(soon(), beat, (node, clock)).await.unwrap();
        for number in [1, 2] {
            house.db.write(soon(), insert, due(number, &house)).await.unwrap();
        }
        assert_eq!(released(NODE, at(0)).await, 0);
        let taken = house.db.write(soon(), claim, at(1)).await.unwrap();
        let (mail, due) = (taken[0].id, at(2));
        assert_eq!(released(OTHER_NODE, at(9)).await, 0, "its node is alive");
        assert_eq!(released(NODE, at(9)).await, 0, "nobody takes its own away");
        assert_eq!(released(OTHER_NODE, at(20)).await, 1, "what waits was nobody's");
        assert!(!outbox::is_claimed_by(&house.db, mail, NODE).await.unwrap());
        house.db.write(soon(), fail, NODE).await.unwrap();
        let row = outbox::find(&house.db, mail).await.unwrap().unwrap();
        assert_eq!((row.next_attempt_at, row.last_error), (Some(due), None), "it comes too late");
    }
}

on_both! {
    async fn the_node_that_began_first_leads_while_it_is_alive(house: House) {
        async fn alive(tx: &mut Tx, (node, clock): &(NodeId, Timestamp)) -> Result<(), Error> {
            nodes::alive(tx, *node, *clock, Duration::from_secs(10)).await
        }
        async fn leader(tx: &mut Tx, clock: &Timestamp) -> Result<Option<NodeId>, Error> {
            nodes::leader(tx, *clock).await
        }
        async fn gone(tx: &mut Tx, node: &NodeId) -> Result<(), Error> {
            nodes::gone(tx, *node, at(0)).await
        }
        let leads = async |clock| house.db.write(soon(), leader, clock).await.unwrap();
        assert_eq!(leads(at(0)).await, None);
        for (node, clock) in [(OTHER_NODE, at(1)), (NODE, at(2)), (OTHER_NODE, at(6))] {
            house.db.write(soon(), alive, (node, clock)).await.unwrap();
        }
        assert_eq!(leads(at(6)).await, Some(NODE));
        assert_eq!(leads(at(12)).await, Some(OTHER_NODE), "the first has said nothing for ten seconds");
        house.db.write(soon(), gone, OTHER_NODE).await.unwrap();
        assert_eq!(leads(at(6)).await, Some(NODE));
        assert_eq!(leads(at(12)).await, None);
    }
}

on_both! {
    async fn the_database_tells_the_time(house: House) {
        async fn now(tx: &mut Tx, (): &()) -> Result<Timestamp, Error> {
            nodes::now(tx).await
        }
        let (first, second) = (
            house.db.write(soon(), now, ()).await.unwrap(),
            house.db.write(soon(), now, ()).await.unwrap(),
        );
        assert!(first <= second && second.since(first) < Duration::from_mins(1));
        assert!(first > Timestamp::from_seconds(1_700_000_000));
    }
}
