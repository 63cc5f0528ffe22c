//! Moving house with the real binary: from a file to PostgreSQL and back, interrupted, refused. RL-23.

use super::client::Request;
use super::place::{PASSWORD, Place, Server, SignedIn};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use vestibule_store::{Open, OpenPostgres, OpenSqlite, Store, moving};
use vestibule_testkit::new_house;
use vestibule_testkit::process::{Ended, eventually};

/// Rows that a move needs a while for, so that it is still under way when the story looks.
const MANY: u32 = 40_000;

fn stop(mut server: Server) {
    server.process.terminate();
    assert!(server.process.ended(Duration::from_secs(10)).is_some());
}

fn file(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn migrate(place: &Place, from: &str, to: &str) -> Ended {
    place.run(&["migrate", "--from", from, "--to", to, "--yes", "--json"])
}

/// The server over the same data folder, with another database.
fn serve(place: &Place, address: &str) -> Server {
    Server::start(&place.binary.clone().with("DATABASE_URL", address), &place.data())
}

/// A command over the same data folder, with another database.
fn there(place: &Place, address: &str, words: &[&str]) -> Ended {
    let (binary, data) = (place.binary.clone().with("DATABASE_URL", address), place.data());
    binary.run(&[words, &["--data", data.to_str().unwrap()]].concat())
}

/// What a refused command says.
fn refused(ended: &Ended, code: i32) -> &str {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    &ended.err
}

/// Ids and codes of the mails in the development inbox, of which there are this many soon.
fn inbox(server: &Server, count: usize) -> Vec<(Value, Value)> {
    let mails = || {
        let inbox = Request::get("/dev/inbox.json")
            .send(server.door.address)
            .unwrap()
            .json();
        let mails = inbox["data"].as_array().unwrap().iter();
        mails
            .map(|mail| (mail["id"].clone(), mail["code"].clone()))
            .collect::<Vec<_>>()
    };
    eventually("mails", Duration::from_secs(10), || {
        Some(mails()).filter(|mails| mails.len() == count)
    })
}

/// People who came through several doors.
struct People {
    ada: SignedIn,
    bob: SignedIn,
    rakcha: String,
    arkos: String,
}

impl People {
    fn come(place: &Place, server: &Server) -> Self {
        let ada = server.door.newcomer("ada@example.org");
        let bob = server.door.newcomer("bob@example.org");
        let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
        let rakcha = server
            .door
            .send(Request::post("/api/users/auth", &credentials))
            .unwrap();
        let eve = json!({ "email": "eve@example.org", "password": "Correct horse battery 1" });
        let signed_up = server.door.send(Request::post("/api/auth/signup", &eve)).unwrap();
        assert!(signed_up.status < 300, "{signed_up:?}");
        let arkos = Request::post("/api/auth/login", &eve);
        let arkos = server.door.send(arkos).unwrap();
        place.run(&["role", "create", "--superuser", "admin"]).done();
        place.run(&["role", "assign", "admin", "ada@example.org"]).done();
        Self {
            ada,
            bob,
            rakcha: rakcha.expect(200).text("token"),
            arkos: arkos.expect(200).text("accessToken"),
        }
    }

    /// Nobody was signed out, refresh tokens go on, and roles are there.
    fn are_at_home(&mut self, server: &Server) {
        let door = &server.door;
        let me = door.send(door.me(&self.ada.access)).unwrap().expect(200).json();
        assert_eq!(me["roles"], json!(["admin"]), "{me}");
        for (path, token) in [
            ("/forward-auth/rakcha", &self.rakcha),
            ("/api/users/me", &self.arkos),
        ] {
            let asked = door.send(Request::get(path).bearer(token)).unwrap();
            assert_eq!(asked.status, 200, "{path}: {asked:?}");
        }
        let answer = door.send(door.refresh(&self.bob.refresh)).unwrap().expect(200);
        assert_ne!(answer.text("refresh_token"), self.bob.refresh);
        self.bob = SignedIn {
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
        };
        assert_eq!(door.status_of(&self.bob.access), 200);
    }
}

#[test]
fn rl23_a_lived_in_house_moves_to_postgres_and_back_and_nobody_is_signed_out() {
    let Some(house) = new_house() else { return };
    let (place, new) = (Place::new(), house.url());
    let old = file(&place.database());
    let server = place.dev();
    let mut people = People::come(&place, &server);
    let mails = inbox(&server, 3);
    let busy = migrate(&place, &old, &new);
    assert!(refused(&busy, 1).contains("a server uses") && busy.err.contains("stop it first"));
    stop(server);

    let asked = place.run(&["migrate", "--from", &old, "--to", &new]);
    assert!(refused(&asked, 1).contains("Is every node stopped?"), "{asked:?}");
    let moved = migrate(&place, &old, &new).json();
    let rows = |moved: &Value, table: &str| {
        let tables = moved["tables"].as_array().unwrap();
        tables.iter().find(|it| it["table"] == table).unwrap()["rows"].clone()
    };
    assert_eq!(
        (rows(&moved, "users"), rows(&moved, "roles")),
        (json!(3), json!(1)),
        "{moved}"
    );
    assert!(rows(&moved, "outbox").as_u64() > Some(0), "{moved}");
    let server = serve(&place, &new);
    people.are_at_home(&server);
    assert_eq!(inbox(&server, 3), mails);
    server.door.newcomer("fay@example.org");
    let fay = there(&place, &new, &["user", "show", "fay@example.org", "--json"]).json();
    assert_eq!(fay["number"], 4, "numbers go on");
    let again = migrate(&place, &old, &new);
    assert!(refused(&again, 1).contains("is not empty"), "{again:?}");
    stop(server);

    let third = file(&place.path("third").join("vestibule.db"));
    let back = migrate(&place, &new, &third).json();
    assert_eq!(rows(&back, "users"), json!(4), "{back}");
    let server = serve(&place, &third);
    people.are_at_home(&server);
    server.door.sign_in("fay@example.org");
    stop(server);
    // The first database is as it was, and so is a move from it.
    let fourth = migrate(&place, &old, &file(&place.path("fourth.db"))).json();
    assert_eq!(fourth["tables"], moved["tables"]);
}

/// Many rows in the table of audits.
fn fill(place: &Place) {
    let database = rusqlite::Connection::open(place.database()).unwrap();
    let filled = database.execute(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO audit (id, project, environment, at, act, outcome, actor, dialect, request_id)
            SELECT randomblob(16), randomblob(16), 'test', n, 'login', 'success', 'x', '', '' FROM n",
        [MANY],
    );
    assert_eq!(filled, Ok(MANY as usize));
}

/// How many rows have arrived by an unfinished move; none before it begins and after it ends.
fn arrived(target: &str) -> Option<u64> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let open: Open = match target.strip_prefix("sqlite://") {
            Some(path) if Path::new(path).exists() => OpenSqlite::companion(path).into(),
            Some(_) => return None,
            None => OpenPostgres::companion(target).into(),
        };
        let store = Store::open(open).await.ok()?;
        let state = moving::unfinished(&store.db).await;
        store.db.close().await;
        state.ok().flatten().map(|state| state.arrived)
    })
}

