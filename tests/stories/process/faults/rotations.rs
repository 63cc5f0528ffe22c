//! A great many rotations. RL-28, RT-02.

use super::super::client::{Connection, somebody};
use super::super::ledger::{Family, Rows as _};
use super::super::place::Door;
use super::{House, Nodes};
use std::collections::HashSet;
use std::thread;
use std::time::Instant;
use vestibule_testkit::new_house;

/// Racers of one family, half of them on each node.
const RACERS: usize = 4;
const FAMILIES: usize = 4;

/// How many rotations all families make together; `VESTIBULE_ROTATIONS` says it for longer runs. RS256 bounds them to
/// some thousands a second.
fn rotations() -> usize {
    let given = std::env::var("VESTIBULE_ROTATIONS").ok();
    given.map_or(2_000, |given| {
        given.parse().expect("VESTIBULE_ROTATIONS is a number")
    })
}

/// Lets all racers present the newest token at once, again and again; each time one successor must come.
fn race(doors: &[Door; 2], family: &mut Family, rounds: usize) -> Result<(), String> {
    let mut racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            let door = &doors[racer % doors.len()];
            (door, Connection::open(door.address).unwrap())
        })
        .collect();
    for round in 0..rounds {
        let presented = family.newest().to_owned();
        let successors: HashSet<String> = thread::scope(|race| {
            let started: Vec<_> = racers
                .iter_mut()
                .map(|(door, connection)| {
                    let request = door.refresh(&presented).from(somebody());
                    race.spawn(move || {
                        let answer = connection.send(&request).map_err(|error| error.to_string())?;
                        if answer.status == 200 {
                            Ok(answer.text("refresh_token"))
                        } else {
                            Err(format!("{answer:?}"))
                        }
                    })
                })
                .collect();
            started
                .into_iter()
                .map(|racer| racer.join().unwrap())
                .collect::<Result<_, _>>()
        })?;
        let mut successors = successors.into_iter();
        match (successors.next(), successors.next()) {
            (Some(successor), None) if successor != presented => family.tokens.push(successor),
            several => return Err(format!("round {round}: {several:?} after {presented}")),
        }
        // Enough to steal an old one of at the end.
        if family.tokens.len() > 8 {
            family.tokens.remove(0);
        }
    }
    Ok(())
}

#[test]
fn rt02_rl28_of_many_rotations_over_two_nodes_with_sixteen_racers_none_has_two_successors() {
    let Some(house) = new_house() else { return };
    let nodes = Nodes::at(&house.url());
    let (doors, rounds) = (nodes.doors(), rotations().div_ceil(FAMILIES));
    let mut families: Vec<_> = (0..FAMILIES)
        .map(|number| {
            let email = format!("user{number}@example.org");
            Family::of(&email, doors[0].newcomer(&email))
        })
        .collect();
    let since = Instant::now();
    let wrong: Vec<_> = thread::scope(|races| {
        let doors = &doors;
        let started: Vec<_> = families
            .iter_mut()
            .map(|family| races.spawn(move || race(doors, family, rounds)))
            .collect();
        started
            .into_iter()
            .filter_map(|race| race.join().unwrap().err())
            .collect()
    });
    assert_eq!(wrong, [""; 0]);
    println!("{} rotations in {:?}", rounds * FAMILIES, since.elapsed());
    let rows = House(house.cluster(), house.name());
    for family in &families {
        let (session, generation) = super::super::ledger::generation(family.newest());
        assert_eq!(rows.leaf(&session), Some(generation));
        assert_eq!(
            generation,
            i64::try_from(rounds).unwrap() + 1,
            "one step each round"
        );
        family.is_revoked_by_a_thief(&doors[1]).unwrap();
    }
}
