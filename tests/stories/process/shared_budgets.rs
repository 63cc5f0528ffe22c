//! What all nodes of one database count together, and what each counts for itself. L18, RL-16.

use super::client::{Answer, Request, somebody};
use super::place::{Door, Place, Server};
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::eventually;
use vestibule_testkit::{ThrowAway, new_house};

/// Two nodes over one PostgreSQL database.
pub struct Nodes {
    pub both: [Server; 2],
    _place: Place,
    _house: ThrowAway<'static>,
}

impl Nodes {
    /// None where PostgreSQL is not installed.
    pub fn start(configured: impl FnOnce(Place) -> Place) -> Option<Self> {
        let house = new_house()?;
        let place = configured(Place::new()).with("DATABASE_URL", &house.url());
        Some(Self {
            // The first makes the tables, the master key and the API keys.
            both: [place.dev(), place.dev()],
            _place: place,
            _house: house,
        })
    }

    pub fn door(&self, number: usize) -> &Door {
        &self.both[number % 2].door
    }

    /// Sends as many requests as one client, all at once and by turns to either node.
    pub fn at_once(
        &self,
        client: &str,
        count: usize,
        request: impl Fn(usize) -> Request + Sync,
    ) -> Vec<Answer> {
        thread::scope(|racers| {
            let request = &request;
            let sent: Vec<_> = (0..count)
                .map(|number| racers.spawn(move || self.ask(number, client, request(number))))
                .collect();
            sent.into_iter().map(|answer| answer.join().unwrap()).collect()
        })
    }

    /// Asks one of the nodes.
    pub fn ask(&self, node: usize, client: &str, request: Request) -> Answer {
        let request = request.header("x-forwarded-for", client);
        request.send(self.door(node).address).unwrap()
    }

    /// A login of somebody whom nobody knows; of somebody else each time, for no account gets locked.
    pub fn stranger(&self) -> Request {
        self.door(0).login(&format!("nobody-{}@example.org", somebody()))
    }

    /// What a figure is on both nodes.
    pub fn figures(&self, name: &str) -> [u64; 2] {
        [0, 1].map(|node: usize| self.both[node].figure(name))
    }
}

/// How many were let through; every other says when to come again, and nothing failed.
pub fn passed(answers: &[Answer]) -> usize {
    for refused in answers.iter().filter(|answer| answer.status == 429) {
        let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3_600).contains(&after), "{refused:?}");
        assert!(
            refused.header("ratelimit").unwrap().contains("remaining=0"),
            "{refused:?}"
        );
    }
    let failed = answers.iter().find(|answer| answer.status >= 500);
    assert!(failed.is_none(), "{failed:?}");
    answers.iter().filter(|answer| answer.status != 429).count()
}

fn small(place: Place) -> Place {
    place
        .with("VESTIBULE_LIMITS__SIGN_IN", "15")
        .with("VESTIBULE_LIMITS__MAIL", "8")
        .with("VESTIBULE_LIMITS__OTHER", "30")
}

#[test]
fn l18_sign_ins_sign_ups_and_mail_are_exact_over_two_nodes() {
    let Some(nodes) = Nodes::start(small) else { return };
    let door = nodes.door(0);
    let login = |_| nodes.stranger();
    let register = |number| door.register(&format!("new-{number}@example.org"));
    let forgot = |number| {
        door.post(
            "forgot-password",
            &json!({"email": format!("new-{number}@example.org")}),
        )
    };
    let verify = |number| {
        let body = json!({"email": format!("new-{number}@example.org"), "code": "000000"});
        door.post("verify-email", &body)
    };
    assert_eq!(passed(&nodes.at_once("192.0.2.1", 50, login)), 15, "login");
    assert_eq!(passed(&nodes.at_once("192.0.2.1", 50, register)), 15, "register");
    assert_eq!(passed(&nodes.at_once("192.0.2.1", 40, forgot)), 8, "forgot");
    assert_eq!(
        passed(&nodes.at_once("192.0.2.1", 9, verify)),
        0,
        "codes are of the budget of sign-ins"
    );
    assert_eq!(passed(&nodes.at_once("192.0.2.2", 50, verify)), 15, "verify");
    let page = |_| Request::post("/verify-email", &json!({}));
    assert_eq!(passed(&nodes.at_once("192.0.2.3", 50, page)), 15, "pages");

    // One after the other the client sees on either node what it has left on both.
    for number in 0..8 {
        let answer = nodes.ask(number, "192.0.2.4", forgot(0)).expect(200);
        let left = format!("limit=8, remaining={},", 7 - number);
        assert!(
            answer.header("ratelimit").unwrap().starts_with(&left),
            "{answer:?}"
        );
    }
    nodes.ask(0, "192.0.2.4", forgot(0)).expect(429);
}

