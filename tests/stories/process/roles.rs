//! `vestibule role`, beside a running server.

use super::place::Place;
use serde_json::json;
use std::time::Duration;
use vestibule_testkit::process::eventually;

/// Within this time the running server knows what a command did.
const SOON: Duration = Duration::from_secs(1);

#[test]
fn the_first_superuser_is_made_by_commands_and_the_last_one_stays() {
    let place = Place::new();
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let me = || server.door.send(server.door.me(&ada.access)).unwrap().json();
    assert_eq!(me()["roles"], json!([]));

    place.run(&["role", "create", "--superuser", "admin"]).done();
    place.run(&["role", "assign", "admin", "ada@example.org"]).done();
    eventually("the role in me", SOON, || {
        (me()["roles"] == json!(["admin"])).then_some(())
    });
    assert_eq!(
        place.json(&["user", "show", "ada@example.org"])["roles"],
        json!(["admin"])
    );
    let shown = place.json(&["role", "show", "admin"]);
    assert_eq!(
        (&shown["superuser"], &shown["holders"]["total"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(shown["holders"]["first"][0]["email"], "ada@example.org");

    for refused in [
        &["role", "unassign", "admin", "ada@example.org"][..],
        &["role", "delete", "admin", "--yes"],
        &["user", "disable", "ada@example.org"],
        &["user", "delete", "ada@example.org", "--yes"],
    ] {
        let ended = place.run(refused);
        assert_eq!(ended.code, Some(1), "{refused:?}");
        assert!(
            ended.err.contains("nobody would be left who may do everything"),
            "{}",
            ended.err
        );
    }
    assert_eq!(me()["roles"], json!(["admin"]));

    server.door.newcomer("bob@example.org");
    place.run(&["role", "assign", "admin", "bob@example.org"]).done();
    place
        .run(&["role", "unassign", "admin", "ada@example.org"])
        .done();
    eventually("no role in me", SOON, || {
        (me()["roles"] == json!([])).then_some(())
    });
}

#[test]
fn roles_are_made_granted_listed_and_deleted() {
    let place = Place::new();
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let me = || server.door.send(server.door.me(&ada.access)).unwrap().json();
    let created = place.json(&["role", "create", "editor"]);
    assert_eq!(
        (&created["name"], &created["superuser"]),
        (&json!("editor"), &json!(false))
    );
    let granted = place.json(&["role", "grant", "editor", "post:Create"]);
    assert_eq!(granted["permissions"], json!(["post:Create"]));
    place.run(&["role", "grant", "editor", "post:View"]).done();
    let assigned = place.json(&["role", "assign", "editor", "ada@example.org"]);
    assert_eq!(
        (&assigned["role"], &assigned["assigned"]),
        (&json!("editor"), &json!(true))
    );
    eventually("both permissions in me", SOON, || {
        (me()["permissions"] == json!(["post:Create", "post:View"])).then_some(())
    });
    place.run(&["role", "revoke", "editor", "post:View"]).done();
    eventually("one permission in me", SOON, || {
        (me()["permissions"] == json!(["post:Create"])).then_some(())
    });

    let listed = place.json(&["role", "list"]);
    assert_eq!(
        (
            listed["data"].as_array().unwrap().len(),
            &listed["data"][0]["name"]
        ),
        (1, &json!("editor"))
    );
    assert_eq!(
        place.json(&["role", "list", "--environment", "live"])["data"],
        json!([])
    );
    let text = place.run(&["role", "show", "editor"]).out;
    assert!(
        text.contains("post:Create") && text.contains("ada@example.org"),
        "{text}"
    );

    for (arguments, code) in [
        (&["role", "create", "editor"][..], 1),
        (&["role", "create", "a,b"], 1),
        (&["role", "grant", "editor", "post"], 1),
        (&["role", "grant", "editor", "post:Create"], 1),
        (&["role", "revoke", "editor", "post:View"], 3),
        (&["role", "show", "nobody"], 3),
        (&["role", "assign", "editor", "nobody@example.org"], 3),
        (&["role", "assign", "editor", "ada@example.org"], 1),
        (&["role", "delete", "editor"], 1),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.err);
    }
    place.run(&["role", "delete", "editor", "--yes"]).done();
    eventually("no role in me", SOON, || {
        (me()["roles"] == json!([])).then_some(())
    });
    assert_eq!(
        place.run(&["role", "unassign", "editor", "ada@example.org"]).code,
        Some(3)
    );
}

#[test]
fn static_roles_come_from_the_configuration_and_are_assigned_by_commands() {
    let roles =
        r#"{ admin = { superuser = true }, editor = { permissions = ["post:View", "post:Create"] } }"#;
    let place = Place::new()
        .with("VESTIBULE_ROLES__MODE", "static")
        .with("VESTIBULE_ROLES__STATIC", roles);
    let server = place.dev();
    let ada = server.door.newcomer("ada@example.org");
    let names: Vec<_> = place.json(&["role", "list"])["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    assert!(names.len() == 2 && names.contains(&json!("admin")) && names.contains(&json!("editor")));
    place.run(&["role", "assign", "editor", "ada@example.org"]).done();
    eventually("the permissions in me", SOON, || {
        let me = server.door.send(server.door.me(&ada.access)).unwrap().json();
        (me["permissions"] == json!(["post:Create", "post:View"])).then_some(())
    });
    for arguments in [
        &["role", "create", "new"][..],
        &["role", "grant", "editor", "a:View"],
        &["role", "delete", "editor", "--yes"],
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}");
        assert!(ended.err.contains("configuration"), "{}", ended.err);
    }
    place.run(&["role", "assign", "admin", "ada@example.org"]).done();
    assert_eq!(
        place.run(&["role", "unassign", "admin", "ada@example.org"]).code,
        Some(1)
    );
    place
        .run(&["role", "unassign", "editor", "ada@example.org"])
        .done();
    assert_eq!(
        place.json(&["user", "show", "ada@example.org"])["roles"],
        json!(["admin"])
    );
}

#[test]
fn a_static_role_that_obeys_no_rule_keeps_the_server_from_starting() {
    let place = Place::new().with(
        "VESTIBULE_ROLES__STATIC",
        r#"{ editor = { permissions = ["post"] } }"#,
    );
    let ended = place.run(&["doctor"]);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(
        ended.code != Some(0) && said.contains("roles.static.editor"),
        "{said}"
    );
}
