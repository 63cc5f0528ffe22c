//! Windows that all nodes share.

use super::*;
use crate::budgets::{self, Asked, Unsettled};
use vestibule_model::budget::{Rate, Share, Verdict};
use vestibule_sql::Sql;

fn share(key: &str, requests: u32) -> Share {
    let rate = Rate::per_minute(requests);
    Share {
        key: key.to_owned(),
        rate,
    }
}

struct Shares(Vec<Share>);

struct Windows(Vec<Unsettled>);

async fn ask(tx: &mut Tx, shares: &Shares) -> Result<Asked, Error> {
    budgets::ask(tx, &shares.0).await
}

async fn settle(tx: &mut Tx, windows: &Windows) -> Result<(), Error> {
    budgets::settle(tx, &windows.0).await
}

async fn sweep_all(tx: &mut Tx, (): &()) -> Result<u64, Error> {
    budgets::sweep(tx, 500).await
}

/// How long ago everything happened, as far as anybody can tell who reads the rows.
async fn age(tx: &mut Tx, by: &Duration) -> Result<u64, Error> {
    const ROWS: Sql = Sql::same("SELECT key, counted, expires_at FROM budget_windows");
    const AGE: Sql = Sql::same("UPDATE budget_windows SET counted = $2, expires_at = $3 WHERE key = $1");
    let rows = tx.all(ROWS, &[]).await?;
    for row in &rows {
        let (key, counted, end): (String, String, i64) = row.read()?;
        let older = |time: &str, by: u128| (time.parse::<u128>().unwrap() - by).to_string();
        let (window, came) = counted.split_once('+').unwrap_or((&counted, ""));
        let words =
            window
                .split(' ')
                .filter(|word| !word.is_empty())
                .enumerate()
                .map(|(place, word)| match (place, word.split_once(':')) {
                    (0, _) => older(word, by.as_millis()),
                    (1, _) => older(word, by.as_secs().into()),
                    (_, Some((number, rest))) => {
                        let (last, count) = rest.split_once(':').unwrap();
                        format!("{number}:{}:{count}", older(last, by.as_millis()))
                    }
                    (_, None) => word.to_owned(),
                });
        let came = came.split('+').filter(|time| !time.is_empty());
        let came = came.map(|time| older(time, by.as_micros()));
        let parts = std::iter::once(words.collect::<Vec<_>>().join(" ")).chain(came);
        let counted = parts.collect::<Vec<_>>().join("+");
        let end = end - i64::try_from(by.as_micros()).unwrap();
        tx.run(AGE, vestibule_sql::bind![key, counted, end]).await?;
    }
    Ok(rows.len() as u64)
}

impl House {
    async fn take(&self, shares: &[Share]) -> Verdict {
        let asked = self.db.write_unsynced(soon(), ask, Shares(shares.to_vec()));
        let Asked { verdict, unsettled } = asked.await.unwrap();
        if !unsettled.is_empty() {
            self.settle(unsettled).await;
        }
        verdict
    }

    async fn settle(&self, windows: Vec<Unsettled>) {
        self.db
            .write_unsynced(soon(), settle, Windows(windows))
            .await
            .unwrap();
    }

    async fn give_back(&self, shares: &[Share]) {
        self.settle(shares.iter().cloned().map(Unsettled::from).collect())
            .await;
    }