#[test]
fn l08_wider_networks_are_counted_over_all_nodes_too() {
    let Some(nodes) = Nodes::start(|place| place.with("VESTIBULE_LIMITS__MAIL", "3")) else {
        return;
    };
    let forgot = nodes
        .door(0)
        .post("forgot-password", &json!({"email": "ada@example.org"}));
    let answers: Vec<_> = (0..8)
        .flat_map(|network| nodes.at_once(&format!("2001:db8:0:{network:x}::1"), 4, |_| forgot.clone()))
        .collect();
    assert_eq!(passed(&answers[..4]), 3, "a /64");
    assert_eq!(passed(&answers), 12, "its /56");
    assert_eq!(
        passed(&nodes.at_once("2001:db8:0:100::1", 4, |_| forgot.clone())),
        3,
        "another /56"
    );
}

#[test]
fn l16_the_ten_in_five_seconds_of_arkos_hold_over_two_nodes_and_both_say_when_to_come_again() {
    let Some(nodes) = Nodes::start(|place| place) else {
        return;
    };
    // Somebody else each time: nobody's account gets locked.
    let login = |_| {
        let name = format!("nobody-{}@example.org", somebody());
        let body = json!({"username": name, "password": "wrong"});
        Request::post("/api/auth/login", &body)
    };
    let client = "198.51.100.7";
    let asked = Instant::now();
    let answers = nodes.at_once(client, 40, login);
    let took = asked.elapsed();
    // A machine so busy that the race takes seconds lets through what may pass then.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(passed(&answers), 10);

    for node in [0, 1] {
        // What has become free meanwhile is used up first, so that the node has a time to tell.
        let refused = (0..40)
            .map(|_| nodes.ask(node, client, login(0)))
            .find(|answer| answer.status == 429)
            .unwrap();
        let (since, after) = (
            Instant::now(),
            refused.header("retry-after").unwrap().parse().unwrap(),
        );
        let until = Duration::from_secs(after);
        assert!(until <= Duration::from_secs(5), "{refused:?}");
        eventually("room", until + Duration::from_secs(2), || {
            (nodes.ask(node, client, login(0)).status == 401).then_some(())
        });
        let waited = since.elapsed();
        assert!(
            waited <= until + Duration::from_millis(500),
            "told {until:?}, waited {waited:?}"
        );
    }
    assert!(
        asked.elapsed() > Duration::from_millis(4_900),
        "nothing is forgotten early"
    );
}

#[test]
fn other_budgets_let_through_at_most_as_many_times_as_there_are_nodes_and_ask_nobody() {
    let Some(nodes) = Nodes::start(small) else { return };
    let me = |_| nodes.door(0).me("nothing");
    assert_eq!(passed(&nodes.at_once("192.0.2.1", 100, me)), 2 * 30);
    assert_eq!(nodes.figures("vestibule_shared_charges_total"), [0, 0]);
}

#[test]
fn a_flood_that_one_node_has_had_enough_of_is_not_carried_to_the_database_by_the_other() {
    let Some(nodes) = Nodes::start(small) else { return };
    let forgot = |_| {
        nodes
            .door(0)
            .post("forgot-password", &json!({"email": "ada@example.org"}))
    };
    let of_one: Vec<_> = (0..10).map(|_| nodes.ask(0, "192.0.2.1", forgot(0))).collect();
    assert_eq!(passed(&of_one), 8);
    let of_two: Vec<_> = (0..50).map(|_| nodes.ask(1, "192.0.2.1", forgot(0))).collect();
    assert_eq!(passed(&of_two), 0);
    // The node's own window knew of the eighth; the other was told by its first question.
    assert_eq!(nodes.figures("vestibule_shared_charges_total"), [8, 1]);
}

#[test]
fn e08_conflicts_at_sign_up_are_told_five_times_over_all_nodes_and_only_these_count() {
    let Some(nodes) = Nodes::start(|place| place) else {
        return;
    };
    let door = nodes.door(0);
    nodes
        .ask(0, "192.0.2.9", door.register("ada@example.org"))
        .expect(201);
    let taken = |_: usize| door.register("ada@example.org");
    let told = |answers: &[Answer]| answers.iter().filter(|answer| answer.status == 409).count();
    let answers = nodes.at_once("192.0.2.1", 16, taken);
    assert_eq!((told(&answers), passed(&answers)), (5, 5));

    for number in 0..4 {
        nodes.ask(number, "192.0.2.2", taken(0)).expect(409);
    }
    for number in 0..6 {
        let new = door.register(&format!("new-{number}@example.org"));
        nodes.ask(number, "192.0.2.2", new).expect(201);
    }
    nodes.ask(0, "192.0.2.2", taken(0)).expect(409);
    let refused = nodes.ask(1, "192.0.2.2", taken(0)).expect(429);
    assert!(
        refused
            .header("ratelimit-policy")
            .unwrap()
            .starts_with("5;w=3600"),
        "{refused:?}"
    );
}
