use super::*;
use serde_json::json;

fn schema(text: &Value) -> UserSchema {
    UserSchema::read(text.as_object().unwrap()).unwrap()
}

fn default_schema() -> UserSchema {
    schema(&Value::Object(new_project::schema()))
}

/// A project's own schema, with what Arkos documents.
fn arkos() -> UserSchema {
    schema(&json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 10},
            "profile": {"type": "object", "properties": {"nickname": {"type": "string", "x-identifier": true}}},
            "phones": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/phone"}},
            "born": {"type": "string", "format": "date", "x-self-editable": false},
            "score": {"type": "integer", "x-admin-only": true},
            "anything": {},
        },
        "required": ["name"],
        "$defs": {"phone": {"type": "object", "properties": {"number": {"type": "string", "x-identifier": true}},
            "required": ["number"], "additionalProperties": false}},
    }))
}

type Told = Vec<(String, &'static str)>;

fn told(wrong: Vec<FieldError>) -> Told {
    wrong.into_iter().map(|it| (it.field, it.rule)).collect()
}

fn admit(schema: &UserSchema, profile: &Value, by: By) -> Result<Profile, Told> {
    let profile = profile.as_object().unwrap().clone();
    schema.rules().unwrap().admit(profile, by).map_err(told)
}

fn change(schema: &UserSchema, present: &Value, changes: &Value) -> Result<Value, Told> {
    let changes = changes.as_object().unwrap().clone();
    let result = schema
        .rules()
        .unwrap()
        .change(present.as_object().unwrap(), changes, By::Owner);
    result.map(|it| Value::Object(it.fields)).map_err(told)
}

fn pairs(profile: &Profile) -> Vec<(&str, &str)> {
    profile
        .identifiers
        .iter()
        .map(|it| (it.path.as_str(), it.value.as_str()))
        .collect()
}

fn judged(text: &Value) -> Vec<String> {
    let wrong = UserSchema::judge(text.as_object().unwrap())
        .err()
        .unwrap_or_default();
    wrong.into_iter().map(|it| it.field).collect()
}

#[test]
fn every_field_of_a_new_project_is_taken_and_null_is_absent() {
    assert_eq!(judged(&Value::Object(new_project::schema())), [""; 0]);
    let profile = json!({"name": "Ada", "bio": "a\nb", "given_name": "A", "family_name": "L", "phone_number": "+44",
        "picture": "https://x.example/a.png", "username": "Ada.L"});
    let taken = admit(&default_schema(), &profile, By::Owner).unwrap();
    assert_eq!(pairs(&taken), [("username", "Ada.L")]);
    assert_eq!(Value::Object(taken.fields), profile);
    assert_eq!(
        admit(&default_schema(), &json!({"name": null}), By::Owner).unwrap(),
        Profile::default()
    );
}

#[test]
fn a_new_projects_rules_are_said_in_words_and_all_at_once() {
    let profile = json!({"name": 1, "bio": "b".repeat(2049), "picture": "javascript:alert(1)", "username": "a@b.example",
        "given_name": "A\r\nBcc: b@x.example", "family_name": "f".repeat(257), "surname": "x"});
    let rules = default_schema();
    let wrong = rules
        .rules()
        .unwrap()
        .admit(profile.as_object().unwrap().clone(), By::Owner)
        .unwrap_err();
    let told: Vec<_> = wrong
        .iter()
        .map(|it| (it.field.as_str(), it.rule, it.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("name", "type", "must be a string"),
            ("bio", "maxLength", "must be at most 2048 characters long"),
            ("picture", "pattern", "must be an http or https URL"),
            (
                "username",
                "pattern",
                "must be 1 to 64 ASCII letters, digits, dots, dashes or underscores"
            ),
            ("given_name", "pattern", "must not contain control characters"),
            ("family_name", "maxLength", "must be at most 256 characters long"),
            (
                "surname",
                "additionalProperties",
                "is not a field of this project's users"
            ),
        ]
    );
    for picture in [
        "https://x.example/a b.png",
        "data:image/png;base64,AA",
        "HTTPS//x",
        "https://x\u{7f}",
    ] {
        assert!(
            admit(&default_schema(), &json!({ "picture": picture }), By::Owner).is_err(),
            "{picture:?}"
        );
    }
    for name in ["a\u{0}", "a\u{9f}", "a\tb"] {
        assert!(
            admit(&default_schema(), &json!({ "name": name }), By::Owner).is_err(),
            "{name:?}"
        );
    }
}

#[test]
fn r01_what_only_the_server_says_is_forbidden_even_where_anything_goes() {
    for field in [
        "role",
        "roles",
        "isSuperUser",
        "is_admin",
        "emailVerified",
        "id",
        "createdAt",
        "password",
        "email",
    ] {
        for value in [json!("x"), json!(true), Value::Null] {
            let given = json!({"name": "Ada", field: value});
            assert_eq!(
                admit(&arkos(), &given, By::Owner).unwrap_err(),
                [(field.to_owned(), "forbidden")]
            );
            assert_eq!(
                admit(&arkos(), &given, By::Operator).unwrap_err(),
                [(field.to_owned(), "forbidden")]
            );
            assert_eq!(
                change(&arkos(), &json!({"name": "Ada"}), &json!({ field: value })).unwrap_err(),
                [(field.to_owned(), "forbidden")]
            );
        }
    }
    let given = json!({"name": "Ada", "status": "x", "role": 1});
    assert_eq!(
        admit(&default_schema(), &given, By::Owner).unwrap_err(),
        [
            ("status".to_owned(), "additionalProperties"),
            ("role".to_owned(), "forbidden"),
        ]
    );
}

#[test]
fn admin_only_fields_are_operators_and_fields_that_are_not_self_editable_stay_as_they_were() {
    let profile = json!({"name": "Ada", "score": 1, "born": "1815-12-10"});
    assert_eq!(
        admit(&arkos(), &profile, By::Owner).unwrap_err(),
        [("score".to_owned(), "forbidden")]
    );
    admit(&arkos(), &profile, By::Operator).unwrap();
    admit(&arkos(), &json!({"name": "Ada", "born": "1815-12-10"}), By::Owner).unwrap();
    for changes in [
        json!({"born": "1816-01-01"}),
        json!({"born": null}),
        json!({"score": null}),
    ] {
        let field = changes.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(
            change(&arkos(), &profile, &changes).unwrap_err(),
            [(field, "forbidden")]
        );
    }
}

#[test]
fn a_change_keeps_what_is_absent_clears_what_is_null_and_is_checked_as_a_whole() {
    let present = json!({"name": "Ada", "profile": {"nickname": "a"}, "extra": 1});
    assert_eq!(
        change(
            &arkos(),
            &present,
            &json!({"profile": null, "extra": null, "phones": []})
        )
        .unwrap(),
        json!({"name": "Ada", "phones": []})
    );
    assert_eq!(
        change(&arkos(), &present, &json!({"name": null})).unwrap_err(),
        [("name".to_owned(), "required")]
    );
    assert_eq!(
        change(&arkos(), &present, &json!({"never": null})).unwrap(),
        present
    );
    assert_eq!(
        change(&default_schema(), &json!({}), &json!({"never": null})).unwrap_err(),
        [("never".to_owned(), "additionalProperties")]
    );
}

#[test]
fn identifiers_are_found_at_nested_and_list_paths_and_named_once() {
    let profile = json!({"name": "Ada", "profile": {"nickname": "e\u{301}"},
        "phones": [{"number": "1"}, {"number": "2"}, {"number": "1"}]});
    let taken = admit(&arkos(), &profile, By::Owner).unwrap();
    assert_eq!(
        pairs(&taken),
        [
            ("profile.nickname", "\u{e9}"),
            ("phones.some.number", "1"),
            ("phones.some.number", "2")
        ]
    );
    assert!(arkos().identifies("phones.some.number") && !arkos().identifies("phones"));
}

#[test]
fn errors_name_the_property_by_its_path_and_the_keyword() {
    let profile = json!({"phones": [{"number": 1}, {"number": "", "kind": "x"}, {}, {"number": "1"}], "born": "today",
        "profile": {"nickname": "n".repeat(257)}});
    let mut wrong = admit(&arkos(), &profile, By::Owner).unwrap_err();
    wrong.sort();
    assert_eq!(
        wrong,
        [
            ("born".to_owned(), "format"),
            ("name".to_owned(), "required"),
            ("phones".to_owned(), "maxItems"),
            ("phones.0.number".to_owned(), "type"),
            ("phones.1.kind".to_owned(), "additionalProperties"),
            ("phones.1.number".to_owned(), "minLength"),
            ("phones.2.number".to_owned(), "required"),
            ("profile.nickname".to_owned(), "maxLength"),
        ]
    );
}

#[test]
fn r10_no_username_is_an_address_under_any_schema() {
    let open = schema(&json!({"properties": {"username": {"type": "string", "x-identifier": true}}}));
    assert_eq!(
        admit(&open, &json!({"username": "ada@example.org"}), By::Owner).unwrap_err(),
        [("username".to_owned(), "pattern")]
    );
    admit(&open, &json!({"username": "\u{e9}va"}), By::Owner).unwrap();
}

#[test]
fn a_user_has_twenty_unique_values_at_most() {
    let many = schema(
        &json!({"properties": {"names": {"type": "array", "items": {"type": "string", "x-identifier": true}}}}),
    );
    let named = |count: usize| {
        let names: Vec<_> = (0..count).map(|number| format!("name {number}")).collect();
        admit(&many, &json!({ "names": names }), By::Owner)
    };
    assert_eq!(named(20).unwrap().identifiers.len(), 20);
    assert_eq!(named(21).unwrap_err(), [("names.some".to_owned(), "maxItems")]);
}

#[test]
fn i03_values_nested_a_hundred_levels_deep_are_refused() {
    for levels in [17, 100] {
        let mut list = json!(1);
        let mut object = json!(1);
        for _ in 0..levels {
            list = json!([list]);
            object = json!({ "a": object });
        }
        for value in [list, object] {
            assert_eq!(
                admit(&arkos(), &json!({"name": "Ada", "anything": value}), By::Owner).unwrap_err(),
                [("anything".to_owned(), "maxDepth")]
            );
        }
    }
}

#[test]
fn what_no_schema_can_say_holds_under_every_schema() {
    for (value, rule) in [
        (json!({"a": ["b\u{7}"]}), "pattern"),
        (json!([{"__proto__": {"admin": true}}]), "propertyNames"),
        (json!({"a\u{1}": 1}), "propertyNames"),
        (json!("a".repeat(17_000)), "maxLength"),
    ] {
        let given = json!({"name": "Ada", "anything": value});
        assert_eq!(
            admit(&arkos(), &given, By::Owner).unwrap_err(),
            [("anything".to_owned(), rule)]
        );
    }
    admit(
        &arkos(),
        &json!({"name": "Ada", "anything": "two\nlines"}),
        By::Owner,
    )
    .unwrap();
    let many: Vec<_> = (0..21).map(|at| json!({"number": at.to_string()})).collect();
    let open = schema(
        &json!({"properties": {"phones": {"items": {"properties": {"number":
        {"type": "string", "x-identifier": true}}}}}}),
    );
    let refused = admit(&open, &json!({"phones": many}), By::Owner).unwrap_err();
    assert_eq!(refused, [("phones.some.number".to_owned(), "maxItems")]);
}

fn identifier() -> Value {
    json!({"type": "string", "x-identifier": true})
}

/// A schema whose one field is this.
fn of_field(field: &Value) -> Value {
    json!({"properties": {"a": field}})
}

/// Each of these fields is refused at this place within it.
fn refused_fields(fields: &[(Value, &str)]) {
    for (field, place) in fields {
        let place = format!("user_schema.properties.a.{place}");
        assert_eq!(judged(&of_field(field)), [place], "{field}");
    }
}

#[test]
fn a_text_that_is_no_schema_of_a_profile_is_refused_with_the_place_of_what_is_wrong() {
    for (schema, place) in [
        (json!({}), "user_schema.properties"),
        (json!({"properties": {}, "type": "array"}), "user_schema.type"),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "properties": {}}),
            "user_schema.$schema",
        ),
        (of_field(&json!({"title": "t".repeat(65 * 1024)})), "user_schema"),
    ] {
        assert_eq!(judged(&schema), [place], "{schema}");
    }
    refused_fields(&[
        (json!({"type": "text"}), "type"),
        (json!({"type": "string", "maxLength": -1}), "maxLength"),
        (json!({"type": "string", "pattern": "("}), "pattern"),
        (json!({"type": "string", "pattern": "(?=a)a"}), "pattern"),
        (json!({"type": "string", "pattern": "(a{1000}){1000}"}), "pattern"),
        (json!({"type": "string", "format": "colour"}), "format"),
    ]);
}

