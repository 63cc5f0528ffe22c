//! Nodes whose database restarts, moves, goes silent, fills up or was never right; and nodes that freeze, start together
//! or follow each other.

mod black_hole;
mod exhausted;
mod failover;
mod lease;
mod load;
mod migration;
mod newer;
mod restart;
mod rolling;
mod rotations;
mod space;
mod starting;

use super::ledger::{Family, House};
use super::place::{Door, Place, Server, SignedIn};
use load::Seen;
use std::time::Duration;

/// How long anything may take that has no bound of its own.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon nodes serve again once their database does.
const HEALED: Duration = Duration::from_secs(2);

/// Two nodes over one database.
struct Nodes {
    one: Server,
    two: Server,
    place: Place,
}

impl Nodes {
    fn at(url: &str) -> Self {
        Self::with(url, &[])
    }

    /// With further settings.
    fn with(url: &str, settings: &[(&str, &str)]) -> Self {
        let mut place = Place::new().with("DATABASE_URL", url);
        for (name, value) in settings {
            place = place.with(name, value);
        }
        let (one, two) = (place.dev(), place.dev());
        Self { one, two, place }
    }

    fn node(&mut self, place: usize) -> &mut Server {
        if place == 0 { &mut self.one } else { &mut self.two }
    }

    /// Kills a node if it runs, and starts it anew.
    fn replace(&mut self, place: usize) {
        self.node(place).process.kill_now();
        *self.node(place) = self.place.dev();
    }

    fn doors(&self) -> [Door; 2] {
        [self.one.door.clone(), self.two.door.clone()]
    }

    /// Two refresh families and some sessions to end.
    fn guests(&self) -> (Vec<Family>, Vec<SignedIn>) {
        let door = &self.one.door;
        let emails = ["first@example.org", "second@example.org"];
        let families = emails.map(|email| Family::of(email, door.newcomer(email)));
        let sessions = (0..6).map(|_| door.sign_in("first@example.org")).collect();
        (families.into(), sessions)
    }

    /// Everything that is not as the clients of these nodes were told.
    fn recheck(&self, mut seen: Seen, rows: &House<'_>) -> Vec<String> {
        let mut wrong = std::mem::take(&mut seen.wrong);
        wrong.extend(seen.ledger.missing(rows));
        for door in self.doors() {
            wrong.extend(seen.ledger.forgotten_by(&door));
        }
        wrong
    }
}
