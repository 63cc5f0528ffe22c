//! Budgets that Redis carries, and what becomes of them without it. RL-29.

use super::client::somebody;
use super::shared_budgets::{Nodes, passed};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::Redis;
use vestibule_testkit::process::eventually;

const BUDGET: usize = 6;
/// How soon nodes notice that Redis is back, and then some for a busy machine.
const SOON: Duration = Duration::from_secs(10);
const DEGRADED: &str = "vestibule_shared_budgets_degraded";

struct House {
    nodes: Nodes,
    redis: Redis,
}

/// None where PostgreSQL or Redis is not installed.
fn house() -> Option<House> {
    let redis = Redis::start(&["--requirepass", "geheim"])?;
    let url = format!("redis://:geheim@127.0.0.1:{}/3", redis.port());
    let nodes = Nodes::start(|place| {
        place
            .with("VESTIBULE_LIMITS__SIGN_IN", &BUDGET.to_string())
            .with("VESTIBULE_LIMITS__BACKEND", "redis")
            .with("VESTIBULE_LIMITS__REDIS_URL", &url)
    })?;
    let house = House { nodes, redis };
    house.is_whole();
    Some(house)
}

impl House {
    /// Waits until both nodes count together.
    fn is_whole(&self) {
        eventually("Redis counts", SOON, || {
            (self.nodes.figures(DEGRADED) == [0, 0]).then_some(())
        });
    }

    /// How many of three times what one node lets through passes, of somebody new.
    fn pass(&self) -> usize {
        let client = somebody().to_string();
        passed(&self.nodes.at_once(&client, 3 * BUDGET, |_| self.nodes.stranger()))
    }

    /// Of whom nobody has a count.
    fn is_exact(&self) {
        assert_eq!(self.pass(), BUDGET);
    }

    /// Each node for itself, and no more.
    fn is_per_node(&self) {
        assert_eq!(self.pass(), 2 * BUDGET);
    }

    /// Logins of many clients over both nodes while something happens; every one is answered as always.
    fn under_load(&self, happens: impl FnOnce(&Redis)) {
        let answered = AtomicUsize::new(0);
        thread::scope(|clients| {
            let load: Vec<_> = (0..4)
                .map(|node| {
                    let answered = &answered;
                    clients.spawn(move || {
                        for _ in 0..20 {
                            let login = self.nodes.stranger();
                            let asked = Instant::now();
                            self.nodes.ask(node, &somebody().to_string(), login).expect(401);
                            assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            eventually("a load", SOON, || {
                (answered.load(Ordering::Relaxed) > 10).then_some(())
            });
            happens(&self.redis);
            for client in load {
                client.join().unwrap();
            }
        });
    }

    fn said(&self, words: &str) -> [usize; 2] {
        [0, 1].map(|node: usize| self.nodes.both[node].process.said().matches(words).count())
    }
}

#[test]
fn rl29_budgets_in_redis_are_exact_over_two_nodes() {
    let Some(house) = house() else { return };
    house.is_exact();
    let figures = house.nodes.figures("vestibule_shared_charges_total");
    assert!(figures.iter().sum::<u64>() >= BUDGET as u64, "{figures:?}");
    for node in &house.nodes.both {
        assert!(!node.process.said().contains("geheim"));
    }
}

#[test]
fn rl29_without_redis_each_node_counts_for_itself_and_with_it_again_they_count_together() {
    let Some(house) = house() else { return };
    house.under_load(Redis::kill);
    assert_eq!(house.nodes.figures(DEGRADED), [1, 1]);
    house.is_per_node();
    house.is_per_node();
    assert_eq!(
        house.said("Redis does not count"),
        [1, 1],
        "one line on each node"
    );
    house.redis.start_again();
    house.is_whole();
    house.is_exact();
    house.under_load(|redis| {
        redis.kill();
        redis.start_again();
    });
    house.is_whole();
    house.is_exact();
}

#[test]
fn rl29_a_redis_that_stands_still_delays_nobody_for_long_and_opens_nothing() {
    let Some(house) = house() else { return };
    house.under_load(Redis::freeze);
    assert_eq!(house.nodes.figures(DEGRADED), [1, 1]);
    house.is_per_node();
    house.redis.thaw();
    house.is_whole();
    house.is_exact();
}

#[test]
fn rl29_a_redis_that_forgets_everything_lets_at_most_each_nodes_own_budget_through() {
    let Some(house) = house() else { return };
    let client = somebody().to_string();
    let sent = || {
        house
            .nodes
            .at_once(&client, 3 * BUDGET, |_| house.nodes.stranger())
    };
    let before = passed(&sent());
    assert_eq!(before, BUDGET);
    house.redis.say("AUTH geheim\r\nFLUSHALL\r\nSCRIPT FLUSH");
    let after = before + passed(&sent());
    assert!(after <= 2 * BUDGET, "{after}");
    house.is_exact();
    assert_eq!(house.nodes.figures(DEGRADED), [0, 0]);
}

/// A certificate for `localhost`, and the authority that signed it.
fn certificates(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    fs::write(
        folder.join("authority.pem"),
        authority.self_signed(&key).unwrap().pem(),
    )
    .unwrap();
    let issuer = rcgen::Issuer::new(authority, key);
    let servers_key = rcgen::KeyPair::generate().unwrap();
    let servers = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let servers = servers.signed_by(&servers_key, &issuer).unwrap();
    fs::write(folder.join("server.pem"), servers.pem()).unwrap();
    fs::write(folder.join("server.key"), servers_key.serialize_pem()).unwrap();
}

#[test]
fn redis_is_reached_by_tls_where_its_certificate_is_trusted_and_not_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (certificate, key) = (file("server.pem"), file("server.key"));
    let secured = [
        ["--tls-port", &port.to_string()],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key],
        ["--tls-auth-clients", "no"],
    ];
    let Some(_redis) = Redis::start(&secured.concat()) else {
        return;
    };
    let start = |authorities: Option<String>| {
        Nodes::start(|place| {
            let url = format!("rediss://localhost:{port}/");
            let place = place
                .with("VESTIBULE_LIMITS__BACKEND", "redis")
                .with("VESTIBULE_LIMITS__REDIS_URL", &url);
            match &authorities {
                Some(file) => place.with("SSL_CERT_FILE", file),
                None => place,
            }
        })
    };
    let Some(trusting) = start(Some(file("authority.pem"))) else {
        return;
    };
    eventually("Redis counts", SOON, || {
        (trusting.figures(DEGRADED) == [0, 0]).then_some(())
    });
    let Some(doubting) = start(None) else { return };
    eventually("the certificate is refused", SOON, || {
        let said = |node: usize| doubting.both[node].process.said();
        (said(0).contains("Redis does not count") && said(1).contains("Redis does not count")).then_some(())
    });
    assert_eq!(doubting.figures(DEGRADED), [1, 1]);
}

#[test]
fn redis_beside_a_file_is_refused_at_the_start() {
    let place = super::place::Place::new()
        .with("VESTIBULE_LIMITS__BACKEND", "redis")
        .with("VESTIBULE_LIMITS__REDIS_URL", "redis://:geheim@127.0.0.1:1/");
    let refused = place.run(&["dev", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.err.contains("limits.backend") && !refused.err.contains("geheim"),
        "{}",
        refused.err
    );
}