#[test]
fn a_schema_refers_to_its_own_definitions_only() {
    refused_fields(&[
        (json!({"$ref": "https://example.com/a.json"}), "$ref"),
        (json!({"$ref": "file:///etc/passwd"}), "$ref"),
        (json!({"$ref": "#phone"}), "$ref"),
        (json!({"$ref": "#/$defs/none"}), "$ref"),
        (json!({"$dynamicRef": "#a"}), "$dynamicRef"),
        (json!({"$id": "https://example.com/", "type": "string"}), "$id"),
    ]);
    let unused = json!({"properties": {}, "$defs": {"a": {"$ref": "https://example.com/a.json"}}});
    assert_eq!(judged(&unused).len(), 1, "what is not used is not fetched either");
}

#[test]
fn marks_stand_where_they_mean_something_or_are_refused() {
    refused_fields(&[
        (json!({"type": "integer", "x-identifier": true}), "x-identifier"),
        (json!({"x-identifier": true}), "x-identifier"),
        (json!({"type": "string", "x-identifier": "yes"}), "x-identifier"),
        (json!({"type": "string", "x-admin-only": 1}), "x-admin-only"),
        (json!({"type": "string", "x-secret": true}), "x-secret"),
        (json!({"anyOf": [identifier()]}), "anyOf.0.x-identifier"),
        (json!({"not": {"anyOf": [{"x-typo": 1}]}}), "not.anyOf.0.x-typo"),
        (
            json!({"additionalProperties": identifier()}),
            "additionalProperties.x-identifier",
        ),
        (
            json!({"properties": {"b": {"x-admin-only": true}}}),
            "properties.b.x-admin-only",
        ),
        (
            json!({"properties": {"b": {"x-self-editable": false}}}),
            "properties.b.x-self-editable",
        ),
    ]);
    let required = json!({"properties": {"a": {"x-admin-only": true}}, "required": ["a"]});
    assert_eq!(judged(&required), ["user_schema.properties.a"]);
    let many: Map<String, Value> = (0..9).map(|at| (format!("f{at}"), identifier())).collect();
    assert_eq!(judged(&json!({ "properties": many })), ["user_schema"]);
}

