//! What operators do.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_answers_for_each_row_and_a_deleted_project_takes_all_its_users() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    let new = admin::projects::NewProject {
        slug: "other".into(),
        name: "Other".into(),
        settings: serde_json::Map::new(),
    };
    let project = admin::projects::create(core, &by, new).await.unwrap();
    let mut rows: Vec<_> = (0..230)
        .map(|number| (format!("user{number}@example.org"), None))
        .collect();
    rows.push(("user7@EXAMPLE.org".into(), None));
    rows.push(("nowhere".into(), None));
    rows.push(("ada@example.org".into(), Some("ada")));
    rows.push(("eve@example.org".into(), Some("ada")));
    let users = rows.into_iter().map(|(email, username)| {
        let profile = username
            .map(|name: &str| ("username".to_owned(), name.into()))
            .into_iter()
            .collect();
        admin::users::NewUser {
            email,
            profile,
            ..Default::default()
        }
    });
    let made = admin::users::import(core, &by, &project, Environment::Live, users.collect())
        .await
        .unwrap();
    assert_eq!(made.iter().filter(|row| row.is_ok()).count(), 231);
    let refusal = |row: usize| made[row].as_ref().err().cloned();
    assert_eq!(refusal(230), Some(Conflict::EmailTaken.into()));
    assert!(matches!(made[231], Err(Refusal::Input(_))));
    assert_eq!(
        refusal(233),
        Some(Conflict::ValueTaken(vec!["username".into()]).into())
    );
    let realm = project.realm(Environment::Live);
    let page = admin::users::list(core, realm, 200, 100).await.unwrap();
    assert_eq!(
        page.iter().map(|user| user.number).collect::<Vec<_>>(),
        (201..=231).collect::<Vec<_>>()
    );

    let mut steps = Vec::new();
    assert!(
        admin::projects::delete(core, &by, project.id, |gone| steps.push(gone))
            .await
            .unwrap()
    );
    assert_eq!(steps.last(), Some(&231));
    assert!(admin::projects::find(core, "other").await.unwrap().is_none());
    assert_eq!(admin::users::count(core, realm).await.unwrap(), 0);
    let default = house.cx.project.id;
    assert!(matches!(
        refused(admin::projects::delete(core, &by, default, |_| {}).await),
        Refusal::Input(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_opens_its_realm_until_it_is_revoked_or_the_project_is_disabled() {
    let house = House::open(|_| {}).await;
    let (core, by) = (&house.cx.core, operator());
    let realm = house.cx.project.realm(Environment::Test);
    let make = || admin::api_keys::create(core, &by, realm, crate::ApiKeyKind::Api, "server");
    let (first, second) = (make().await.unwrap(), make().await.unwrap());
    let opened = crate::resolve_api_key(core, &first.text).await.unwrap();
    assert_eq!(
        (opened.project.realm(opened.environment), opened.kind),
        (realm, crate::ApiKeyKind::Api)
    );
    assert!(first.text.starts_with("akm_test_") && first.text.ends_with(&first.row.hint));

    assert!(admin::api_keys::revoke(core, &by, first.row.id).await.unwrap());
    let invalid = Refusal::ApiKey(vestibule_model::refusal::ApiKey::Invalid);
    assert_eq!(refused(crate::resolve_api_key(core, &first.text).await), invalid);
    assert!(crate::resolve_api_key(core, &second.text).await.is_ok());
    assert!(admin::projects::disable(core, &by, realm.project).await.unwrap());
    assert_eq!(refused(crate::resolve_api_key(core, &second.text).await), invalid);
    assert!(crate::default_project(core).await.is_err());
    assert!(admin::projects::enable(core, &by, realm.project).await.unwrap());
    assert!(crate::resolve_api_key(core, &second.text).await.is_ok());

    let set = |value| admin::projects::set(core, &by, realm.project, "cors.allowed_origins", value);
    set(serde_json::json!(["https://app.example.com"])).await.unwrap();
    assert!(
        crate::origin_is_listed(core, "https://app.example.com")
            .await
            .unwrap()
    );
    assert_eq!(
        crate::default_project(core)
            .await
            .unwrap()
            .settings
            .cors
            .allowed_origins
            .len(),
        1
    );
    set(serde_json::Value::Null).await.unwrap();
    assert!(
        !crate::origin_is_listed(core, "https://app.example.com")
            .await
            .unwrap()
    );
}
