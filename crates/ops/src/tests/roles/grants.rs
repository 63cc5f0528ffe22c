//! Nobody grants what they do not hold (A05).

use super::*;

/// What a limited administrator may do: everything with the collections, and a little more.
const LIMITED: [&str; 13] = [
    "auth-role:View",
    "auth-role:Create",
    "auth-role:Update",
    "auth-role:Delete",
    "auth-permission:View",
    "auth-permission:Create",
    "auth-permission:Update",
    "auth-permission:Delete",
    "user-role:View",
    "user-role:Create",
    "user-role:Update",
    "user-role:Delete",
    "post:View",
];

/// A limited administrator among roles that are theirs, above them, and neither.
struct Scene {
    house: House,
    eve: Caller,
    limited: Role,
    root: Role,
    chief: Role,
    reader: Role,
    /// Eve's own assignment.
    own: String,
    /// The assignment of a higher role.
    above: String,
    /// What the reader's role permits, and Eve too.
    views: String,
    /// What a higher role permits.
    deletes: String,
}

impl Scene {
    async fn open() -> Self {
        let house = House::open(|_| {}).await;
        let limited = house.role("limited", false, &LIMITED).await;
        let root = house.role("root", true, &[]).await;
        let chief = house.role("chief", false, &[]).await;
        let reader = house.role("reader", false, &[]).await;
        let views = house.permission(&reader, "post:View").await.id.to_string();
        let deletes = house.permission(&chief, "post:Delete").await.id.to_string();
        let eve = house.somebody("eve@example.org", &[]).await;
        let own = house.assign(&limited, eve.user.id).await.id.to_string();
        let boss = house.somebody("boss@example.org", &[&root, &reader]).await;
        let above = house.assign(&chief, boss.user.id).await.id.to_string();
        Self {
            house,
            eve,
            limited,
            root,
            chief,
            reader,
            own,
            above,
            views,
            deletes,
        }
    }

    /// Everything was refused and written down, and nothing was done.
    async fn all_refused(
        &self,
        before: (Vec<Role>, Vec<RolePermission>, Vec<RoleAssignment>),
        attempts: Vec<(&str, Result<(), Error>)>,
    ) {
        let count = attempts.len();
        for (what, answer) in attempts {
            assert_eq!(refused(answer), INSUFFICIENT, "{what}");
        }
        assert_eq!(self.house.everything().await, before);
        let mut acts = self.house.acts().await;
        acts.retain(|(act, _)| *act == Act::RoleChangeRefused);
        assert_eq!(acts.len(), count, "each is written down");
        assert!(acts.iter().all(|(_, detail)| detail.is_some()));
        assert_eq!(self.house.authority(self.eve.user.id).await.roles, ["limited"]);
    }
}

#[tokio::test]
async fn a05_a_role_is_assigned_only_by_who_has_it_and_taken_only_by_who_stands_no_lower() {
    let scene = Scene::open().await;
    let Scene { house, eve, .. } = &scene;
    let (cx, me, before) = (&house.cx, eve.user.id, house.everything().await);
    let create = async |role| assignments::create(cx, eve, give(me, role)).await.map(drop);
    let update = async |id, change| assignments::update(cx, eve, id, change).await.map(drop);
    let attempts = vec![
        ("a superuser role", create(&scene.root).await),
        ("a higher role", create(&scene.chief).await),
        // It permits only what Eve may do, but apps and gateways go by its name, which Eve does not have.
        ("another role's name", create(&scene.reader).await),
        (
            "a superuser role instead of the own one",
            update(&scene.own, into(&scene.root)).await,
        ),
        (
            "another role instead of the own one",
            update(&scene.own, into(&scene.reader)).await,
        ),
        ("a superior's assignment", update(&scene.above, pass_on(me)).await),
        (
            "a superior demoted",
            update(&scene.above, into(&scene.limited)).await,
        ),
        (
            "a superior's role taken",
            assignments::delete(cx, eve, &scene.above).await,
        ),
    ];
    scene.all_refused(before, attempts).await;
}

#[tokio::test]
async fn a05_a_role_is_changed_only_by_who_stands_no_lower_and_renamed_for_nobody() {
    let scene = Scene::open().await;
    let Scene { house, eve, .. } = &scene;
    let (cx, before) = (&house.cx, house.everything().await);
    let update = async |role: &Role, change| {
        let id = role.id.to_string();
        roles::update(cx, eve, &id, change).await.map(drop)
    };
    let mut mine = plain("mine");
    mine.superuser = true;
    let attempts = vec![
        (
            "a superuser role of their own",
            roles::create(cx, eve, mine).await.map(drop),
        ),
        (
            "the own role made a superuser's",
            update(&scene.limited, powerful(true)).await,
        ),
        (
            "the own role under another name",
            update(&scene.limited, renamed("cinema_manager")).await,
        ),
        (
            "what others have under another name",
            update(&scene.reader, renamed("admin")).await,
        ),
        ("a higher role renamed", update(&scene.chief, renamed("x")).await),
        (
            "a superuser role demoted",
            update(&scene.root, powerful(false)).await,
        ),
        (
            "a higher role deleted",
            roles::delete(cx, eve, &scene.chief.id.to_string()).await,
        ),
        (
            "a superuser role deleted",
            roles::delete(cx, eve, &scene.root.id.to_string()).await,
        ),
    ];
    scene.all_refused(before, attempts).await;
}