#[test]
fn no_schema_gives_a_field_a_name_that_is_the_servers_own() {
    for name in [
        "email",
        "password",
        "id",
        "isSuperUser",
        "created_at",
        "__proto__",
    ] {
        let schema = json!({"properties": {name: {"type": "string"}}});
        assert_eq!(judged(&schema), [format!("user_schema.properties.{name}")]);
    }
    for name in ["password", "id", "email", "__proto__", "b.c", "some", ""] {
        let nested = json!({"properties": {name: identifier()}});
        let place = format!("user_schema.properties.a.properties.{name}.x-identifier");
        assert_eq!(judged(&of_field(&nested)), [place]);
    }
}

#[test]
fn a_schema_is_neither_deep_nor_its_own_part() {
    let mut deep = json!({"type": "string"});
    for _ in 0..17 {
        deep = of_field(&deep);
    }
    let tree = json!({"properties": {"a": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"properties": {"children": {"items": {"$ref": "#/$defs/node"}}}}}});
    let itself = json!({"properties": {"a": {"$ref": "#/properties/a"}}});
    for schema in [deep, tree, itself] {
        let refused = UserSchema::judge(schema.as_object().unwrap()).unwrap_err();
        assert!(
            refused[0].message.contains("deeper than 16 levels"),
            "{refused:?}"
        );
    }
}

