//! Roles that stand in the configuration.

use super::*;
use serde_json::json;

async fn house() -> House {
    let house = House::open(|_| {}).await;
    let static_roles = json!({
        "mode": "static",
        "static": {
            "root": {"superuser": true},
            "editor": {"permissions": ["post:View", "post:Create"]},
        }
    });
    house.set("roles", static_roles).await
}

impl House {
    /// The same house after a setting was changed, with the project as the next request finds it.
    async fn set(mut self, path: &str, value: Value) -> Self {
        let (core, id) = (self.cx.core.clone(), self.cx.project.id);
        admin::projects::set(&core, &operator(), id, path, value)
            .await
            .unwrap()
            .unwrap();
        self.cx.project = crate::default_project(&core).await.unwrap();
        self
    }
}

#[tokio::test]
async fn static_roles_count_and_are_listed_with_the_same_ids_every_time() {
    let house = house().await;
    let (core, by) = (&house.cx.core, operator());
    let roles = admin::roles::list(core, house.half()).await.unwrap();
    assert_eq!(roles, admin::roles::list(core, house.half()).await.unwrap());
    let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
    assert!(names.len() == 2 && names.contains(&"root") && names.contains(&"editor"));
    let find = async |name| {
        admin::roles::find(core, house.half(), name)
            .await
            .unwrap()
            .unwrap()
    };
    let (root, editor) = (find("root").await, find("editor").await);
    let ada = house.somebody("ada@example.org", &[&root]).await;
    house.pass(Duration::from_secs(1));
    house.assign(&editor, ada.user.id).await;
    let held = house.authority(ada.user.id).await;
    assert_eq!(
        (held.roles.join(" "), held.superuser),
        ("root editor".to_owned(), true)
    );
    assert_eq!(held.permissions, ["post:Create", "post:View"]);

    let cx = &house.cx;
    assert_eq!(roles::list(cx, &ada, &List::default()).await.unwrap().total, 2);
    assert_eq!(
        roles::get(cx, &ada, &editor.id.to_string()).await.unwrap(),
        editor
    );
    let permitted = permissions::list(cx, &ada, &List::default()).await.unwrap();
    assert_eq!(permitted.total, 2);
    let one = permissions::get(cx, &ada, &permitted.rows[0].id.to_string())
        .await
        .unwrap();
    assert_eq!((one.role, one.resource.as_str()), (editor.id, "post"));
    assert_eq!(
        assignments::list(cx, &ada, &List::default()).await.unwrap().total,
        2
    );

    // The last superuser stays here too.
    let last = admin::roles::unassign(core, &by, house.half(), root.id, ada.user.id).await;
    assert_eq!(refused(last), Conflict::LastSuperuser.into());
    assert!(
        admin::roles::unassign(core, &by, house.half(), editor.id, ada.user.id)
            .await
            .unwrap()
    );
    assert_eq!(house.authority(ada.user.id).await.roles, ["root"]);
}

#[tokio::test]
async fn static_roles_are_changed_through_no_door_and_by_no_command() {
    let house = house().await;
    let (core, by, read_only) = (
        &house.cx.core,
        operator(),
        Refusal::Permission(Permission::ReadOnly),
    );
    let find = async |name| {
        admin::roles::find(core, house.half(), name)
            .await
            .unwrap()
            .unwrap()
    };
    let (root, editor) = (find("root").await, find("editor").await);
    let ada = house.somebody("ada@example.org", &[&root]).await;
    let permission = permissions::list(&house.cx, &ada, &List::default())
        .await
        .unwrap()
        .rows
        .remove(0);
    let assignment = assignments::list(&house.cx, &ada, &List::default())
        .await
        .unwrap()
        .rows
        .remove(0);
    for (what, answer) in attempt_all(&house.cx, &ada, &editor, &permission, &assignment).await {
        if ["list", "get"].iter().any(|verb| what.starts_with(verb)) {
            answer.unwrap();
        } else {
            assert_eq!(refused(answer), read_only, "{what}");
        }
    }
    let new = plain("new");
    assert_eq!(
        refused(admin::roles::create(core, &by, house.half(), new).await),
        read_only
    );
    assert_eq!(
        refused(admin::roles::delete(core, &by, house.half(), &editor).await),
        read_only
    );
    assert_eq!(
        refused(admin::roles::grant(core, &by, house.half(), &editor, "a:View").await),
        read_only
    );
    assert_eq!(
        refused(admin::roles::revoke(core, &by, house.half(), &editor, "post:View").await),
        read_only
    );
}

#[tokio::test]
async fn a_change_of_the_configuration_counts_at_once_and_stored_roles_wait_for_their_mode() {
    let house = House::open(|_| {}).await;
    let stored = house.role("stored", false, &["post:Delete"]).await;
    let ada = house.somebody("ada@example.org", &[&stored]).await.user.id;
    assert_eq!(house.authority(ada).await.roles, ["stored"]);
    let house = house
        .set("roles.static.editor.permissions", json!(["post:View"]))
        .await;
    let house = house.set("roles.mode", json!("static")).await;
    assert_eq!(*house.authority(ada).await, Authority::default());
    let editor = admin::roles::find(&house.cx.core, house.half(), "editor")
        .await
        .unwrap()
        .unwrap();
    house.assign(&editor, ada).await;
    assert_eq!(house.authority(ada).await.permissions, ["post:View"]);
    let house = house
        .set("roles.static.editor.permissions", json!(["post:Create"]))
        .await;
    assert_eq!(house.authority(ada).await.permissions, ["post:Create"]);
    let house = house.set("roles.mode", json!("dynamic")).await;
    assert_eq!(house.authority(ada).await.permissions, ["post:Delete"]);
    let listed = admin::roles::holders(&house.cx.core, house.half(), stored.id, 10)
        .await
        .unwrap();
    assert_eq!(listed.0, 1);
}
