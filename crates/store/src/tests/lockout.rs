//! Counted failures and the locks that follow.

use super::*;

on_both! {
    async fn l12_no_more_attempts_are_counted_than_the_limit(house: House) {
        let answers = race(|_| {
            let house = house.again();
            async move { house.charge(at(0)).await }
        })
        .await;
        assert_eq!(
            answers
                .iter()
                .filter(|charge| **charge == Charge::Counted)
                .count(),
            5
        );
        assert!(answers.contains(&Charge::Locked { until: at(60) }));
    }
}

on_both! {
    async fn locks_grow_to_the_last_step_and_no_further(house: House) {
        for _ in 0..5 {
            assert_eq!(house.charge(at(0)).await, Charge::Counted);
        }
        let mut now = at(0);
        for step in [60, 300, 900, 900] {
            let until = now.plus(Duration::from_secs(step));
            assert_eq!(
                house.charge(until.minus(Duration::from_micros(1))).await,
                Charge::Locked { until },
                "{step}"
            );
            now = until;
            assert_eq!(house.charge(now).await, Charge::Counted, "after {step}");
        }
    }
}

on_both! {
    async fn l14_a_lock_that_a_wrong_clock_wrote_keeps_nobody_out(house: House) {
        for _ in 0..5 {
            house.charge(at(1_000_000)).await;
        }
        assert_eq!(house.charge(at(0)).await, Charge::Counted);
    }

    async fn l14_a_lock_is_read_as_the_charge_would_judge_it(house: House) {
        for _ in 0..5 {
            house.charge(at(0)).await;
        }
        let locked = |now| attempts::locked_until(&house.db, house.realm, &ADA, &LOCKOUT, now);
        assert_eq!(locked(at(0)).await.unwrap(), Some(at(60)));
        assert_eq!(locked(at(60)).await.unwrap(), None);
        assert_eq!(locked(at(-1_000)).await.unwrap(), None);
    }
}

on_both! {
    async fn success_forgets_failures_and_an_attempt_that_was_not_made_is_given_back(house: House) {
        async fn clear(tx: &mut Tx, realm: &Realm) -> Result<(), Error> {
            attempts::clear(tx, *realm, &ADA).await
        }
        async fn refund(tx: &mut Tx, realm: &Realm) -> Result<(), Error> {
            attempts::refund(tx, *realm, &ADA).await
        }
        for _ in 0..5 {
            house.charge(at(0)).await;
        }
        house.db.write(soon(), refund, house.realm).await.unwrap();
        assert_eq!(house.charge(at(0)).await, Charge::Counted);
        assert!(matches!(house.charge(at(0)).await, Charge::Locked { .. }));
        house.db.write(soon(), clear, house.realm).await.unwrap();
        for _ in 0..5 {
            assert_eq!(house.charge(at(0)).await, Charge::Counted);
        }
    }
}