/// A move in a process of its own.
fn start(place: &Place, from: &str, to: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule-in-stories"));
    command
        .args(["migrate", "--from", from, "--to", to, "--yes", "--data"])
        .arg(place.data());
    command.env_clear();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// A house that was killed in the middle of its move to `to`.
fn half_moved(to: &str) -> Place {
    let place = Place::new();
    let server = place.dev();
    server.door.newcomer("ada@example.org");
    stop(server);
    fill(&place);
    let mut child = start(&place, &file(&place.database()), to);
    eventually("rows arrive", Duration::from_secs(30), || {
        arrived(to).filter(|rows| *rows > 500)
    });
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    let rows = arrived(to).expect("it was still under way");
    assert!(rows < MANY.into(), "{rows}");
    place
}

fn rl23_killed(to: &str) {
    let place = half_moved(to);
    let old = file(&place.database());
    for command in [
        &["user", "list"][..],
        &["migrate"],
        &["doctor"],
        &["dev", "--listen", "127.0.0.1:0"],
    ] {
        let ended = there(&place, to, command);
        assert_eq!(ended.code, Some(1), "{command:?}");
        let said = format!("{}{}", ended.out, ended.err);
        assert!(
            said.contains(&format!("a move from {old} into this database is unfinished")),
            "{said}"
        );
    }
    let moved = migrate(&place, &old, to).json();
    assert_eq!(moved["resumed"], true, "{moved}");
    assert!(moved["rows"].as_u64() > Some(MANY.into()), "{moved}");
    serve(&place, to).door.sign_in("ada@example.org");
}

#[test]
fn rl23_a_move_into_a_file_that_was_killed_is_not_served_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    rl23_killed(&file(&folder.path().canonicalize().unwrap().join("new.db")));
}

