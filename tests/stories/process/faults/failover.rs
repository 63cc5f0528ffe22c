//! The primary is lost, and its standby takes over. RL-09.

use super::load::{Balancer, under_load};
use super::{House, Nodes, PATIENCE, Place};
use std::time::Duration;
use vestibule_testkit::process::eventually;
use vestibule_testkit::{Cluster, cluster};

const REPLICATED: [&str; 2] = ["wal_level=replica", "max_wal_senders=4"];
/// How soon nodes have found the new primary by themselves.
const FOUND: Duration = Duration::from_secs(5);

#[test]
fn rl09_when_the_standby_takes_over_nodes_go_on_by_themselves_and_nothing_answered_is_lost() {
    if !cluster::installed() {
        return;
    }
    let primary = Cluster::start(&REPLICATED);
    let house = primary.database(None);
    let standby = primary.standby(&REPLICATED);
    // From now on a commit is answered when both have it.
    primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.run("SELECT pg_reload_conf()");
    eventually("a synchronous standby", PATIENCE, || {
        let state = primary.run("SELECT sync_state FROM pg_stat_replication");
        (state == "sync").then_some(())
    });
    let url = standby.url(house.name());
    let read_only = Place::new().with("DATABASE_URL", &url);
    for command in [&["dev", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let refused = read_only.run(command);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(
            refused
                .err
                .contains("this server is a read-only replica: name the primary, or list every host"),
            "{}",
            refused.err
        );
    }

    let folders = [&primary, &standby].map(|cluster| cluster.folder().display().to_string());
    let only = format!("host={}", folders[1]);
    let both = url.replace(&only, &format!("host={}", folders.join(",")));
    let nodes = Nodes::at(&format!("{both}&target_session_attrs=read-write"));
    let (families, sessions) = nodes.guests();
    let seen = under_load(&Balancer::over(nodes.doors()), families, sessions, |load| {
        load.registered_more(2, PATIENCE);
        primary.stop();
        load.refused_more(10, FOUND);
        standby.run("SELECT pg_promote()");
        load.more("answers of the new primary", 5, FOUND);
        load.registered_more(2, PATIENCE);
    });
    seen.is_worth_a_check();
    assert_eq!(nodes.recheck(seen, &House(&standby, house.name())), [""; 0]);
}
