//! Profiles by a project's own schema: what is set, changed, unique, and logged in with.

use super::*;
use crate::{
    Caller, IdentifierField, PasswordLogin, authenticate, delete_account, identifier_field, me,
    password_login, shown_profile, update_profile,
};
use serde_json::json;
use vestibule_model::refusal::{Credentials, FieldError, Input, Token};

/// What Arkos documents: nested and list paths.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "bio": {"type": "string", "maxLength": 100},
            "username": {"type": "string", "x-identifier": true},
            "profile": {"type": "object", "properties": {"nickname": {"type": "string", "x-identifier": true}}},
            "phones": {"type": "array", "items": {"type": "object",
                "properties": {"number": {"type": "string", "x-identifier": true}}}},
            "born": {"type": "string", "x-self-editable": false},
            "note": {"type": "string", "x-admin-only": true},
        },
        "additionalProperties": false,
    })
}

async fn house() -> House {
    House::open(|settings| {
        settings.user_schema = Some(Arc::new(schema().as_object().unwrap().clone()));
    })
    .await
}

async fn sign_up(house: &House, email: &str, profile: Value) -> Result<User, crate::Error> {
    let input = Register {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        profile: profile.as_object().unwrap().clone(),
        public_metadata: Map::new(),
    };
    register(&house.cx, input).await.map(|made| made.user)
}

async fn login(house: &House, by: IdentifierField, identifier: &str) -> Result<Caller, crate::Error> {
    let identifier = identifier.to_owned();
    let password = PASSWORD.to_owned();
    let signed_in = password_login(
        &house.cx,
        PasswordLogin {
            identifier,
            by,
            password,
        },
    )
    .await?;
    authenticate(&house.cx, &signed_in.access_token).await
}

async fn caller(house: &House, email: &str) -> Caller {
    login(house, IdentifierField::Email, email).await.unwrap()
}

async fn change(house: &House, caller: &Caller, changes: Value) -> Result<User, crate::Error> {
    update_profile(&house.cx, caller, changes.as_object().unwrap().clone()).await
}

