//! A database that a newer release has made: this one leaves it alone. RL-25.

use super::Place;
use vestibule_testkit::new_house;

const NEWER: &str = "INSERT INTO schema_migrations (number, name, script, applied_at)
    SELECT max(number) + 1, 'the future', 'SELECT 1', 0 FROM schema_migrations";

/// A mail server for `serve`, which asks for one.
fn place() -> Place {
    Place::new()
        .with("VESTIBULE_MAIL__HOST", "127.0.0.1")
        .with("VESTIBULE_MAIL__TLS", "none")
        .with("VESTIBULE_MAIL__FROM", "noreply@example.com")
}

fn is_left_alone(place: &Place, file: bool) {
    let copy = place.path("copy.backup");
    let copy = copy.to_str().unwrap();
    let mut commands = vec![
        &["dev", "--listen", "127.0.0.1:0"][..],
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--public-url",
            "http://127.0.0.1:7373",
        ],
        &["migrate"],
        &["migrate", "--check"],
        &["doctor"],
        &["project", "list"],
        &["key", "list"],
        &["key", "signing", "list"],
        &["user", "list"],
        &["user", "disable", "ada@example.org"],
        &["role", "list"],
        &["role", "create", "editor"],
        &["session", "list", "ada@example.org"],
        &["mail", "list"],
        &["key", "master", "rotate", "--yes"],
    ];
    let backup = ["backup", copy];
    if file {
        commands.push(&backup);
    }
    for command in commands {
        let refused = place.run(command);
        assert_eq!(refused.code, Some(1), "{command:?}: {refused:?}");
        let told = format!("{}{}", refused.out, refused.err);
        for word in [
            "(the future), but this binary knows only",
            "start the newer release again, or restore the backup made before the upgrade",
        ] {
            assert!(told.contains(word), "{command:?}: {told}");
        }
    }
}

#[test]
fn rl25_a_file_that_a_newer_release_has_made_is_refused_by_every_command_with_the_remedy() {
    let place = place();
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    drop(server);
    let database = rusqlite::Connection::open(place.database()).unwrap();
    database.execute(NEWER, ()).unwrap();
    is_left_alone(&place, true);
    let undo = "DELETE FROM schema_migrations WHERE name = 'the future'";
    database.execute(undo, ()).unwrap();
    drop(database);
    let server = place.dev();
    assert_eq!(server.door.status_of(&ada.access), 200, "nothing was changed");
}

#[test]
fn rl25_a_postgres_database_that_a_newer_release_has_made_is_refused_by_every_command_with_the_remedy() {
    let Some(house) = new_house() else { return };
    let place = place().with("DATABASE_URL", &house.url());
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    drop(server);
    house.cluster().run_in(house.name(), NEWER);
    is_left_alone(&place, false);
    let undo = "DELETE FROM schema_migrations WHERE name = 'the future'";
    house.cluster().run_in(house.name(), undo);
    let server = place.dev();
    assert_eq!(server.door.status_of(&ada.access), 200, "nothing was changed");
}