    /// What is kept of the windows.
    async fn kept(&self) -> Vec<String> {
        const KEPT: Sql = Sql::same("SELECT counted FROM budget_windows ORDER BY key");
        let rows = self.db.read_all(KEPT, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    /// How many of a number of requests, all sent at once, are counted.
    async fn counted_of(&self, requests: usize, shares: &[Share]) -> usize {
        let racers: Vec<_> = (0..requests)
            .map(|_| {
                let (house, shares) = (self.again(), shares.to_vec());
                tokio::spawn(async move { house.take(&shares).await })
            })
            .collect();
        let mut counted = 0;
        for racer in racers {
            counted += usize::from(matches!(racer.await.unwrap(), Verdict::Counted(_)));
        }
        counted
    }
}

on_both! {
    async fn l18_of_many_requests_at_once_exactly_the_budget_is_counted(house: House) {
        for requests in [7, 30] {
            let shares = [share(&format!("of {requests}"), requests)];
            assert_eq!(house.counted_of(50, &shares).await, requests as usize);
        }
    }

    async fn what_one_window_refuses_is_counted_in_none(house: House) {
        let (narrow, wide) = (share("narrow", 3), share("wide", 4));
        // In whatever order they are named.
        for shares in [[narrow.clone(), wide.clone()], [wide.clone(), narrow.clone()]] {
            assert!(matches!(house.take(&shares).await, Verdict::Counted(_)));
        }
        let other = share("other", 3);
        for _ in 0..2 {
            assert!(matches!(house.take(&[other.clone(), wide.clone()]).await, Verdict::Counted(_)));
        }
        let refused = house.take(&[narrow.clone(), wide.clone()]).await;
        let Verdict::Refused { share: 1, standing } = refused else { panic!("{refused:?}") };
        assert_eq!(standing.remaining, 0);
        assert!(standing.reset <= Duration::from_mins(1) && standing.reset > Duration::from_secs(30));
        let Verdict::Counted(standings) = house.take(&[narrow, other]).await else { panic!("there is room") };
        assert_eq!(standings.iter().map(|standing| standing.remaining).collect::<Vec<_>>(), [0, 0]);
    }

    async fn windows_that_many_requests_share_in_different_orders_do_not_lock_each_other_out(house: House) {
        let all: Vec<Share> = (0..6).map(|number| share(&format!("window {number}"), 1_000)).collect();
        let racers: Vec<_> = (0..4 * RACERS)
            .map(|number| {
                let (house, mut shares) = (house.again(), all.clone());
                shares.rotate_left(usize::from(number) % 6);
                tokio::spawn(async move { house.take(&shares).await })
            })
            .collect();
        for racer in racers {
            assert!(matches!(racer.await.unwrap(), Verdict::Counted(_)));
        }
        let Verdict::Counted(standings) = house.take(&all).await else { panic!("there is room") };
        let left = 1_000 - 4 * u32::from(RACERS) - 1;
        assert!(standings.iter().all(|standing| standing.remaining == left), "{standings:?}");
    }

    async fn a_window_is_forgotten_by_the_databases_clock_and_its_row_deleted_after_it(house: House) {
        let shares = [share("seven", 1)];
        assert!(matches!(house.take(&shares).await, Verdict::Counted(_)));
        assert!(matches!(house.take(&shares).await, Verdict::Refused { .. }));
        assert_eq!(house.db.write(soon(), sweep_all, ()).await.unwrap(), 0);
        house.db.write(soon(), age, Duration::from_secs(50)).await.unwrap();
        let refused = house.take(&shares).await;
        let Verdict::Refused { standing, .. } = refused else { panic!("{refused:?}") };
        assert!(standing.reset <= Duration::from_secs(10), "{standing:?}");
        house.db.write(soon(), age, Duration::from_secs(10)).await.unwrap();
        assert!(matches!(house.take(&shares).await, Verdict::Counted(_)));
        assert_eq!(house.db.write(soon(), age, Duration::from_mins(3)).await.unwrap(), 1);
        assert_eq!(house.db.write(soon(), sweep_all, ()).await.unwrap(), 1);
    }

    async fn what_is_given_back_can_be_taken_again(house: House) {
        let shares = vec![share("conflicts", 2)];
        for _ in 0..20 {
            assert!(matches!(house.take(&shares).await, Verdict::Counted(_)));
            house.give_back(&shares).await;
        }
        assert_eq!(house.counted_of(10, &shares).await, 2);
    }

    async fn a_request_adds_its_time_and_of_many_times_a_window_is_made(house: House) {
        let shares = [share("busy", 60), share("calm", 60)];
        for request in 1..50 {
            let Verdict::Counted(standings) = house.take(&shares).await else { panic!("there is room") };
            assert!(standings.iter().all(|standing| standing.remaining == 60 - request), "{standings:?}");
            let kept = house.kept().await;
            let times = kept.iter().map(|kept| kept.matches('+').count());
            assert_eq!(times.collect::<Vec<_>>(), [request as usize % 12; 2], "{kept:?}");
        }
        house.give_back(&shares).await;
        let Verdict::Counted(standings) = house.take(&shares).await else { panic!("there is room") };
        assert_eq!(standings[0].remaining, 60 - 49);
    }

    async fn a_request_that_is_refused_leaves_no_trace_where_there_was_room(house: House) {
        let (full, free) = (share("full", 1), share("open", 3));
        assert!(matches!(house.take(std::slice::from_ref(&full)).await, Verdict::Counted(_)));
        for _ in 0..30 {
            let refused = house.take(&[free.clone(), full.clone()]).await;
            assert!(matches!(refused, Verdict::Refused { share: 1, .. }), "{refused:?}");
        }
        assert!(house.kept().await[0].matches('+').count() < 12, "refusals are forgotten");
        let Verdict::Counted(standings) = house.take(&[free]).await else { panic!("there is room") };
        assert_eq!(standings[0].remaining, 2);
    }

    async fn a_window_that_nobody_can_read_is_an_empty_one(house: House) {
        const SPOIL: Sql = Sql::same("UPDATE budget_windows SET counted = 'v9 {}'");
        async fn spoil(tx: &mut Tx, (): &()) -> Result<u64, Error> {
            tx.run(SPOIL, &[]).await
        }
        let shares = [share("one", 1)];
        assert_eq!(house.counted_of(2, &shares).await, 1);
        assert_eq!(house.db.write(soon(), spoil, ()).await.unwrap(), 1);
        assert_eq!(house.counted_of(2, &shares).await, 1);
    }
}