fn wrong<T>(answer: Result<T, crate::Error>) -> Vec<(String, &'static str)> {
    match refused(answer) {
        Refusal::Input(Input::Fields(wrong)) => wrong
            .into_iter()
            .map(|FieldError { field, rule, .. }| (field, rule))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn taken(paths: &[&str]) -> Refusal {
    Conflict::ValueTaken(paths.iter().map(|path| (*path).to_owned()).collect()).into()
}

fn at(path: &str) -> IdentifierField {
    IdentifierField::Path(path.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_logs_in_with_every_identifier_and_with_nothing_else() {
    let house = house().await;
    let profile = json!({"username": "Ada", "profile": {"nickname": "e\u{301}va"},
        "phones": [{"number": "+44 1"}, {"number": "+44 2"}]});
    let ada = sign_up(&house, "ada@example.org", profile).await.unwrap();
    for (by, typed) in [
        (IdentifierField::Email, "ADA@example.org"),
        (IdentifierField::EmailOrUsername, "Ada"),
        (IdentifierField::EmailOrUsername, "Ada@Example.org"),
        (at("email"), "ada@example.org"),
        (at("username"), "Ada"),
        (at("profile.nickname"), "\u{e9}va"),
        (at("phones.some.number"), "+44 2"),
    ] {
        assert_eq!(login(&house, by, typed).await.unwrap().user.id, ada.id, "{typed}");
    }
    for (by, typed) in [
        (IdentifierField::Email, "Ada"),
        (IdentifierField::EmailOrUsername, "ada"),
        (IdentifierField::EmailOrUsername, "+44 1"),
        (at("username"), "ada@example.org"),
        (at("profile.nickname"), "Ada"),
        (at("phones.some.number"), "+44 3"),
    ] {
        assert_eq!(
            refused(login(&house, by, typed).await),
            Credentials::Wrong.into(),
            "{typed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn x17_only_marked_paths_and_of_those_only_listed_ones_are_looked_up() {
    let house = house().await;
    let deep = ["a"; 100].join(".");
    for path in [
        "password",
        "__proto__",
        "roles.0.name",
        &deep,
        "",
        "name",
        "phones",
        "phones.0.number",
        "phones.some",
        "profile",
        "id",
        "USERNAME",
        "username ",
        "born",
        "constructor",
        "x'--",
    ] {
        let not_allowed = Refusal::from(Input::IdentifierNotAllowed);
        assert_eq!(
            refused(identifier_field(&house.cx, path, &[])),
            not_allowed,
            "{path}"
        );
        assert_eq!(
            refused(login(&house, at(path), "ada").await),
            not_allowed,
            "{path}"
        );
        assert_eq!(
            refused(identifier_field(&house.cx, path, &[path.to_owned()])),
            not_allowed,
            "{path}"
        );
    }
    assert!(
        house
            .acts()
            .await
            .iter()
            .all(|(act, _)| *act != Act::LoginRefused),
        "no lookup, no attempt"
    );
    let listed = ["email".to_owned(), "phones.some.number".to_owned()];
    assert_eq!(
        identifier_field(&house.cx, "email", &listed).unwrap(),
        at("email")
    );
    assert_eq!(
        identifier_field(&house.cx, "profile.nickname", &[]).unwrap(),
        at("profile.nickname")
    );
    assert_eq!(
        refused(identifier_field(&house.cx, "profile.nickname", &listed)),
        Input::IdentifierNotAllowed.into()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_all_identifiers_of_a_user_share_one_failure_counter() {
    let house = house().await;
    let profile = json!({"username": "ada", "phones": [{"number": "1"}]});
    sign_up(&house, "ada@example.org", profile).await.unwrap();
    let names = [
        (IdentifierField::Email, "ada@example.org"),
        (IdentifierField::EmailOrUsername, "ada"),
        (at("phones.some.number"), "1"),
        (at("username"), "ada"),
        (IdentifierField::EmailOrUsername, "ADA@example.org"),
    ];
    for (by, identifier) in names {
        let identifier = identifier.to_owned();
        let wrong = PasswordLogin {
            identifier,
            by,
            password: "wrong".to_owned(),
        };
        let answer = password_login(&house.cx, wrong).await.map(|_| ());
        assert_eq!(refused(answer), Credentials::Wrong.into());
    }
    let locked = refused(login(&house, at("phones.some.number"), "1").await);
    assert!(
        matches!(locked, Refusal::Throttled(Throttled::Account { .. })),
        "{locked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_registrations_with_one_identifier_one_succeeds() {
    let house = Arc::new(house().await);
    let answers = at_once(16, |number| {
        let house = house.clone();
        // Once composed, once not: one name after NFC.
        let nickname = if number % 2 == 0 { "\u{e9}va" } else { "e\u{301}va" };
        let profile = json!({"profile": {"nickname": nickname}, "phones": [{"number": number.to_string()}, {"number": "+1"}]});
        async move { sign_up(&house, &format!("user{number}@example.org"), profile).await }
    })
    .await;
    let (made, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), lost.len()), (1, 15));
    for answer in lost {
        assert_eq!(
            refused(answer),
            taken(&["profile.nickname", "phones.some.number"])
        );
    }
    let count = admin::users::count(&house.cx.core, house.cx.realm())
        .await
        .unwrap();
    assert_eq!(count, 1, "a refused registration leaves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_users_who_take_one_name_at_once_one_gets_it() {
    let house = Arc::new(house().await);
    let mut callers = Vec::new();
    for number in 0..16 {
        let email = format!("user{number}@example.org");
        sign_up(&house, &email, json!({"bio": "before"})).await.unwrap();
        callers.push(caller(&house, &email).await);
    }
    let answers = at_once(16, |number| {
        let (house, caller) = (house.clone(), callers[number].clone());
        async move { change(&house, &caller, json!({"username": "ada", "bio": "after"})).await }
    })
    .await;
    let (made, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), lost.len()), (1, 15));
    for answer in lost {
        assert_eq!(refused(answer), taken(&["username"]));
    }
    let users = admin::users::list(&house.cx.core, house.cx.realm(), 0, 100)
        .await
        .unwrap();
    assert_eq!(
        users
            .iter()
            .filter(|user| user.profile_text("bio") == Some("after"))
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_at_once_all_stay() {
    let house = Arc::new(house().await);
    sign_up(&house, "ada@example.org", json!({})).await.unwrap();
    let caller = caller(&house, "ada@example.org").await;
    let fields = ["name", "bio", "username", "phones"];
    let answers = at_once(4, |number| {
        let (house, caller, field) = (house.clone(), caller.clone(), fields[number]);
        let value = if field == "phones" { json!([]) } else { json!("x") };
        async move { change(&house, &caller, json!({ field: value })).await }
    })
    .await;
    for answer in answers {
        answer.unwrap();
    }
    let user = users::find(&house.cx.core.store.db, caller.user.id)
        .await
        .unwrap()
        .unwrap();
    for field in fields {
        assert!(user.profile.contains_key(field), "{field} is lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_identifier_is_free_for_others_and_the_new_one_is_taken() {
    let house = house().await;
    sign_up(
        &house,
        "ada@example.org",
        json!({"username": "ada", "phones": [{"number": "1"}, {"number": "2"}]}),
    )
    .await
    .unwrap();
    sign_up(&house, "bob@example.org", json!({"username": "bob"}))
        .await
        .unwrap();
    let (ada, bob) = (
        caller(&house, "ada@example.org").await,
        caller(&house, "bob@example.org").await,
    );
    change(
        &house,
        &ada,
        json!({"phones": [{"number": "2"}, {"number": "3"}]}),
    )
    .await
    .unwrap();
    for (number, free) in [("1", true), ("2", false), ("3", false)] {
        let answer = change(&house, &bob, json!({"phones": [{"number": number}]})).await;
        assert_eq!(answer.is_ok(), free, "{number}: {answer:?}");
    }
    assert_eq!(
        login(&house, at("phones.some.number"), "1")
            .await
            .unwrap()
            .user
            .id,
        bob.user.id
    );
    change(&house, &bob, json!({"phones": null})).await.unwrap();
    let both = json!({"username": "ada", "phones": [{"number": "3"}]});
    assert_eq!(
        refused(change(&house, &bob, both).await),
        taken(&["username", "phones.some.number"])
    );
    change(&house, &ada, json!({"username": null})).await.unwrap();
    change(&house, &bob, json!({"username": "ada"})).await.unwrap();
    assert_eq!(
        login(&house, at("username"), "ada").await.unwrap().user.id,
        bob.user.id
    );
    assert_eq!(
        refused(login(&house, at("phones.some.number"), "1").await),
        Credentials::Wrong.into()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r02_a_profile_is_changed_field_by_field_and_nothing_beside_it() {
    let house = house().await;
    let profile = json!({"name": "Ada", "bio": "b", "born": "1815"});
    let before = sign_up(&house, "ada@example.org", profile.clone()).await.unwrap();
    let ada = caller(&house, "ada@example.org").await;
    house.pass(Duration::from_secs(1));
    for field in [
        "id",
        "email",
        "password",
        "role",
        "roles",
        "isSuperUser",
        "is_staff",
        "isActive",
        "emailVerified",
        "email_verified",
        "createdAt",
        "permissions",
        "project_id",
        "password_hash",
        "user_metadata",
        "born",
        "note",
    ] {
        for value in [json!(true), json!("x"), Value::Null, json!({"a": null})] {
            let answer = change(&house, &ada, json!({"name": "Eve", field: value})).await;
            assert_eq!(wrong(answer), [(field.to_owned(), "forbidden")]);
        }
    }
    assert_eq!(
        wrong(change(&house, &ada, json!({"status": 1})).await),
        [("status".to_owned(), "additionalProperties")]
    );
    let unchanged = change(&house, &ada, json!({"name": "Ada", "username": null}))
        .await
        .unwrap();
    assert_eq!(
        (Value::Object(unchanged.profile), unchanged.updated_at),
        (profile, before.updated_at)
    );
    assert!(
        house
            .acts()
            .await
            .iter()
            .all(|(act, _)| *act != Act::ProfileUpdated)
    );

    assert_eq!(
        me(&house.cx, &ada).await.unwrap().user.profile_text("name"),
        Some("Ada")
    );
    let after = change(&house, &ada, json!({"name": "Countess", "bio": null}))
        .await
        .unwrap();
    assert_eq!(
        Value::Object(after.profile.clone()),
        json!({"name": "Countess", "born": "1815"})
    );
    assert_eq!(
        (after.created_at, after.updated_at),
        (before.created_at, house.cx.now())
    );
    assert_eq!(
        (after.email, after.email_verified_at, after.number),
        (before.email, None, before.number)
    );
    assert_eq!(me(&house.cx, &ada).await.unwrap().user.profile, after.profile);
    assert_eq!(
        house.acts().await.last().unwrap(),
        &(Act::ProfileUpdated, Some("name, bio".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_a16_sign_up_and_operators_obey_one_schema() {
    let house = house().await;
    for (profile, expected) in [
        (json!({"role": "admin"}), ("role", "forbidden")),
        (json!({"colour": "red"}), ("colour", "additionalProperties")),
        (json!({"name": {"$gt": ""}}), ("name", "type")),
        (json!({"phones": [{"number": 1}]}), ("phones.0.number", "type")),
        (json!({"bio": "b".repeat(101)}), ("bio", "maxLength")),
        (json!({"username": ""}), ("username", "minLength")),
    ] {
        let expected = [(expected.0.to_owned(), expected.1)];
        assert_eq!(
            wrong(sign_up(&house, "ada@example.org", profile.clone()).await),
            expected
        );
        let new = admin::users::NewUser {
            email: "ada@example.org".into(),
            profile: profile.as_object().unwrap().clone(),
            ..Default::default()
        };
        let by = operator();
        let made =
            admin::users::create(&house.cx.core, &by, &house.cx.project, house.cx.environment, new).await;
        assert_eq!(wrong(made), expected);
    }
    assert_eq!(
        wrong(sign_up(&house, "ada@example.org", json!({"note": "x"})).await),
        [("note".to_owned(), "forbidden")]
    );
    assert_eq!(
        admin::users::count(&house.cx.core, house.cx.realm())
            .await
            .unwrap(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_shown_in_the_order_of_the_schema_without_what_operators_note() {
    let house = house().await;
    let profile = json!({"note": "pays late", "born": "1815", "username": "ada", "bio": "b", "name": "Ada"});
    let new = admin::users::NewUser {
        email: "ada@example.org".into(),
        profile: profile.as_object().unwrap().clone(),
        ..Default::default()
    };
    let by = operator();
    let user = admin::users::create(&house.cx.core, &by, &house.cx.project, house.cx.environment, new)
        .await
        .unwrap();
    let shown: Vec<_> = shown_profile(&house.cx.project, &user)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(shown, ["name", "bio", "username", "born"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_r25_a_deleted_account_is_dead_at_once_and_what_follows_is_somebody_else() {
    let house = house().await;
    let old = sign_up(&house, "ada@example.org", json!({"username": "ada"}))
        .await
        .unwrap();
    let here = caller(&house, "ada@example.org").await;
    let login = PasswordLogin {
        identifier: "ada".into(),
        by: at("username"),
        password: PASSWORD.into(),
    };
    let elsewhere = password_login(&house.cx, login).await.unwrap();
    assert!(me(&house.cx, &here).await.is_ok());
    delete_account(&house.cx, &here).await.unwrap();
    assert!(house.acts().await.contains(&(Act::UserDeleted, None)));
    let dead = authenticate(&house.cx, &elsewhere.access_token).await.map(|_| ());
    assert_eq!(refused(dead), Token::Revoked.into());
    let refreshed = crate::refresh(&house.cx, elsewhere.refresh_token.as_deref().unwrap())
        .await
        .map(|_| ());
    assert!(matches!(refused(refreshed), Refusal::Refresh(_)));
    assert_eq!(
        refused(delete_account(&house.cx, &here).await),
        Token::Revoked.into()
    );
    assert_eq!(
        refused(change(&house, &here, json!({"name": "x"})).await),
        Token::Revoked.into()
    );

    let new = sign_up(&house, "ada@example.org", json!({"username": "ada"}))
        .await
        .unwrap();
    assert_ne!(new.id, old.id);
    let still_dead = authenticate(&house.cx, &elsewhere.access_token).await.map(|_| ());
    assert_eq!(refused(still_dead), Token::Revoked.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_change_what_users_cannot_and_obey_the_same_rules() {
    let house = house().await;
    let ada = sign_up(
        &house,
        "ada@example.org",
        json!({"username": "ada", "born": "1815"}),
    )
    .await
    .unwrap();
    sign_up(&house, "bob@example.org", json!({"username": "bob"}))
        .await
        .unwrap();
    let change = async |changes: Value| {
        let changes = changes.as_object().unwrap().clone();
        let (core, project) = (&house.cx.core, &house.cx.project);
        admin::users::update_profile(core, &operator(), project, &ada, changes).await
    };
    let changed = change(json!({"born": null, "note": "pays late", "username": "countess"})).await;
    let profile = changed.unwrap().unwrap().profile;
    assert_eq!(
        Value::Object(profile),
        json!({"username": "countess", "note": "pays late"})
    );
    assert_eq!(
        refused(change(json!({"username": "bob"})).await),
        taken(&["username"])
    );
    assert_eq!(
        wrong(change(json!({"role": "admin"})).await),
        [("role".to_owned(), "forbidden")]
    );
    assert_eq!(
        wrong(change(json!({"note": 1})).await),
        [("note".to_owned(), "type")]
    );
    admin::users::disable(&house.cx.core, &operator(), &ada)
        .await
        .unwrap();
    assert!(
        change(json!({"note": null})).await.unwrap().is_some(),
        "disabled users too"
    );
    admin::users::delete(&house.cx.core, &operator(), &ada)
        .await
        .unwrap();
    assert!(change(json!({"note": "x"})).await.unwrap().is_none());
}

/// The default project with a schema of its own.
async fn with_schema(house: &mut House, schema: Value) -> Result<(), crate::Error> {
    let (core, id) = (&house.cx.core, house.cx.project.id);
    admin::projects::set(core, &operator(), id, "user_schema", schema).await?;
    house.cx.project = crate::project_by_id(core, id).await.unwrap().unwrap();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_sets_its_schema_as_a_whole_and_gives_it_back() {
    let mut house = House::open(|_| {}).await;
    let bad = json!({"properties": {"nickname": {"type": "string", "x-admin-only": "yes"}}});
    let refused = wrong(with_schema(&mut house, bad).await);
    assert_eq!(
        refused,
        [(
            "user_schema.properties.nickname.x-admin-only".to_owned(),
            "invalid"
        )]
    );
    let own = json!({"properties": {"nickname": {"type": "string"}}, "additionalProperties": false});
    with_schema(&mut house, own).await.unwrap();
    let name = json!({"name": "Ada"});
    assert_eq!(
        wrong(sign_up(&house, "ada@example.org", name.clone()).await),
        [("name".to_owned(), "additionalProperties")]
    );
    sign_up(&house, "ada@example.org", json!({"nickname": "a"}))
        .await
        .unwrap();
    with_schema(&mut house, Value::Null).await.unwrap();
    sign_up(&house, "bob@example.org", name).await.unwrap();
    // Who was there before keeps what the schema no longer names, until the profile changes.
    let ada = caller(&house, "ada@example.org").await;
    assert_eq!(ada.user.profile_text("nickname"), Some("a"));
    let answer = change(&house, &ada, json!({"name": "Ada"})).await;
    assert_eq!(wrong(answer), [("nickname".to_owned(), "additionalProperties")]);
    change(&house, &ada, json!({"name": "Ada", "nickname": null}))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_mark_holds_for_earlier_values_once_they_are_indexed() {
    let mut house = House::open(|_| {}).await;
    let field = |marked: bool| json!({"properties": {"badge": {"type": "string", "x-identifier": marked}, "name": {"type": "string"}}});
    with_schema(&mut house, field(false)).await.unwrap();
    let mut users = Vec::new();
    for (number, badge) in ["1", "2", "1", "", "1"].into_iter().enumerate() {
        let email = format!("user{number}@example.org");
        users.push(sign_up(&house, &email, json!({"badge": badge})).await.unwrap());
    }
    with_schema(&mut house, field(true)).await.unwrap();
    let by_badge =
        async |house: &House, badge: &str| login(house, at("badge"), badge).await.map(|it| it.user.id);
    assert_eq!(refused(by_badge(&house, "1").await), Credentials::Wrong.into());
    let index = async |house: &House| {
        let mut seen = Vec::new();
        let (core, project) = (&house.cx.core, &house.cx.project);
        let indexed = admin::user_schema::index(core, &operator(), project, |count| seen.push(count))
            .await
            .unwrap();
        let sharing: Vec<_> = indexed.sharing.iter().map(|it| it.user).collect();
        (indexed.changed, sharing, seen)
    };
    assert_eq!(index(&house).await, (2, vec![users[2].id, users[4].id], vec![5]));
    assert_eq!(by_badge(&house, "1").await.unwrap(), users[0].id);
    assert_eq!(by_badge(&house, "2").await.unwrap(), users[1].id);
    assert_eq!(index(&house).await.0, 0, "again is nothing to do");
    // Whoever shares a value has to change it together with anything else.
    let third = caller(&house, "user2@example.org").await;
    assert_eq!(
        refused(change(&house, &third, json!({"name": "x"})).await),
        taken(&["badge"])
    );
    change(&house, &third, json!({"name": "x", "badge": "3"}))
        .await
        .unwrap();
    assert_eq!(by_badge(&house, "3").await.unwrap(), users[2].id);
    with_schema(&mut house, field(false)).await.unwrap();
    assert_eq!(
        refused(by_badge(&house, "1").await),
        Input::IdentifierNotAllowed.into()
    );
    assert_eq!(index(&house).await, (3, vec![], vec![5]));
    with_schema(&mut house, field(true)).await.unwrap();
    assert_eq!(
        refused(by_badge(&house, "1").await),
        Credentials::Wrong.into(),
        "given back, not forgotten"
    );
}
