//! The database crashes and comes back. RL-08.

use super::load::{Balancer, under_load};
use super::{HEALED, House, Nodes, PATIENCE};
use std::time::Duration;
use vestibule_testkit::{Cluster, cluster};

#[test]
fn rl08_a_database_that_crashes_again_and_again_costs_only_503s_and_nothing_that_was_answered() {
    if !cluster::installed() {
        return;
    }
    let cluster = Cluster::start(&[]);
    let house = cluster.database(None);
    let nodes = Nodes::at(&house.url());
    let (families, sessions) = nodes.guests();
    let seen = under_load(&Balancer::over(nodes.doors()), families, sessions, |load| {
        load.registered_more(2, PATIENCE);
        for _ in 0..3 {
            cluster.stop();
            load.refused_more(20, Duration::from_secs(5));
            cluster.start_again();
            load.more("healed", 3, HEALED);
            load.registered_more(2, PATIENCE);
        }
    });
    seen.is_worth_a_check();
    assert_eq!(nodes.recheck(seen, &House(&cluster, house.name())), [""; 0]);
}

/// The check of the story above must be able to fail: a database that answers before its log is written is noticed. It
/// writes its log every ten seconds all the same, so once in a while there is nothing to forget.
#[test]
fn rl08_control_a_database_that_forgets_the_last_commits_is_noticed() {
    if cluster::installed() {
        assert!((0..3).any(|_| is_noticed_to_forget()));
    }
}

fn is_noticed_to_forget() -> bool {
    let cluster = Cluster::start(&[
        "synchronous_commit=off",
        "wal_writer_delay=10s",
        "wal_writer_flush_after=1GB",
    ]);
    let house = cluster.database(None);
    let nodes = Nodes::at(&house.url());
    let (families, sessions) = nodes.guests();
    cluster.run("CHECKPOINT");
    let seen = under_load(&Balancer::over(nodes.doors()), families, sessions, |load| {
        load.registered_more(2, PATIENCE);
        cluster.stop();
        load.refused_more(10, Duration::from_secs(5));
    });
    cluster.start_again();
    let wrong = seen.ledger.missing(&House(&cluster, house.name()));
    let noticed = ["registered as", "was answered, the leaf is"];
    wrong
        .iter()
        .any(|it| noticed.iter().any(|noticed| it.contains(noticed)))
}