#[test]
fn rl23_a_move_into_postgres_that_was_killed_is_not_served_and_goes_on() {
    if let Some(house) = new_house() {
        rl23_killed(&house.url());
    }
}

/// The comparison at the end must be able to fail.
#[test]
fn rl23_control_a_row_that_changed_after_it_was_copied_is_found_and_the_target_stays_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("new.db");
    let (place, new) = (half_moved(&file(&path)), file(&path));
    let database = rusqlite::Connection::open(&path).unwrap();
    let changed = database.execute("UPDATE users SET email_typed = 'Ada@example.org'", ());
    assert_eq!(changed, Ok(1));
    drop(database);
    for _ in 0..2 {
        let differs = migrate(&place, &file(&place.database()), &new);
        let said = refused(&differs, 1);
        assert!(
            said.contains("the table users is not the same") && said.contains("1 rows"),
            "{said}"
        );
    }
    let closed = there(&place, &new, &["migrate"]);
    assert!(refused(&closed, 1).contains("is unfinished"), "{closed:?}");
}

#[test]
fn addresses_that_lead_nowhere_are_refused_and_nothing_is_made_and_no_password_shown() {
    let place = Place::new();
    let old = file(&place.database());
    let new = place.path("new.db");
    let none = migrate(&place, &old, &file(&new));
    assert!(refused(&none, 3).contains("there is no database"), "{none:?}");
    stop(place.dev());
    for (from, to, code, said) in [
        (old.as_str(), old.as_str(), 2, "the same database"),
        (
            &old,
            "postgres://ada:geheim@host:port/x",
            2,
            "--to: the PostgreSQL address is wrong",
        ),
        (
            "mysql://ada:geheim@host/x",
            &old,
            2,
            "--from: the PostgreSQL address is wrong",
        ),
        (
            &old,
            "postgres://ada:geheim@127.0.0.1:1/x",
            1,
            "check that PostgreSQL is running",
        ),
    ] {
        let ended = migrate(&place, from, to);
        assert!(refused(&ended, code).contains(said), "{ended:?}");
        assert!(!ended.err.contains("geheim"), "{ended:?}");
    }
    for half in [["--from", &old], ["--to", &old]] {
        let ended = place.run(&[&["migrate"][..], &half].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
    let database = rusqlite::Connection::open(place.database()).unwrap();
    let newest = "DELETE FROM schema_migrations WHERE number = (SELECT MAX(number) FROM schema_migrations)";
    database.execute(newest, ()).unwrap();
    let older = migrate(&place, &old, &file(&new));
    assert!(
        refused(&older, 1).contains("run `vestibule migrate` on it first"),
        "{older:?}"
    );
    assert!(!new.exists());
}