#[test]
fn a_schema_whose_references_multiply_is_refused_soon() {
    let mut defs = Map::new();
    for level in 0..5 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        let fields: Map<String, Value> = (0..10).map(|at| (format!("f{at}"), next.clone())).collect();
        defs.insert(format!("d{level}"), json!({ "properties": fields }));
    }
    defs.insert("d5".to_owned(), json!({"type": "string"}));
    let bomb = json!({"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": defs});
    assert_eq!(judged(&bomb), ["user_schema"]);
}

#[test]
fn a_distinct_schema_is_read_once_and_forgotten_with_its_last_project() {
    let schemas = Schemas::default();
    let setting = |title: &str| {
        let text = json!({"title": title, "properties": {"a": {"type": "string"}}});
        Some(std::sync::Arc::new(text.as_object().unwrap().clone()))
    };
    let (first, again) = (setting("a"), setting("a"));
    let schema = schemas.get(first.as_ref()).unwrap();
    assert!(std::sync::Arc::ptr_eq(
        &schema,
        &schemas.get(again.as_ref()).unwrap()
    ));
    assert!(!std::sync::Arc::ptr_eq(&schema, &schemas.get(None).unwrap()));
    let default = schemas.get(None).unwrap();
    assert!(std::sync::Arc::ptr_eq(&default, &schemas.get(None).unwrap()));
    for number in 0..200 {
        schemas.get(setting(&number.to_string()).as_ref()).unwrap();
    }
    assert!(schemas.len() <= 64 + 2, "{}", schemas.len());
}
