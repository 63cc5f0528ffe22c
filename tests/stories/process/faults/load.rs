//! Clients that work on several nodes whatever becomes of the database, and remember what they were answered.

use super::super::client::{Answer, Connection, Request, somebody};
use super::super::ledger::{Family, Ledger};
use super::super::place::{Door, SignedIn};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;

/// How long a refused client waits: less than it is told, to be on the spot when things heal.
const BREATH: Duration = Duration::from_millis(20);
/// How soon every node knows what one of them was told.
const SOON: Duration = Duration::from_secs(1);

/// Sends each request to the next of the nodes that are in.
pub struct Balancer(Vec<Place>);

struct Place {
    door: RwLock<Option<Door>>,
    /// Whether what is under way there may end without an answer.
    dies: AtomicBool,
}

impl Balancer {
    pub fn over(doors: [Door; 2]) -> Self {
        let place = |door| Place {
            door: RwLock::new(Some(door)),
            dies: AtomicBool::new(false),
        };
        Self(doors.map(place).into())
    }

    /// Sends nothing more to a node.
    pub fn take_out(&self, place: usize) {
        *self.0[place].door.write().unwrap() = None;
    }

    pub fn put_in(&self, place: usize, door: Door) {
        self.0[place].dies.store(false, Ordering::SeqCst);
        *self.0[place].door.write().unwrap() = Some(door);
    }

    /// The node will be killed.
    pub fn dies(&self, place: usize) {
        self.0[place].dies.store(true, Ordering::SeqCst);
    }

    /// The next node that takes a connection.
    fn open(&self, turn: &mut usize) -> (usize, Door, Connection) {
        loop {
            *turn += 1;
            let place = *turn % self.0.len();
            let door = self.0[place].door.read().unwrap().clone();
            if let Some(door) = door
                && let Ok(connection) = Connection::open(door.address)
            {
                return (place, door, connection);
            }
            thread::yield_now();
        }
    }
}

/// How things stand while clients work.
pub struct Load<'l> {
    balancer: &'l Balancer,
    stop: AtomicBool,
    answered: Vec<AtomicUsize>,
    registered: AtomicUsize,
    refused: AtomicUsize,
    lost: AtomicUsize,
}

/// What the clients saw, together.
#[derive(Default)]
pub struct Seen {
    pub ledger: Ledger,
    /// Answers that no fault excuses.
    pub wrong: Vec<String>,
    /// How often they were told to come again.
    pub refused: usize,
    /// How many requests ended with the node that was killed.
    pub lost: usize,
    /// The longest that any answer took.
    pub slowest: Duration,
}

impl Seen {
    /// Enough was done that a loss would show, and nobody waited without end.
    pub fn is_worth_a_check(&self) {
        let Self {
            ledger,
            refused,
            slowest,
            ..
        } = self;
        let (registered, perhaps) = (ledger.registered.len(), ledger.perhaps.len());
        println!(
            "{registered} registered, {perhaps} perhaps, {refused} refused, the slowest took {slowest:?}"
        );
        assert!(registered >= 4 && !ledger.ended.is_empty());
        assert!(*slowest < Duration::from_secs(6), "{slowest:?}");
    }
}

/// Works while `faults` happen: two clients register, one refreshes each family, one ends the sessions, one
/// looks at its profile and at the keys.
pub fn under_load(
    balancer: &Balancer,
    families: Vec<Family>,
    sessions: Vec<SignedIn>,
    faults: impl FnOnce(&Load<'_>),
) -> Seen {
    let load = Load {
        balancer,
        stop: AtomicBool::new(false),
        answered: balancer.0.iter().map(|_| AtomicUsize::new(0)).collect(),
        registered: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        lost: AtomicUsize::new(0),
    };
    let mut seen = Seen::default();
    let reads = sessions.last().cloned();
    let reads = &reads;
    thread::scope(|clients| {
        let load = &load;
        let mut started: Vec<_> = ["a", "b"]
            .map(|name| clients.spawn(move || Client::on(load, name.len()).register(name)))
            .into();
        for (turn, family) in families.into_iter().enumerate() {
            started.push(clients.spawn(move || Client::on(load, turn).refresh(family)));
        }
        started.push(clients.spawn(move || Client::on(load, 0).log_out(sessions)));
        started.push(clients.spawn(move || Client::on(load, 1).read(reads.as_ref())));
        // Also when a fault does not come about, so that the story fails instead of waiting for its clients.
        let stop = Stop(&load.stop);
        faults(load);
        drop(stop);
        for client in started {
            let Seen {
                ledger,
                wrong,
                slowest,
                ..
            } = client.join().unwrap();
            seen.ledger.add(ledger);
            seen.wrong.extend(wrong);
            seen.slowest = seen.slowest.max(slowest);
        }
    });
    seen.refused = load.refused.into_inner();
    seen.lost = load.lost.into_inner();
    seen
}

struct Stop<'l>(&'l AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Load<'_> {
    /// Waits until each node has answered so many requests more.
    pub fn more(&self, what: &str, count: usize, patience: Duration) {
        let answered = || self.answered.iter().map(|it| it.load(Ordering::SeqCst));
        let wanted: Vec<_> = answered().map(|before| before + count).collect();
        eventually(what, patience, || {
            answered()
                .zip(&wanted)
                .all(|(now, wanted)| now >= *wanted)
                .then_some(())
        });
    }

    /// Waits until so many requests more were refused.
    pub fn refused_more(&self, count: usize, patience: Duration) {
        reaches("refusals", &self.refused, count, patience);
    }

    /// Waits until so many users more were registered.
    pub fn registered_more(&self, count: usize, patience: Duration) {
        reaches("registrations", &self.registered, count, patience);
    }

    /// How many requests were refused so far, and how many lost with a killed node.
    pub fn failed(&self) -> (usize, usize) {
        (
            self.refused.load(Ordering::SeqCst),
            self.lost.load(Ordering::SeqCst),
        )
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }
}

