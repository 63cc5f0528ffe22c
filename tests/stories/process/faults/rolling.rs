//! One node after the other is replaced while clients work. RL-24.

use super::super::client::Request;
use super::load::{Balancer, under_load};
use super::{House, Nodes, PATIENCE};
use std::time::Duration;
use vestibule_testkit::new_house;
use vestibule_testkit::process::eventually;

/// Clients of a load: each has one request under way.
const CLIENTS: usize = 6;

/// Both builds are this one as long as there is no second release. From then on one node of the pair is the release
/// before, taken from its archive; the first round replaces it by this build and the second sets it back, which proves
/// that each reads what the other wrote.
#[test]
fn rl24_nodes_that_are_replaced_one_after_the_other_fail_no_request_and_killed_ones_only_theirs() {
    let Some(house) = new_house() else { return };
    let mut nodes = Nodes::with(&house.url(), &[("VESTIBULE_SERVER__SHUTDOWN_GRACE", "1")]);
    let (families, sessions) = nodes.guests();
    let balancer = Balancer::over(nodes.doors());
    let mut unfriendly = 0;
    let seen = under_load(&balancer, families, sessions, |load| {
        load.more("answers", 5, PATIENCE);
        for place in [0, 1, 0, 1] {
            let node = nodes.node(place);
            node.process.terminate();
            // The balancer asks now and then, and the node goes on as long as that may take.
            let address = node.door.address;
            eventually("readiness off", Duration::from_secs(1), || {
                let ready = Request::get("/ready").send(address).ok()?;
                (ready.status == 503).then_some(())
            });
            balancer.take_out(place);
            let ended = node.process.ended(PATIENCE).expect("it ends");
            assert_eq!(ended.code(), Some(0), "{}", node.process.said());
            nodes.replace(place);
            balancer.put_in(place, nodes.doors()[place].clone());
            load.more("answers of the new node", 5, PATIENCE);
        }
        assert_eq!(load.failed(), (0, 0), "a graceful stop refused or lost requests");
        for place in [0, 1] {
            balancer.dies(place);
            nodes.replace(place);
            unfriendly += 1;
            balancer.put_in(place, nodes.doors()[place].clone());
            load.more("answers of the new node", 5, PATIENCE);
        }
    });
    println!(
        "{} registered, {} perhaps, {} lost, the slowest took {:?}",
        seen.ledger.registered.len(),
        seen.ledger.perhaps.len(),
        seen.lost,
        seen.slowest
    );
    assert_eq!(seen.refused, 0);
    assert!(seen.lost <= unfriendly * CLIENTS, "{}", seen.lost);
    let rows = House(house.cluster(), house.name());
    assert_eq!(nodes.recheck(seen, &rows), [""; 0]);
}
