//! Every noun of the command line, as an operator uses it beside a running server.

use super::client::Request;
use super::place::{PASSWORD, Place, Server};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use vestibule_testkit::process::eventually;

/// Within this time the running server knows what a command did.
const SOON: Duration = Duration::from_secs(1);

/// Fails the story unless the running server comes to answer this status within a second.
fn soon(what: &str, server: &Server, request: &Request, status: u16) {
    eventually(what, SOON, || {
        (server.door.send(request.clone()).unwrap().status == status).then_some(())
    });
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The table that a command prints holds each of these.
fn table(place: &Place, arguments: &[&str], cells: &[&str]) {
    let ended = place.run(arguments);
    ended.done();
    let printed = ended.out;
    assert!(printed.lines().count() > 1, "{printed}");
    for cell in cells {
        assert!(printed.contains(cell), "no {cell} in {printed}");
    }
}

#[test]
fn user_commands_act_on_the_running_server_within_a_second() {
    let place = Place::new();
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let (me, login) = (server.door.me(&ada.access), server.door.login("ada@example.org"));
    server.door.send(me.clone()).unwrap().expect(200);

    let shown = place.json(&["user", "disable", "ada@example.org"]);
    assert!(shown["disabled_at"].is_string(), "{shown}");
    soon("me of a disabled user", &server, &me, 401);
    assert_eq!(
        server.door.send(login.clone()).unwrap().expect(403).code(),
        "auth/user_disabled"
    );
    place.run(&["user", "enable", "ada@example.org"]).done();
    soon("login of an enabled user", &server, &login, 200);
    assert_eq!(
        server.door.status_of(&ada.access),
        401,
        "an ended session does not come back"
    );

    let ada = server.door.sign_in("ada@example.org");
    place
        .run_with(
            &["user", "set-password", "ada@example.org", "--password-stdin"],
            "another fine horse 42\n",
        )
        .done();
    soon(
        "me after a new password",
        &server,
        &server.door.me(&ada.access),
        401,
    );
    soon("the old password", &server, &login, 401);
    let new = server.door.post(
        "login",
        &json!({ "email": "ada@example.org", "password": "another fine horse 42" }),
    );
    let ada = server.door.send(new).unwrap().expect(200).text("access_token");

    place.run(&["user", "verify", "ada@example.org"]).done();
    eventually("verified", SOON, || {
        (server.door.send(server.door.me(&ada)).unwrap().json()["email_verified"] == true).then_some(())
    });
    let shown = place.json(&["user", "show", "ada@example.org"]);
    let acts: Vec<_> = shown["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| text(&act["act"]))
        .collect();
    assert!(
        acts.len() >= 6 && acts.iter().any(|act| act.contains("login")),
        "{acts:?}"
    );
    table(
        &place,
        &["user", "show", "ada@example.org"],
        &["ada@example.org", "verified", "story"],
    );
    table(&place, &["user", "list"], &["E-mail", "ada@example.org"]);

    place.run(&["user", "delete", "ada@example.org", "--yes"]).done();
    soon("me of a deleted user", &server, &server.door.me(&ada), 401);
    assert_eq!(place.json(&["user", "list"])["data"], json!([]));
}

#[test]
fn users_are_created_imported_and_unlocked() {
    let place = Place::new();
    let server = place.dev();
    let created = place.run_with(
        &[
            "user",
            "create",
            "ada@example.org",
            "--name",
            "Ada",
            "--password-stdin",
            "--json",
        ],
        PASSWORD,
    );
    assert_eq!(created.json()["name"], "Ada");
    let ada = server.door.sign_in("ada@example.org");
    assert_eq!(
        server
            .door
            .send(server.door.me(&ada.access))
            .unwrap()
            .text("name"),
        "Ada"
    );
    assert_eq!(
        place
            .run(&["user", "create", "ada@example.org", "--no-password"])
            .code,
        Some(1),
        "taken"
    );

    // The hash is bcrypt's own test vector for this password.
    let lines = [
        json!({ "email": "eve@example.org", "password_hash": "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "name": "Eve" }),
        json!({ "email": "no address", "password": PASSWORD }),
        json!({ "email": "bob@example.org", "password": PASSWORD, "email_verified": true }),
    ];
    let file = place.path("users.jsonl");
    let text = lines.map(|line| line.to_string()).join("\n");
    fs::write(&file, [b"\xef\xbb\xbf", text.as_bytes(), b"\n\xff\n"].concat()).unwrap();
    let imported = place.run(&["user", "import", file.to_str().unwrap(), "--json"]);
    assert_eq!(imported.code, Some(1), "{imported:?}");
    let summary: Value = serde_json::from_str(&imported.out).unwrap();
    assert_eq!(
        (&summary["imported"], &summary["refused"][0]["line"]),
        (&json!(2), &json!(2)),
        "{summary}"
    );
    assert_eq!(
        summary["refused"][1],
        json!({ "line": 4, "message": "byte 1 is not UTF-8: write the file anew in that encoding" })
    );
    let unreadable = place.run(&["user", "import", place.data().to_str().unwrap()]);
    assert_eq!(unreadable.out.trim_end(), "imported 0, refused 0");
    assert!(unreadable.err.contains("cannot read line 1"), "{unreadable:?}");
    server.door.sign_in("bob@example.org");
    let eve = server
        .door
        .post("login", &json!({ "email": "eve@example.org", "password": "abc" }));
    server.door.send(eve).unwrap().expect(200);

    let wrong = server.door.post(
        "login",
        &json!({ "email": "bob@example.org", "password": "not this one" }),
    );
    eventually("a locked account", Duration::from_secs(20), || {
        (server.door.send(wrong.clone()).unwrap().status == 429).then_some(())
    });
    let shown = place.json(&["user", "show", "bob@example.org"]);
    assert!(shown["locked_until"].is_string(), "{shown}");
    place.run(&["user", "unlock", "bob@example.org"]).done();
    soon(
        "login after the lock",
        &server,
        &server.door.login("bob@example.org"),
        200,
    );
}

#[test]
fn a_user_without_a_password_is_made_on_purpose_and_lists_have_a_length() {
    let place = Place::new();
    let _server = place.dev();
    let bare = place.run(&["user", "create", "ivy@example.org"]);
    assert!(
        bare.code == Some(0) && bare.err.contains("set-password ivy@example.org"),
        "{bare:?}"
    );
    let none = place.run(&["user", "create", "joe@example.org", "--no-password"]);
    assert_eq!((none.code, none.err.as_str()), (Some(0), ""));
    assert_eq!(place.run(&["user", "list", "--limit", "0"]).code, Some(2));
}

#[test]
fn session_commands_act_on_the_running_server_within_a_second() {
    let place = Place::new();
    let server = place.dev();
    let first = server.door.newcomer("ada@example.org");
    let second = server.door.sign_in("ada@example.org");
    for session in [&first, &second] {
        assert_eq!(server.door.status_of(&session.access), 200);
    }
    let listed = place.json(&["session", "list", "ada@example.org"]);
    let ids: Vec<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| text(&it["id"]))
        .collect();
    assert_eq!(ids.len(), 2, "{listed}");
    table(&place, &["session", "list", "ada@example.org"], &ids);

    let newest = ids.into_iter().find(|id| second.refresh.contains(id)).unwrap();
    place.run(&["session", "revoke", newest]).done();
    soon(
        "me of an ended session",
        &server,
        &server.door.me(&second.access),
        401,
    );
    assert_eq!(
        server
            .door
            .send(server.door.refresh(&second.refresh))
            .unwrap()
            .expect(401)
            .code(),
        "auth/session_revoked"
    );
    assert_eq!(server.door.status_of(&first.access), 200, "the other one goes on");

    let ended = place.json(&["session", "revoke-all", "ada@example.org", "--yes"]);
    assert_eq!(ended["revoked"], 1);
    soon("me after all ended", &server, &server.door.me(&first.access), 401);
    assert_eq!(
        place.json(&["session", "list", "ada@example.org"])["data"],
        json!([])
    );
}

#[test]
fn api_keys_open_and_shut_within_a_second() {
    let place = Place::new();
    let mut server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let made = place.json(&["key", "create", "--environment", "test", "--name", "web shop"]);
    server.door.key = text(&made["key"]).to_owned();
    soon("a new key", &server, &server.door.me(&ada.access), 200);
    table(&place, &["key", "list"], &["web shop", "akm_test_…", "Revoked"]);
    assert!(
        !place.run(&["key", "list"]).out.contains(&server.door.key),
        "the text is shown once"
    );

    let rotated = place.json(&["key", "rotate", text(&made["id"]), "--yes"]);
    soon("a rotated key", &server, &server.door.me(&ada.access), 401);
    server.door.key = text(&rotated["key"]).to_owned();
    soon("its successor", &server, &server.door.me(&ada.access), 200);
    let revoked = place.json(&["key", "revoke", text(&rotated["id"]), "--yes"]);
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    soon("a revoked key", &server, &server.door.me(&ada.access), 401);
    assert_eq!(
        server
            .door
            .send(server.door.login("ada@example.org"))
            .unwrap()
            .expect(401)
            .code(),
        "api_key/invalid"
    );
}

#[test]
fn t21_t22_signing_keys_are_rotated_without_a_gap_and_revoked_within_a_second() {
    let place = Place::new().with("VESTIBULE_JWKS__MAX_AGE", "1");
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let kids = || {
        let keys = server
            .door
            .send(Request::get("/.well-known/jwks.json?env=test"))
            .unwrap()
            .expect(200)
            .json();
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| text(&key["kid"]).to_owned())
            .collect::<Vec<_>>()
    };
    let before = kids();
    assert_eq!(before.len(), 1);
    let successor = place.json(&["key", "signing", "rotate", "--environment", "test"]);
    let successor = text(&successor["kid"]).to_owned();
    eventually("the successor is published", SOON, || {
        kids().contains(&successor).then_some(())
    });
    assert!(kids().contains(&before[0]), "the old one still verifies");
    table(&place, &["key", "signing", "list"], &[&before[0], &successor]);
    assert_eq!(server.door.status_of(&ada.access), 200);
    assert_eq!(
        server
            .door
            .status_of(&server.door.sign_in("ada@example.org").access),
        200
    );

    place
        .run(&["key", "signing", "revoke", &before[0], "--yes"])
        .done();
    soon(
        "a token of a revoked key",
        &server,
        &server.door.me(&ada.access),
        401,
    );
    assert!(!kids().contains(&before[0]));
    let next = server
        .door
        .send(server.door.refresh(&ada.refresh))
        .unwrap()
        .expect(200)
        .text("access_token");
    assert_eq!(server.door.status_of(&next), 200, "refresh families live on");
}

#[test]
fn projects_are_made_set_shut_and_deleted_beside_the_server() {
    let place = Place::new();
    let mut server = place.dev();
    let created = place.json(&["project", "create", "shop", "--name", "The Shop"]);
    assert_eq!(
        (&created["slug"], &created["enabled"]),
        (&json!("shop"), &json!(true))
    );
    table(&place, &["project", "list"], &["default", "shop", "The Shop"]);
    let key = place.json(&["key", "create", "--project", "shop", "--environment", "live"]);
    server.door.key = text(&key["key"]).to_owned();
    soon(
        "the first user",
        &server,
        &server.door.register("ada@example.org"),
        201,
    );
    let ada = server.door.sign_in("ada@example.org");

    let shown = place.json(&["project", "set", "shop", "registration.open", "false"]);
    let set = json!({ "setting": "registration.open", "value": false, "source": "project" });
    assert!(shown["settings"].as_array().unwrap().contains(&set), "{shown}");
    soon(
        "registration is closed",
        &server,
        &server.door.register("eve@example.org"),
        403,
    );
    place
        .run(&["project", "set", "shop", "registration.open", "--unset"])
        .done();
    soon(
        "registration is open",
        &server,
        &server.door.register("bob@example.org"),
        201,
    );
    assert_ne!(
        place
            .run(&["project", "set", "shop", "registration.opne", "false"])
            .code,
        Some(0)
    );
    table(
        &place,
        &["project", "show", "shop"],
        &["The Shop", "registration.open"],
    );

    place.run(&["project", "disable", "shop"]).done();
    eventually("a disabled project", SOON, || {
        (server.door.status_of(&ada.access) != 200).then_some(())
    });
    place.run(&["project", "enable", "shop"]).done();
    soon("an enabled project", &server, &server.door.me(&ada.access), 200);
    assert_eq!(
        place.run(&["project", "delete", "shop"]).code,
        Some(1),
        "nobody is there to say yes"
    );
    place.run(&["project", "delete", "shop", "--yes"]).done();
    soon("a deleted project", &server, &server.door.me(&ada.access), 401);
    assert_eq!(
        place.json(&["project", "list"])["data"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn mail_doctor_config_and_migrate_tell_what_is() {
    let place = Place::new();
    let server = place.dev();
    server.door.newcomer("ada@example.org");
    let mails = eventually("a mail", Duration::from_secs(5), || {
        let mails = place.json(&["mail", "list"])["data"].as_array().unwrap().clone();
        (!mails.is_empty()).then_some(mails)
    });
    assert_eq!(mails.len(), 1);
    table(&place, &["mail", "list"], &["Kind", text(&mails[0]["kind"])]);
    assert_eq!(place.run(&["mail", "retry", "nothing"]).code, Some(3));
    assert_eq!(
        place.run(&["mail", "test", "ada@example.org"]).code,
        Some(2),
        "there is no mail server"
    );

    let doctor = place.run(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.out.contains("server.public_url"),
        "{doctor:?}"
    );
    let settings = place.json(&["config", "show"]);
    let proxies = settings["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["setting"] == "network.trusted_proxies");
    assert_eq!(proxies.unwrap()["source"], "$VESTIBULE_NETWORK__TRUSTED_PROXIES");
    for page in ["sample", "reference", "schema"] {
        let ended = place.run(&["config", page]);
        assert!(
            ended.code == Some(0) && ended.out.contains("public_url"),
            "{ended:?}"
        );
    }
    assert_eq!(place.json(&["migrate", "--check"])["applied"], json!([]));
    let master = place.json(&["key", "master", "show"]);
    assert!(!text(&master["master_key"]).is_empty());
}

#[test]
fn d07_the_master_key_is_rotated_and_nobody_is_signed_out() {
    let place = Place::new();
    let mut server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let rotate = ["key", "master", "rotate"];
    let refused = place.run(&rotate);
    assert!(
        refused.code == Some(1) && refused.err.contains("stop it first"),
        "{refused:?}"
    );
    server.process.terminate();
    server.process.ended(Duration::from_secs(10)).unwrap();
    let old = fs::read_to_string(place.data().join("master.key")).unwrap();
    assert!(place.json(&rotate)["resealed"].as_u64() > Some(0));
    assert_ne!(fs::read_to_string(place.data().join("master.key")).unwrap(), old);

    let server = place.dev();
    assert_eq!(server.door.status_of(&ada.access), 200);
    server
        .door
        .send(server.door.refresh(&ada.refresh))
        .unwrap()
        .expect(200);
    server.door.sign_in("ada@example.org");
}

#[test]
fn a_second_dev_finds_keys_and_users_again() {
    let place = Place::new();
    let mut server = place.dev();
    server.door.newcomer("ada@example.org");
    let keys = server.process.ready["keys"].clone();
    for (environment, kinds) in keys.as_object().unwrap() {
        for (kind, prefix) in [("api", "akm"), ("publishable", "pk"), ("secret", "sk")] {
            assert!(
                text(&kinds[kind]).starts_with(&format!("{prefix}_{environment}_")),
                "{keys}"
            );
        }
    }
    server.process.terminate();
    server.process.ended(Duration::from_secs(10)).unwrap();
    let again = place.dev();
    assert_eq!(again.process.ready["keys"], keys);
    again.door.sign_in("ada@example.org");
}
