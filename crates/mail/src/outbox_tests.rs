use crate::inbox;
use crate::letter;
use crate::outbox::{Post, Transport, run};
use crate::smtp::{Encryption, Patience, Smtp, SmtpOptions};
use crate::templates::Templates;
use crate::test_server::{Reply, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use vestibule_keys::{MasterKey, Sealer};
use vestibule_model::id::{MailId, NodeId, ProjectId};
use vestibule_model::mail::{Letter, MailKind};
use vestibule_model::{Clock, Entropy, Environment, Realm, Timestamp};
use vestibule_store::outbox::{self as rows, OutboxRow, SEALED_FOR};
use vestibule_store::projects::{self, ProjectRow};
use vestibule_store::{Error, OpenSqlite, Store, Tx};

const START: Timestamp = Timestamp::from_seconds(1_772_539_200);
const PROJECT: ProjectId = ProjectId::from_bytes([1; 16]);

/// A clock that tests set, and that counts how often it is read.
struct Hands(AtomicI64, AtomicUsize);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.1.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.now().since(START)
    }
}

/// Never the same bytes twice, and the same bytes in each run.
struct Counted(AtomicU8);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.fetch_add(1, Ordering::SeqCst));
    }
}

struct Office {
    store: Store,
    clock: Hands,
    entropy: Arc<Counted>,
    sealer: Sealer,
    templates: Templates,
    transport: Transport,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn with(transport: Transport) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(OpenSqlite::new(folder.path().join("test.db"), Arc::new(())))
            .await
            .unwrap();
        store.migrate(START).await.unwrap();
        let entropy = Arc::new(Counted(AtomicU8::new(0)));
        let sealer = Sealer::new(entropy.clone(), MasterKey::generate(entropy.as_ref()), Vec::new());
        let office = Self {
            store,
            clock: Hands(AtomicI64::new(START.micros()), AtomicUsize::new(0)),
            entropy,
            sealer,
            templates: Templates::load(None).unwrap(),
            transport,
            _folder: folder,
        };
        office.store.db.write(soon(), project, ()).await.unwrap();
        office
    }

    async fn sending_to(server: &Server) -> Self {
        let patience = Duration::from_millis(500);
        let options = SmtpOptions {
            host: "localhost".into(),
            port: server.port,
            encryption: Encryption::Plain,
            login: None,
            from: "Vestibule <no-reply@example.com>".into(),
            reply_to: None,
            ca_file: None,
            allow_plaintext: false,
            patience: Patience {
                connect: patience,
                command: patience,
                message: patience,
            },
        };
        Self::with(Transport::Smtp(Box::new(Smtp::new(options).unwrap()))).await
    }

    fn post(&self) -> Post<'_> {
        Post {
            node: NodeId::from_bytes([7; 16]),
            db: &self.store.db,
            clock: &self.clock,
            entropy: self.entropy.as_ref(),
            sealer: &self.sealer,
            templates: &self.templates,
            transport: &self.transport,
        }
    }

    async fn queue(&self, kind: MailKind, to: &str, life: Duration) -> MailId {
        self.queue_for(Duration::ZERO, kind, to, life).await
    }

    /// A mail whose turn comes after `wait`.
    async fn queue_for(&self, wait: Duration, kind: MailKind, to: &str, life: Duration) -> MailId {
        let id = MailId::new(self.entropy.as_ref(), self.clock.now());
        let letter = Letter {
            to: to.into(),
            ..letter::samples(MailKind::ResetPassword)[0].clone()
        };
        let text = serde_json::to_vec(&letter).unwrap();
        let row = OutboxRow {
            id,
            realm: Realm {
                project: PROJECT,
                environment: Environment::Test,
            },
            kind,
            payload: Some(self.sealer.seal(SEALED_FOR, &id.bytes(), &text).unwrap()),
            created_at: self.clock.now(),
            expires_at: self.clock.now().plus(life),
            next_attempt_at: Some(self.clock.now().plus(wait)),
            attempts: 0,
            last_error: None,
            sent_at: None,
            dead_at: None,
        };
        self.store.db.write(soon(), insert, row).await.unwrap();
        id
    }

    async fn reset_mail(&self) -> MailId {
        self.queue(
            MailKind::ResetPassword,
            "ada@example.org",
            Duration::from_hours(1),
        )
        .await
    }

    async fn row(&self, id: MailId) -> OutboxRow {
        rows::find(&self.store.db, id).await.unwrap().expect("the row")
    }

    fn advance(&self, by: Duration) {
        self.clock
            .0
            .store(self.clock.now().plus(by).micros(), Ordering::SeqCst);
    }

    /// Goes to the moment of the next attempt, and makes it.
    async fn next_attempt(&self, id: MailId) -> OutboxRow {
        let turn = self.row(id).await.next_attempt_at.expect("another attempt");
        self.advance(turn.since(self.clock.now()));
        self.post().deliver_due().await;
        self.row(id).await
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

async fn project(tx: &mut Tx, (): &()) -> Result<(), Error> {
    let row = ProjectRow {
        id: PROJECT,
        slug: "default".into(),
        name: "Example".into(),
        settings: serde_json::Map::new(),
        created_at: START,
        updated_at: START,
        disabled_at: None,
    };
    projects::insert(tx, &row).await.map(drop)
}

async fn insert(tx: &mut Tx, row: &OutboxRow) -> Result<(), Error> {
    rows::insert(tx, row).await
}

#[tokio::test]
async fn a_mail_goes_once_and_takes_its_letter_with_it() {
    let server = Server::start().await;
    let office = Office::sending_to(&server).await;
    let id = office.reset_mail().await;
    office.post().deliver_due().await;
    office.post().deliver_due().await;
    assert_eq!(server.messages().len(), 1);
    let row = office.row(id).await;
    assert_eq!(
        (row.sent_at, row.payload, row.next_attempt_at, row.attempts),
        (Some(START), None, None, 1)
    );
}

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_later_with_the_same_message() {
    let server = Server::start().await;
    server.on("MESSAGE", &[Reply::Say("451 later"), Reply::Cut]);
    let office = Office::sending_to(&server).await;
    let id = office.reset_mail().await;
    office.post().deliver_due().await;
    let first = office.row(id).await;
    let wait = first.next_attempt_at.unwrap().since(START);
    assert!(
        wait > Duration::from_secs(7) && wait <= Duration::from_secs(15),
        "{wait:?}"
    );
    assert!(first.last_error.unwrap().contains("451"));
    office.advance(wait.saturating_sub(Duration::from_micros(1)));
    office.post().deliver_due().await;
    assert_eq!(server.messages().len(), 1, "not before its turn");

    let cut = office.next_attempt(id).await;
    assert_eq!((cut.attempts, cut.sent_at), (2, None));
    let sent = office.next_attempt(id).await;
    assert!(sent.sent_at.is_some() && sent.last_error.is_none());
    let messages = server.messages();
    assert!(
        messages.len() == 3 && messages.iter().all(|message| *message == messages[0]),
        "{messages:?}"
    );
}

#[tokio::test]
async fn a_refusal_for_good_ends_it() {
    let server = Server::start().await;
    server.on("RCPT", &[Reply::Say("550 5.1.1 no such user")]);
    let office = Office::sending_to(&server).await;
    let id = office.reset_mail().await;
    office.post().deliver_due().await;
    let row = office.row(id).await;
    assert_eq!(
        (row.dead_at, row.next_attempt_at, row.sent_at),
        (Some(START), None, None)
    );
    assert!(row.last_error.unwrap().contains("550"));
}

#[tokio::test]
async fn a_link_that_has_expired_is_never_sent_and_no_attempt_is_planned_past_its_end() {
    let server = Server::start().await;
    server.on("RCPT", &[Reply::Say("450 later"); 40]);
    let office = Office::sending_to(&server).await;
    let id = office.reset_mail().await;
    office.post().deliver_due().await;
    while office.row(id).await.dead_at.is_none() {
        let row = office.next_attempt(id).await;
        assert!(row.next_attempt_at.is_none_or(|turn| turn < row.expires_at));
    }
    let row = office.row(id).await;
    assert!(row.attempts >= 8, "{row:?}");
    assert!(row.last_error.unwrap().contains("450"));

    server.on("RCPT", &[]);
    let late = office.reset_mail().await;
    office.advance(Duration::from_hours(1));
    office.post().deliver_due().await;
    assert!(office.row(late).await.dead_at.is_some());
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_notice_is_given_up_after_two_days() {
    let server = Server::start().await;
    server.on("CONNECT", &[Reply::Cut; 200]);
    let office = Office::sending_to(&server).await;
    let id = office
        .queue(
            MailKind::PasswordChanged,
            "ada@example.org",
            Duration::from_hours(72),
        )
        .await;
    office.post().deliver_due().await;
    while office.row(id).await.dead_at.is_none() {
        office.next_attempt(id).await;
    }
    let tried = office.clock.now().since(START);
    assert!(
        tried <= Duration::from_hours(48) && tried > Duration::from_hours(46),
        "{tried:?}"
    );
}

#[tokio::test]
async fn who_dies_while_sending_loses_the_mail_to_another_after_the_lease() {
    let server = Server::start().await;
    server.on("MESSAGE", &[Reply::Silence]);
    let office = Office::sending_to(&server).await;
    office.reset_mail().await;
    let post = office.post();
    let dead = tokio::time::timeout(Duration::from_millis(200), post.deliver_due()).await;
    assert!(dead.is_err(), "it was cut off while it sent");
    office.advance(Duration::from_secs(62));
    office.post().deliver_due().await;
    assert_eq!(server.heard().len(), 1, "the lease holds");
    office.advance(Duration::from_secs(1));
    office.post().deliver_due().await;
    assert_eq!(server.heard().len(), 2);
}

#[tokio::test]
async fn two_workers_never_send_one_mail_together() {
    let server = Server::start().await;
    let office = Office::sending_to(&server).await;
    for _ in 0..20 {
        office.reset_mail().await;
    }
    let (one, other) = (office.post(), office.post());
    tokio::join!(one.deliver_due(), other.deliver_due());
    let mut ids: Vec<String> = server
        .messages()
        .iter()
        .map(|message| {
            message
                .split("Message-ID: ")
                .nth(1)
                .unwrap()
                .lines()
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), server.messages().len()), (20, 20));
}

#[tokio::test]
async fn mail_to_nobody_vanishes_unsent() {
    let server = Server::start().await;
    let office = Office::sending_to(&server).await;
    let id = office
        .queue(
            MailKind::Nothing,
            "nobody@nowhere.invalid",
            Duration::from_hours(1),
        )
        .await;
    office.post().deliver_due().await;
    assert!(rows::find(&office.store.db, id).await.unwrap().is_none());
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn a_damaged_letter_is_given_up_and_one_sealed_by_another_master_key_waits_for_it() {
    let server = Server::start().await;
    let mut office = Office::sending_to(&server).await;
    let id = office.reset_mail().await;
    let own = MasterKey::generate(&Counted(AtomicU8::new(0)));
    office.sealer = Sealer::new(
        office.entropy.clone(),
        MasterKey::generate(&Counted(AtomicU8::new(99))),
        Vec::new(),
    );
    office.post().deliver_due().await;
    let waiting = office.row(id).await;
    assert!(waiting.dead_at.is_none() && waiting.last_error.unwrap().contains("master key"));
    office.sealer = Sealer::new(office.entropy.clone(), own, Vec::new());
    assert!(office.next_attempt(id).await.sent_at.is_some());
}

#[tokio::test]
async fn the_worker_wakes_when_mail_is_queued_and_stops_when_told() {
    let server = Server::start().await;
    let office = Office::sending_to(&server).await;
    let (queued, stop) = (Notify::new(), Notify::new());
    let hour = Duration::from_hours(1);
    office
        .queue_for(hour, MailKind::PasswordChanged, "later@example.org", hour * 2)
        .await;
    let post = office.post();
    let read = office.clock.1.load(Ordering::SeqCst);
    let story = async {
        // The worker reads the clock to look, and once more, because a mail waits, to rest.
        while office.clock.1.load(Ordering::SeqCst) < read + 2 {
            tokio::task::yield_now().await;
        }
        office.reset_mail().await;
        queued.notify_one();
        while rows::waiting(&office.store.db, soon()).await.unwrap() > 1 {
            tokio::task::yield_now().await;
        }
        stop.notify_one();
    };
    let worked = async { tokio::join!(run(&post, &queued, stop.notified()), story) };
    tokio::time::timeout(Duration::from_secs(4), worked)
        .await
        .expect("before the worker would have looked by itself");
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn caught_mail_goes_nowhere_and_is_read_newest_first_by_recipient() {
    let office = Office::with(Transport::Capture).await;
    for to in ["ada@example.org", "bob@example.org", "ada@example.org"] {
        office
            .queue(MailKind::ResetPassword, to, Duration::from_hours(1))
            .await;
        office.post().deliver_due().await;
        office.advance(Duration::from_secs(1));
    }
    let Office {
        store,
        sealer,
        templates,
        ..
    } = &office;
    let of = async |to: Option<&str>, limit| {
        inbox::list(
            &store.db,
            sealer,
            templates,
            |it| to.is_none_or(|to| to == it),
            limit,
        )
        .await
        .unwrap()
    };
    let all = of(None, 50).await;
    assert_eq!(
        all.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["ada@example.org", "bob@example.org", "ada@example.org"]
    );
    assert!(all[0].sent_at > all[1].sent_at && all[1].sent_at > all[2].sent_at);
    assert_eq!(
        (all[0].code.as_deref(), all[0].subject.as_str()),
        (Some("123456"), "Set a new password for Example")
    );
    assert_eq!(
        all[0].links,
        ["https://auth.example.com/page?token=sample&action=sample"]
    );
    let ada = of(Some("ada@example.org"), 50).await;
    assert_eq!(
        ada.iter().map(|mail| mail.id.as_str()).collect::<Vec<_>>(),
        [all[0].id.as_str(), all[2].id.as_str()]
    );
    assert_eq!(of(None, 1).await.len(), 1);
    let id: MailId = all[1].id.parse().unwrap();
    assert_eq!(
        inbox::find(&store.db, sealer, templates, id)
            .await
            .unwrap()
            .unwrap()
            .to,
        "bob@example.org"
    );
}
