//! What one node does for all of them, and what becomes of it when the node ends. RL-28.

use super::place::{Door, Place};
use serde_json::Value;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use vestibule_testkit::process::Serving;
use vestibule_testkit::{ThrowAway, new_house};

/// How soon another node goes on with what a node did that is gone.
const TAKEN_OVER: Duration = Duration::from_secs(15);

/// Production nodes over one database whose mail goes to a server that never says what becomes of it.
struct Nodes {
    place: Place,
    key: String,
    mail: Receiver<TcpStream>,
    _house: ThrowAway<'static>,
}

/// None where PostgreSQL is not installed.
fn nodes() -> Option<Nodes> {
    let house = new_house()?;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (called, mail) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // The greeting, and then silence.
            let _ = (&stream).write_all(b"220 here ESMTP\r\n");
            if called.send(stream).is_err() {
                return;
            }
        }
    });
    let place = Place::new()
        .with("DATABASE_URL", &house.url())
        .with("VESTIBULE_MAIL__HOST", "127.0.0.1")
        .with("VESTIBULE_MAIL__PORT", &port.to_string())
        .with("VESTIBULE_MAIL__TLS", "none")
        .with("VESTIBULE_MAIL__FROM", "noreply@example.com");
    let config = place.path("vestibule.toml");
    let config = config.to_str().unwrap();
    let init: Value = place.json(&[
        "init",
        "--config",
        config,
        "--public-url",
        "http://127.0.0.1:7373",
    ]);
    let key = init["keys"]["live"]["api"].as_str().unwrap().to_owned();
    Some(Nodes {
        place,
        key,
        mail,
        _house: house,
    })
}

impl Nodes {
    fn start(&self) -> (Serving, Door) {
        let (config, data) = (self.place.path("vestibule.toml"), self.place.data());
        let (config, data) = (config.to_str().unwrap(), data.to_str().unwrap());
        let serve = [
            "serve",
            "--config",
            config,
            "--data",
            data,
            "--listen",
            "127.0.0.1:0",
            "--json",
        ];
        let node = self.place.binary.serve(&serve);
        let door = Door {
            address: node.address("listen_url"),
            key: self.key.clone(),
        };
        (node, door)
    }

    /// A mail is on its way from the one node that there is.
    fn mail_on_its_way(&self, door: &Door) -> TcpStream {
        door.send(door.register("ada@example.org")).unwrap().expect(201);
        self.mail.recv_timeout(TAKEN_OVER).expect("the mail")
    }
}

#[test]
fn rl28_mail_that_a_node_was_sending_when_it_was_killed_is_sent_by_another_within_fifteen_seconds() {
    another_sends_after("killed", Serving::kill);
}

#[test]
fn rl28_mail_that_a_node_was_sending_when_it_froze_is_sent_by_another_within_fifteen_seconds() {
    // Kept until the story is over: a frozen node that is let go of is killed.
    let mut frozen = None;
    another_sends_after("frozen", |node| frozen.insert(node).freeze());
}

fn another_sends_after(what: &str, ends: impl FnOnce(Serving)) {
    let Some(nodes) = nodes() else { return };
    let (one, door) = nodes.start();
    let _sending = nodes.mail_on_its_way(&door);
    let _two = nodes.start();
    ends(one);
    let since = Instant::now();
    let again = nodes.mail.recv_timeout(TAKEN_OVER);
    assert!(again.is_ok(), "{what}: nobody took it over");
    assert!(since.elapsed() <= TAKEN_OVER, "{what}: {:?}", since.elapsed());
}

#[test]
fn rl13_mail_that_a_living_node_is_sending_is_sent_by_no_other() {
    let Some(nodes) = nodes() else { return };
    let (_one, door) = nodes.start();
    let _sending = nodes.mail_on_its_way(&door);
    let _two = nodes.start();
    assert!(
        nodes.mail.recv_timeout(TAKEN_OVER).is_err(),
        "two nodes send one mail"
    );
}
