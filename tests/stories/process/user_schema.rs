//! The user schema on the command line, beside a running server.

use super::place::{PASSWORD, Place};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use vestibule_testkit::process::eventually;

/// Within this time the running server knows what a command did.
const SOON: Duration = Duration::from_secs(1);

fn schema(badge: &Value) -> Value {
    json!({
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "badge": badge,
            "note": {"type": "string", "x-admin-only": true},
        },
        "additionalProperties": false,
    })
}

/// Sets the schema of the default project from a file.
fn set(place: &Place, schema: &Value) -> Value {
    let file = place.path("user-schema.json");
    fs::write(&file, schema.to_string()).unwrap();
    let value = format!("@{}", file.display());
    place.json(&["project", "set", "default", "user_schema", &value])
}

fn create(place: &Place, email: &str, profile: &Value) -> vestibule_testkit::process::Ended {
    place.run(&[
        "user",
        "create",
        email,
        "--profile",
        &profile.to_string(),
        "--json",
    ])
}

#[test]
fn a_schema_is_set_shown_and_given_back_while_the_server_runs() {
    let place = Place::new();
    let server = place.dev();
    let before = place.json(&["project", "schema", "default"]);
    assert_eq!(before["properties"]["username"]["x-identifier"], true, "{before}");

    let own = schema(&json!({"type": "string"}));
    let told = set(&place, &own);

    assert_eq!(told["fields"], json!(["name", "badge", "note"]));
    assert_eq!(told["identifiers"], json!([]));
    assert_eq!(place.json(&["project", "schema", "default"]), own);
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "name": "n".repeat(21)});
    let request = server.door.post("register", &body);
    eventually("the running server knows the schema", SOON, || {
        (server.door.send(request.clone()).unwrap().status == 400).then_some(())
    });
    let shown = place.json(&["project", "show", "default"]);
    let listed = shown["settings"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .any(|it| it["setting"] == "users.schema" && it["source"] == "project"),
        "{shown}"
    );

    place
        .run(&["project", "set", "default", "user_schema", "--unset"])
        .done();
    assert_eq!(place.json(&["project", "schema", "default"]), before);
}

#[test]
fn a_schema_that_cannot_be_is_refused_with_its_place_and_changes_nothing() {
    let place = Place::new();
    drop(place.dev());
    let before = place.json(&["project", "schema", "default"]);
    for (text, place_of_it) in [
        (
            r#"{"properties": {"role": {"type": "string"}}}"#,
            "user_schema.properties.role",
        ),
        (
            r#"{"properties": {"a": {"type": "text"}}}"#,
            "user_schema.properties.a.type",
        ),
        (
            r#"{"properties": {"a": {"$ref": "http://127.0.0.1/x"}}}"#,
            "user_schema.properties.a.$ref",
        ),
        (r#"{"properties": {}, "properties": {}}"#, "names a key twice"),
        ("@/nowhere.json", "/nowhere.json"),
    ] {
        let ended = place.run(&["project", "set", "default", "user_schema", text]);
        assert_ne!(ended.code, Some(0), "{text}");
        assert!(ended.err.contains(place_of_it), "{}", ended.err);
    }
    let ended = place.run(&["project", "set", "default", "user_schema.properties.a", "{}"]);
    assert!(ended.err.contains("set as a whole"), "{}", ended.err);
    assert_eq!(place.json(&["project", "schema", "default"]), before);
}

#[test]
fn a_new_identifier_is_indexed_and_those_who_share_one_are_named() {
    let place = Place::new();
    drop(place.dev());
    set(&place, &schema(&json!({"type": "string"})));
    for (email, badge) in [
        ("ada@example.org", "1"),
        ("bob@example.org", "2"),
        ("eve@example.org", "1"),
    ] {
        create(&place, email, &json!({ "badge": badge })).done();
    }

    let told = set(&place, &schema(&json!({"type": "string", "x-identifier": true})));

    assert_eq!(
        (&told["identifiers"], &told["indexed"]),
        (&json!(["badge"]), &json!(2))
    );
    assert_eq!(told["sharing"].as_array().unwrap().len(), 1);
    let sharing = &told["sharing"][0];
    assert_eq!(
        (&sharing["email"], &sharing["paths"]),
        (&json!("eve@example.org"), &json!(["badge"]))
    );
    let ended = create(&place, "mallory@example.org", &json!({"badge": "2"}));
    assert!(ended.err.contains("has this badge already"), "{}", ended.err);

    place
        .run(&[
            "user",
            "update",
            "eve@example.org",
            "--profile",
            r#"{"badge": "3"}"#,
        ])
        .done();
    let again = place.json(&["project", "index", "default"]);
    assert_eq!((&again["indexed"], &again["sharing"]), (&json!(0), &json!([])));
}

#[test]
fn r01_a16_commands_and_imports_obey_the_schema_and_only_they_set_what_operators_note() {
    let place = Place::new();
    drop(place.dev());
    set(&place, &schema(&json!({"type": "string"})));
    create(
        &place,
        "ada@example.org",
        &json!({"name": "Ada", "note": "pays late"}),
    )
    .done();
    let updated = place.json(&[
        "user",
        "update",
        "ada@example.org",
        "--profile",
        r#"{"note": null, "badge": "7"}"#,
    ]);
    assert_eq!(updated["profile"], json!({"name": "Ada", "badge": "7"}));
    for (profile, told) in [
        (json!({"role": "admin"}), "role cannot be set"),
        (json!({"isSuperUser": true}), "isSuperUser cannot be set"),
        (
            json!({"colour": "red"}),
            "colour is not a field of this project's users",
        ),
        (json!({"name": 1}), "name must be a string"),
        (
            json!({"name": "n".repeat(21)}),
            "name must be at most 20 characters long",
        ),
    ] {
        let ended = create(&place, "eve@example.org", &profile);
        assert!(ended.err.contains(told), "{}", ended.err);
        let ended = place.run(&[
            "user",
            "update",
            "ada@example.org",
            "--profile",
            &profile.to_string(),
        ]);
        assert!(ended.err.contains(told), "{}", ended.err);
        let mut line = profile;
        line["email"] = json!("eve@example.org");
        let ended = place.run_with(&["user", "import", "-"], &line.to_string());
        assert!(ended.out.contains(told), "{}", ended.out);
    }
}
