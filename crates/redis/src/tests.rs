//! The script against the model, and a server that comes and goes.

use super::*;
use keeper::Link;
use std::time::Instant;
use vestibule_cluster::Redis as Server;
use vestibule_model::budget::{self, Rate, Window};

/// Pseudo-random numbers below `bound`, from a seed.
fn draws(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

fn share(key: &str, requests: u32) -> Share {
    let rate = Rate::per_minute(requests);
    Share {
        key: key.to_owned(),
        rate,
    }
}

/// The script at a moment of the test's choice.
fn counter_at(micros: u64) -> Counter {
    let clock = "redis.call('TIME')";
    assert!(script::SCRIPT.contains(clock));
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    Counter::of(&script::SCRIPT.replace(clock, &format!("{{{seconds}, {rest}}}")))
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while !holds().await {
        assert!(Instant::now() < until, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_counts_as_the_model_does() {
    let Some(server) = Server::start(&[]) else { return };
    let client = Client::open(server.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let link = Link { connection };
    for (seed, requests) in (0..).zip([1, 5, 12, 13, 60]) {
        let mut draw = draws(seed);
        let shares = [
            share(&format!("narrow {seed}"), requests),
            share(&format!("wide {seed}"), 2 * requests - 1),
        ];
        let mut windows = [Window::default(); 2];
        let mut now = 1_800_000_000_000_000 + draw(1 << 40);
        for _ in 0..400 {
            now += if draw(40) == 0 {
                draw(61_000_000)
            } else {
                draw(90_000_000 / u64::from(requests))
            };
            let mut next = windows;
            let expected = budget::take(&mut next, &shares, Duration::from_micros(now));
            let answer = counter_at(now).ask(&link, "take", &shares).await.unwrap();
            assert_eq!(
                script::verdict(&answer, &shares),
                Some(expected.clone()),
                "seed {seed} at {now}"
            );
            if matches!(expected, Verdict::Counted(_)) {
                windows = next;
            }
            // Where each request has a slot of its own, one is given back now and then.
            if requests < 7 && draw(5) == 0 && matches!(expected, Verdict::Counted(_)) {
                windows.iter_mut().for_each(Window::give_back);
                counter_at(now).ask(&link, "back", &shares).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rl16_a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_a_window() {
    let Some(server) = Server::start(&[]) else { return };
    let client = Client::open(server.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let (link, day) = (Link { connection }, 86_400_000_000);
    for (requests, start) in [(5, 20_000 * day), (60, 20_000 * day)] {
        let shares = [share(&format!("of {requests}"), requests)];
        for _ in 0..requests {
            counter_at(start).ask(&link, "take", &shares).await.unwrap();
        }
        let back = counter_at(start - day).ask(&link, "take", &shares).await.unwrap();
        let Some(Verdict::Refused { standing, .. }) = script::verdict(&back, &shares) else {
            panic!("{back:?}")
        };
        assert!(standing.reset <= Duration::from_mins(1), "{standing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l18_of_many_requests_at_once_exactly_the_budget_is_counted_also_by_two_nodes() {
    let Some(server) = Server::start(&["--requirepass", "geheim"]) else {
        return;
    };
    let url = format!("redis://:geheim@127.0.0.1:{}", server.port());
    let nodes = [(); 2].map(|()| Arc::new(Redis::start(&url).unwrap()));
    eventually("both count", async || nodes.iter().all(|node| node.is_there())).await;
    let asked: Vec<_> = (0..100)
        .map(|number| {
            let node = Arc::clone(&nodes[number % 2]);
            tokio::spawn(async move { node.take(&[share("thirty", 30)]).await })
        })
        .collect();
    let mut counted = 0;
    for asked in asked {
        counted += usize::from(matches!(asked.await.unwrap(), Some(Verdict::Counted(_))));
    }
    assert_eq!(counted, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn rl29_a_server_that_is_gone_frozen_emptied_or_closed_delays_few_and_is_found_again() {
    let Some(server) = Server::start(&[]) else { return };
    let node = Redis::start(&server.url()).unwrap();
    let there = async || node.is_there();
    let one = [share("one", 1)];
    eventually("it counts", there).await;
    assert!(matches!(node.take(&one).await, Some(Verdict::Counted(_))));
    assert!(matches!(node.take(&one).await, Some(Verdict::Refused { .. })));

    server.say("FLUSHALL");
    server.say("SCRIPT FLUSH");
    assert!(
        matches!(node.take(&one).await, Some(Verdict::Counted(_))),
        "an empty server counts at once"
    );

    server.kill();
    let asked = Instant::now();
    eventually("it is missed", async || node.take(&one).await.is_none()).await;
    assert!(asked.elapsed() < 4 * PATIENCE, "{:?}", asked.elapsed());
    assert!(!node.is_there());
    server.start_again();
    eventually("it is back", there).await;
    assert!(matches!(node.take(&one).await, Some(Verdict::Counted(_))));

    server.freeze();
    let asked = Instant::now();
    assert_eq!(node.take(&one).await, None);
    assert!(asked.elapsed() < 4 * PATIENCE, "{:?}", asked.elapsed());
    let asked = Instant::now();
    for _ in 0..100 {
        assert_eq!(node.take(&one).await, None);
    }
    assert!(
        asked.elapsed() < PATIENCE,
        "nobody else waits: {:?}",
        asked.elapsed()
    );
    server.thaw();
    eventually("it is back", there).await;

    server.say("REPLICAOF 127.0.0.1 1");
    let two = [share("two", 2)];
    assert_eq!(node.take(&two).await, None, "a replica does not count");
    server.say("REPLICAOF NO ONE");
    eventually("it is back", there).await;
}

#[tokio::test]
async fn an_address_that_cannot_be_one_is_refused_without_being_told() {
    for url in ["http://:geheim@127.0.0.1/", "redis//geheim", ""] {
        let wrong = Redis::judge(url).unwrap_err();
        assert!(!wrong.contains("geheim"), "{wrong}");
        assert!(Redis::start(url).is_err());
    }
    assert_eq!(
        Redis::judge("rediss://vestibule:geheim@cache.example.com:6380/2"),
        Ok(())
    );
}