fn reaches(what: &str, counter: &AtomicUsize, more: usize, patience: Duration) {
    let wanted = counter.load(Ordering::SeqCst) + more;
    eventually(what, patience, || {
        (counter.load(Ordering::SeqCst) >= wanted).then_some(())
    });
}

/// One client, on one node after the other.
struct Client<'l> {
    load: &'l Load<'l>,
    turn: usize,
    seen: Seen,
}

impl<'l> Client<'l> {
    fn on(load: &'l Load<'l>, turn: usize) -> Self {
        Self {
            load,
            turn,
            seen: Seen::default(),
        }
    }

    /// The answer, unless it is the one that the database's absence excuses: 503, and when to come again.
    fn ask(&mut self, request: impl FnOnce(&Door) -> Request) -> Option<Answer> {
        let balancer = self.load.balancer;
        let (place, door, mut connection) = balancer.open(&mut self.turn);
        let since = Instant::now();
        let answer = connection.send(&request(&door).from(somebody()));
        self.seen.slowest = self.seen.slowest.max(since.elapsed());
        match answer {
            Ok(answer) if answer.status == 503 && answer.header("retry-after").is_some() => {
                self.load.refused.fetch_add(1, Ordering::SeqCst);
                thread::sleep(BREATH);
                None
            }
            Ok(answer) => {
                self.load.answered[place].fetch_add(1, Ordering::SeqCst);
                Some(answer)
            }
            Err(_) if balancer.0[place].dies.load(Ordering::SeqCst) => {
                self.load.lost.fetch_add(1, Ordering::SeqCst);
                None
            }
            Err(error) => {
                self.seen.wrong.push(format!("no answer: {error}"));
                None
            }
        }
    }

    /// The answer, which must have this status.
    fn expect(&mut self, status: u16, request: impl FnOnce(&Door) -> Request) -> Option<Answer> {
        let answer = self.ask(request)?;
        if answer.status == status {
            return Some(answer);
        }
        self.seen.wrong.push(format!("{answer:?}"));
        None
    }

    fn register(mut self, name: &str) -> Seen {
        let mut number = 0;
        while self.load.goes_on() {
            number += 1;
            let email = format!("{name}-{number}@example.org");
            match self.expect(201, |door| door.register(&email)) {
                Some(answer) => {
                    self.load.registered.fetch_add(1, Ordering::SeqCst);
                    let id = answer.text("user_id");
                    self.seen.ledger.registered.push((email, id));
                }
                None => self.seen.ledger.perhaps.push(email),
            }
        }
        self.seen
    }

    fn refresh(mut self, mut family: Family) -> Seen {
        while self.load.goes_on() {
            let token = family.newest().to_owned();
            let answer = self.expect(200, |door| door.refresh(&token));
            family.pending = answer.is_none();
            family
                .tokens
                .extend(answer.map(|answer| answer.text("refresh_token")));
        }
        self.seen.ledger.families.push(family);
        self.seen
    }

    /// Ends one session after the other, evenly between the faults: one for each pause that there is.
    fn log_out(mut self, sessions: Vec<SignedIn>) -> Seen {
        for session in sessions {
            if !self.load.goes_on() {
                break;
            }
            let body = serde_json::json!({ "refresh_token": session.refresh });
            let answer = self.ask(|door| door.post("logout", &body).bearer(&session.access));
            if answer.is_some_and(|answer| answer.status < 300) {
                self.seen.ledger.ended.push(session);
            }
            thread::sleep(BREATH);
        }
        self.seen
    }

    /// Looks at the keys and at its profile, until its session is ended: from then on every node must know of it soon,
    /// and none may forget it.
    fn read(mut self, session: Option<&SignedIn>) -> Seen {
        let mut ended: Option<Instant> = None;
        while self.load.goes_on() {
            self.expect(200, |_| Request::get("/.well-known/jwks.json?env=test"));
            let Some(session) = session else { continue };
            let asked = Instant::now();
            let Some(answer) = self.ask(|door| door.me(&session.access)) else {
                continue;
            };
            match (answer.status, ended) {
                (401, _) => ended = ended.or_else(|| Some(Instant::now())),
                (200, None) => {}
                (200, Some(since)) if asked < since + SOON => {}
                _ => self.seen.wrong.push(format!("{answer:?}, ended: {ended:?}")),
            }
        }
        self.seen
    }
}