#[tokio::test]
async fn a05_a_permission_is_added_only_by_who_has_it() {
    let scene = Scene::open().await;
    let Scene { house, eve, .. } = &scene;
    // Eve may do this too, so that nothing but where it stands forbids to take it from there.
    let held = house.permission(&scene.chief, "post:View").await.id.to_string();
    let newcomer = house.role("newcomer", false, &[]).await;
    let (cx, before) = (&house.cx, house.everything().await);
    let create = async |role, permission| {
        let new = add(role, permission);
        permissions::create(cx, eve, new).await.map(drop)
    };
    let update = async |id, change| permissions::update(cx, eve, id, change).await.map(drop);
    let attempts = vec![
        ("for the own role", create(&scene.limited, "post:Delete").await),
        ("for a higher role", create(&scene.chief, "post:View").await),
        ("for a superuser role", create(&scene.root, "post:View").await),
        (
            "moved down to the own role",
            update(&scene.deletes, moved(&scene.limited)).await,
        ),
        ("moved up", update(&scene.views, moved(&scene.chief)).await),
        ("turned into another", update(&scene.views, acted("Delete")).await),
        (
            "a superior's turned into less",
            update(&scene.deletes, acted("View")).await,
        ),
        (
            "a superior's moved to somebody lower, though held",
            update(&held, moved(&newcomer)).await,
        ),
        (
            "a superior's taken",
            permissions::delete(cx, eve, &scene.deletes).await,
        ),
    ];
    scene.all_refused(before, attempts).await;
}

#[tokio::test]
async fn a_limited_administrator_grants_what_they_hold() {
    let scene = Scene::open().await;
    let Scene {
        house, eve, reader, ..
    } = &scene;
    house.assign(reader, eve.user.id).await;
    let bob = house.somebody("bob@example.org", &[]).await.user.id;
    let cx = &house.cx;
    let given = assignments::create(cx, eve, give(bob, reader)).await.unwrap();
    assert_eq!(house.authority(bob).await.permissions, ["post:View"]);
    let team = roles::create(cx, eve, plain("team")).await.unwrap();
    let id = team.id.to_string();
    roles::update(cx, eve, &id, renamed("readers")).await.unwrap();
    let view = permissions::create(cx, eve, add(&team, "post:View"))
        .await
        .unwrap();
    permissions::delete(cx, eve, &view.id.to_string()).await.unwrap();
    roles::delete(cx, eve, &id).await.unwrap();
    assignments::delete(cx, eve, &given.id.to_string()).await.unwrap();
    assert_eq!(*house.authority(bob).await, Authority::default());
}

/// What a caller may do is read again in the transaction: an authority that was true a moment ago grants nothing.
#[tokio::test]
async fn a05_authority_that_has_just_been_lost_grants_nothing() {
    let scene = Scene::open().await;
    let Scene {
        house, eve, limited, ..
    } = &scene;
    let needs = (roles::change::Collection::Roles, "Create");
    let change = roles::Change::by_caller(&house.cx, eve, needs.0, needs.1, plain("late"))
        .await
        .unwrap();
    let (core, half) = (&house.cx.core, house.half());
    admin::roles::unassign(core, &operator(), half, limited.id, eve.user.id)
        .await
        .unwrap();
    let late = roles::role::insert(core, house.cx.deadline, change).await;
    assert_eq!(refused(late), INSUFFICIENT);
}

#[tokio::test]
async fn roles_permissions_and_assignments_are_bounded() {
    let house = House::open(|_| {}).await;
    let role = house.role("wide", false, &[]).await;
    for number in 0..400 {
        house.permission(&role, &format!("post:Action{number}")).await;
    }
    let (core, by) = (&house.cx.core, operator());
    let full = admin::roles::grant(core, &by, house.half(), &role, "post:OneMore").await;
    assert!(matches!(refused(full), Refusal::Input(_)));
    let ada = house.register("ada@example.org").await.unwrap();
    for number in 0..50 {
        let role = house.role(&format!("role {number}"), false, &[]).await;
        house.assign(&role, ada.id).await;
    }
    let full = admin::roles::assign(core, &by, house.half(), role.id, ada.id).await;
    assert!(matches!(refused(full), Refusal::Input(_)));
    assert_eq!(house.authority(ada.id).await.roles.len(), 50);
}
