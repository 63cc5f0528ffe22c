//! Roles, and who may change them.

mod configured;
mod grants;
mod lists;
mod superusers;

use super::*;
use crate::roles::assignments::{self, AssignmentChange, NewAssignment};
use crate::roles::permissions::{self, NewPermission, PermissionChange};
use crate::roles::{List, NewRole, RoleChange};
use crate::{Caller, Error, authority, roles};
use admin::roles::Half;
use vestibule_model::Authority;
use vestibule_model::id::{AssignmentId, RoleId, UserId};
use vestibule_model::refusal::{NotFound, Permission, Record};
use vestibule_model::role::{Role, RoleAssignment, RolePermission};

impl House {
    pub(super) fn half(&self) -> Half<'_> {
        (&self.cx.project, self.cx.environment)
    }

    /// A role that an operator makes, and what it permits.
    pub(super) async fn role(&self, name: &str, superuser: bool, permitted: &[&str]) -> Role {
        let (core, by, half) = (&self.cx.core, operator(), self.half());
        let name = name.to_owned();
        let role = admin::roles::create(core, &by, half, NewRole { name, superuser })
            .await
            .unwrap();
        for permission in permitted {
            self.permission(&role, permission).await;
        }
        role
    }

    pub(super) async fn permission(&self, role: &Role, permission: &str) -> RolePermission {
        let (core, by) = (&self.cx.core, operator());
        admin::roles::grant(core, &by, self.half(), role, permission)
            .await
            .unwrap()
    }

    /// Gives somebody a role, as an operator, a moment after the one before.
    pub(super) async fn assign(&self, role: &Role, user: UserId) -> RoleAssignment {
        self.pass(Duration::from_millis(1));
        let (core, by) = (&self.cx.core, operator());
        admin::roles::assign(core, &by, self.half(), role.id, user)
            .await
            .unwrap()
    }

    /// Somebody who is signed in and has these roles.
    pub(super) async fn somebody(&self, email: &str, roles: &[&Role]) -> Caller {
        let (user, signed_in) = self.signed_in(email).await;
        for role in roles {
            self.assign(role, user.id).await;
        }
        self.check(&signed_in.access_token).await.unwrap()
    }

    pub(super) async fn authority(&self, user: UserId) -> Arc<Authority> {
        authority(&self.cx, user).await.unwrap()
    }

    /// Everything that can be refused was refused: what is stored stays as it is.
    async fn everything(&self) -> (Vec<Role>, Vec<RolePermission>, Vec<RoleAssignment>) {
        let (core, realm) = (&self.cx.core, self.cx.realm());
        let roles = admin::roles::list(core, self.half()).await.unwrap();
        let (mut permissions, mut assignments) = (Vec::new(), Vec::new());
        for role in &roles {
            permissions.extend(
                admin::roles::permissions(core, self.half(), role.id)
                    .await
                    .unwrap(),
            );
            assert_eq!(role.realm, realm);
            assignments.extend(
                admin::roles::holders(core, self.half(), role.id, 100)
                    .await
                    .unwrap()
                    .1,
            );
        }
        (roles, permissions, assignments)
    }
}

const INSUFFICIENT: Refusal = Refusal::Permission(Permission::Insufficient);

fn plain(name: &str) -> NewRole {
    NewRole {
        name: name.to_owned(),
        superuser: false,
    }
}

fn renamed(name: &str) -> RoleChange {
    RoleChange {
        name: Some(name.to_owned()),
        superuser: None,
    }
}

fn powerful(superuser: bool) -> RoleChange {
    RoleChange {
        name: None,
        superuser: Some(superuser),
    }
}

/// A permission for a role, as `resource:action`.
fn add(role: &Role, permission: &str) -> NewPermission {
    let (resource, action) = permission.split_once(':').unwrap();
    NewPermission {
        role: role.id.to_string(),
        resource: resource.to_owned(),
        action: action.to_owned(),
    }
}

fn acted(action: &str) -> PermissionChange {
    PermissionChange {
        action: Some(action.to_owned()),
        ..Default::default()
    }
}

fn moved(role: &Role) -> PermissionChange {
    PermissionChange {
        role: Some(role.id.to_string()),
        ..Default::default()
    }
}

fn give(user: UserId, role: &Role) -> NewAssignment {
    NewAssignment {
        user: user.to_string(),
        role: role.id.to_string(),
    }
}

fn pass_on(user: UserId) -> AssignmentChange {
    AssignmentChange {
        user: Some(user.to_string()),
        role: None,
    }
}

fn into(role: &Role) -> AssignmentChange {
    AssignmentChange {
        user: None,
        role: Some(role.id.to_string()),
    }
}

/// Every operation on the three collections and their actions, by name.
async fn attempt_all(
    cx: &Cx,
    caller: &Caller,
    role: &Role,
    permission: &RolePermission,
    assignment: &RoleAssignment,
) -> Vec<(&'static str, Result<(), Error>)> {
    let mut tried = attempt_roles(cx, caller, role).await;
    tried.extend(attempt_permissions(cx, caller, role, permission).await);
    tried.extend(attempt_assignments(cx, caller, role, assignment).await);
    tried.push(("list actions", roles::actions(cx, caller).await.map(drop)));
    tried
}

async fn attempt_roles(cx: &Cx, by: &Caller, role: &Role) -> Vec<(&'static str, Result<(), Error>)> {
    let id = role.id.to_string();
    vec![
        (
            "list roles",
            roles::list(cx, by, &List::default()).await.map(drop),
        ),
        ("get a role", roles::get(cx, by, &id).await.map(drop)),
        (
            "create a role",
            roles::create(cx, by, plain("another")).await.map(drop),
        ),
        (
            "update a role",
            roles::update(cx, by, &id, renamed("renamed")).await.map(drop),
        ),
        ("delete a role", roles::delete(cx, by, &id).await),
    ]
}

async fn attempt_permissions(
    cx: &Cx,
    by: &Caller,
    role: &Role,
    permission: &RolePermission,
) -> Vec<(&'static str, Result<(), Error>)> {
    let id = permission.id.to_string();
    let created = permissions::create(cx, by, add(role, "post:Delete")).await;
    vec![
        ("create a permission", created.map(drop)),
        (
            "list permissions",
            permissions::list(cx, by, &List::default()).await.map(drop),
        ),
        ("get a permission", permissions::get(cx, by, &id).await.map(drop)),
        (
            "update a permission",
            permissions::update(cx, by, &id, acted("Purge")).await.map(drop),
        ),
        ("delete a permission", permissions::delete(cx, by, &id).await),
    ]
}

async fn attempt_assignments(
    cx: &Cx,
    by: &Caller,
    role: &Role,
    assignment: &RoleAssignment,
) -> Vec<(&'static str, Result<(), Error>)> {
    let (id, me) = (assignment.id.to_string(), by.user.id);
    let created = assignments::create(cx, by, give(me, role)).await;
    vec![
        ("create an assignment", created.map(drop)),
        (
            "list assignments",
            assignments::list(cx, by, &List::default()).await.map(drop),
        ),
        ("get an assignment", assignments::get(cx, by, &id).await.map(drop)),
        (
            "update an assignment",
            assignments::update(cx, by, &id, pass_on(me)).await.map(drop),
        ),
        ("delete an assignment", assignments::delete(cx, by, &id).await),
    ]
}

#[tokio::test]
async fn a15_without_a_permission_every_operation_is_refused_and_nothing_is_stored() {
    let house = House::open(|_| {}).await;
    let editor = house.role("editor", false, &["post:Create"]).await;
    let ada = house.somebody("ada@example.org", &[&editor]).await;
    let assignment = house.somebody("bob@example.org", &[]).await;
    let assignment = house.assign(&editor, assignment.user.id).await;
    let (_, permissions, _) = house.everything().await;
    let before = (house.everything().await, house.acts().await);
    for (what, answer) in attempt_all(&house.cx, &ada, &editor, &permissions[0], &assignment).await {
        assert_eq!(refused(answer), INSUFFICIENT, "{what}");
    }
    assert_eq!((house.everything().await, house.acts().await), before);
}

#[tokio::test]
async fn each_permission_opens_its_own_operation_and_no_other() {
    let house = House::open(|_| {}).await;
    let target = house.role("target", false, &["post:Create"]).await;
    let bob = house.somebody("bob@example.org", &[]).await;
    for (number, (resource, action, opened)) in [
        ("auth-role", "View", vec!["list roles", "get a role"]),
        (
            "auth-permission",
            "View",
            vec!["list permissions", "get a permission", "list actions"],
        ),
        ("user-role", "View", vec!["list assignments", "get an assignment"]),
        ("auth-role", "Create", vec!["create a role"]),
        ("auth-permission", "Delete", vec!["delete a permission"]),
        ("user-role", "Delete", vec!["delete an assignment"]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("role {number}");
        // What the target permits is held too, so that only the permission on the collection decides.
        let role = house
            .role(&name, false, &[&format!("{resource}:{action}"), "post:Create"])
            .await;
        let caller = house
            .somebody(&format!("user{number}@example.org"), &[&role])
            .await;
        let permission = house.permission(&target, &format!("post:Extra{number}")).await;
        let extra = house.permission(&role, &format!("post:Extra{number}")).await;
        let assignment = house.assign(&target, bob.user.id).await;
        let tried = attempt_all(&house.cx, &caller, &target, &permission, &assignment).await;
        let done: Vec<_> = tried
            .iter()
            .filter(|(_, answer)| answer.is_ok())
            .map(|(what, _)| *what)
            .collect();
        assert_eq!(done, opened, "{resource}:{action}");
        // Back to the beginning for the next one.
        let (core, by) = (&house.cx.core, operator());
        let _ = admin::roles::unassign(core, &by, house.half(), target.id, bob.user.id)
            .await
            .unwrap();
        let _ = admin::roles::revoke(core, &by, house.half(), &target, &format!("post:Extra{number}")).await;
        drop(extra);
    }
}

#[tokio::test]
async fn a_superuser_does_everything_and_every_act_is_written_down() {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &[]).await;
    let ada = house.somebody("ada@example.org", &[&root]).await;
    let bob = house.somebody("bob@example.org", &[]).await.user.id;
    let (cx, before, tick) = (&house.cx, house.acts().await.len(), || {
        house.pass(Duration::from_secs(1));
    });
    tick();
    let editor = roles::create(cx, &ada, plain("editor")).await.unwrap();
    let id = editor.id.to_string();
    tick();
    let author = roles::update(cx, &ada, &id, renamed("author")).await.unwrap();
    assert_eq!(author.name, "author");
    tick();
    let post = permissions::create(cx, &ada, add(&author, "post:Create"))
        .await
        .unwrap();
    let post = post.id.to_string();
    tick();
    permissions::update(cx, &ada, &post, acted("View")).await.unwrap();
    tick();
    let held = assignments::create(cx, &ada, give(bob, &author)).await.unwrap();
    let held = held.id.to_string();
    assert_eq!(house.authority(bob).await.permissions, ["post:View"]);
    tick();
    let other = roles::create(cx, &ada, plain("other")).await.unwrap();
    tick();
    assignments::update(cx, &ada, &held, into(&other)).await.unwrap();
    assert_eq!(house.authority(bob).await.roles, ["other"]);
    tick();
    assignments::delete(cx, &ada, &held).await.unwrap();
    tick();
    permissions::delete(cx, &ada, &post).await.unwrap();
    tick();
    roles::delete(cx, &ada, &id).await.unwrap();
    assert_eq!(*house.authority(bob).await, Authority::default());
    let acts = house.acts().await.split_off(before);
    let told: Vec<_> = acts
        .iter()
        .map(|(act, detail)| (*act, detail.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (Act::RoleCreated, "editor"),
            (Act::RoleUpdated, "editor is now author"),
            (Act::PermissionAdded, "post:Create of author"),
            (Act::PermissionUpdated, "post:View of author"),
            (Act::RoleAssigned, "author"),
            (Act::RoleCreated, "other"),
            (Act::RoleReassigned, "other"),
            (Act::RoleUnassigned, "other"),
            (Act::PermissionRemoved, "post:View of author"),
            (Act::RoleDeleted, "author"),
        ]
    );
    let until = cx.now().plus(Duration::from_secs(1));
    let about_bob = audit::of_user(&cx.core.store.db, bob, until, 1).await.unwrap();
    assert_eq!(about_bob[0].actor, format!("user:{}", ada.user.id));
    assert_eq!(about_bob[0].session, Some(ada.session));
}

#[tokio::test]
async fn a03_e14_what_is_of_another_realm_is_not_found_like_what_does_not_exist() {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &[]).await;
    let ada = house.somebody("ada@example.org", &[&root]).await;
    // The same roles in the other environment, and one of them is held there.
    let mut elsewhere = House {
        cx: house.cx.clone(),
        clock: house.clock.clone(),
        _folder: tempfile::tempdir().unwrap(),
    };
    elsewhere.cx.environment = Environment::Test;
    let theirs = elsewhere.role("root", true, &["post:View"]).await;
    let eve = elsewhere.somebody("eve@example.org", &[&theirs]).await;
    let (_, permissions, assignments) = elsewhere.everything().await;
    let before = elsewhere.everything().await;
    let ids = [
        (
            theirs.clone(),
            permissions[0].clone(),
            assignments[0].clone(),
            eve.user.id,
        ),
        (
            Role {
                id: RoleId::from_bytes([9; 16]),
                ..theirs
            },
            RolePermission {
                id: vestibule_model::id::PermissionId::from_bytes([9; 16]),
                ..permissions[0].clone()
            },
            RoleAssignment {
                id: AssignmentId::from_bytes([9; 16]),
                ..assignments[0].clone()
            },
            UserId::from_bytes([9; 16]),
        ),
    ];
    for (role, permission, assignment, user) in ids {
        let unknown = |kind, id: String| Refusal::NotFound(NotFound::Record { kind, id });
        for (what, answer) in attempt_all(&house.cx, &ada, &role, &permission, &assignment).await {
            let expected = match what {
                "list roles" | "list permissions" | "list assignments" | "list actions" | "create a role" => {
                    continue;
                }
                "get a permission" | "update a permission" | "delete a permission" => {
                    unknown(Record::Permission, permission.id.to_string())
                }
                "get an assignment" | "update an assignment" | "delete an assignment" => {
                    unknown(Record::Assignment, assignment.id.to_string())
                }
                _ => unknown(Record::Role, role.id.to_string()),
            };
            assert_eq!(refused(answer), expected, "{what}");
        }
        let stranger = NewAssignment {
            user: user.to_string(),
            role: root.id.to_string(),
        };
        let answer = assignments::create(&house.cx, &ada, stranger).await;
        assert_eq!(refused(answer), unknown(Record::User, user.to_string()));
        let again = admin::roles::find(&house.cx.core, house.half(), "another")
            .await
            .unwrap()
            .unwrap();
        roles::delete(&house.cx, &ada, &again.id.to_string())
            .await
            .unwrap();
    }
    assert_eq!(elsewhere.everything().await, before);
    let unknown = refused(roles::get(&house.cx, &ada, &"é".repeat(100)).await);
    assert_eq!(
        unknown,
        NotFound::Record {
            kind: Record::Role,
            id: "é".repeat(32)
        }
        .into()
    );
}

#[tokio::test]
async fn a16_a_bad_or_taken_name_is_refused_alike_to_callers_and_operators() {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &["post:View"]).await;
    let ada = house.somebody("ada@example.org", &[&root]).await;
    let (cx, core, by) = (&house.cx, &house.cx.core, operator());
    for name in ["", " x", "a\u{7}b", "a,b", "root", &"x".repeat(65)] {
        let new = || plain(name);
        let by_caller = refused(roles::create(cx, &ada, new()).await);
        assert_eq!(
            by_caller,
            refused(admin::roles::create(core, &by, house.half(), new()).await),
            "{name:?}"
        );
        let taken = matches!(by_caller, Refusal::Conflict(Conflict::ValueTaken(_)));
        assert!(
            taken == (name == "root") && (taken || matches!(by_caller, Refusal::Input(_))),
            "{name:?}"
        );
    }
    for (resource, action) in [
        ("Post", "View"),
        ("post", "View:x"),
        ("", ""),
        ("*", "*"),
        ("post", "View"),
    ] {
        let new = NewPermission {
            role: root.id.to_string(),
            resource: resource.into(),
            action: action.into(),
        };
        let by_caller = refused(permissions::create(cx, &ada, new).await);
        let pair = format!("{resource}:{action}");
        let by_operator = refused(admin::roles::grant(core, &by, house.half(), &root, &pair).await);
        let kind = std::mem::discriminant(&by_operator);
        assert_eq!(kind, std::mem::discriminant(&by_caller), "{pair}");
    }
    let again = NewAssignment {
        user: ada.user.id.to_string(),
        role: root.id.to_string(),
    };
    let taken = Conflict::ValueTaken(vec!["user".into(), "role".into()]);
    assert_eq!(
        refused(assignments::create(cx, &ada, again).await),
        taken.clone().into()
    );
    let by_operator = admin::roles::assign(core, &by, house.half(), root.id, ada.user.id).await;
    assert_eq!(refused(by_operator), taken.into());
}

#[tokio::test]
async fn a07_a13_what_is_taken_away_is_gone_at_once_although_everything_is_cached() {
    let house = House::open(|_| {}).await;
    let (root, editor) = (
        house.role("root", true, &[]).await,
        house.role("editor", false, &["post:Create"]).await,
    );
    house.somebody("root@example.org", &[&root]).await;
    let ada = house.somebody("ada@example.org", &[&editor, &root]).await;
    let (cx, core, by, id) = (&house.cx, &house.cx.core, operator(), ada.user.id);
    // Let the writer give its first proof, without which nothing is cached.
    house.register("late@example.org").await.unwrap();
    for _ in 0..3 {
        let held = house.authority(id).await;
        assert_eq!(
            (held.roles.as_slice(), held.superuser),
            (["editor".to_owned(), "root".to_owned()].as_slice(), true)
        );
        assert_eq!(crate::me(cx, &ada).await.unwrap().authority, held);
    }
    admin::roles::unassign(core, &by, house.half(), root.id, id)
        .await
        .unwrap();
    assert_eq!(house.authority(id).await.roles, ["editor"]);
    assert!(!crate::me(cx, &ada).await.unwrap().authority.superuser);
    assert_eq!(
        refused(roles::list(cx, &ada, &List::default()).await),
        INSUFFICIENT
    );

    admin::roles::revoke(core, &by, house.half(), &editor, "post:Create")
        .await
        .unwrap();
    assert!(house.authority(id).await.permissions.is_empty());
    assert!(
        crate::me(cx, &ada)
            .await
            .unwrap()
            .authority
            .permissions
            .is_empty()
    );

    let renamed = renamed("author");
    admin::roles::update(core, &by, house.half(), &editor, renamed)
        .await
        .unwrap();
    assert_eq!(crate::me(cx, &ada).await.unwrap().authority.roles, ["author"]);
    admin::roles::delete(core, &by, house.half(), &editor)
        .await
        .unwrap();
    assert_eq!(
        *crate::me(cx, &ada).await.unwrap().authority,
        Authority::default()
    );

    let other = house.role("other", true, &[]).await;
    house.assign(&other, id).await;
    assert!(house.authority(id).await.superuser);
    let user = admin::users::find(core, cx.realm(), id).await.unwrap().unwrap();
    assert!(admin::users::disable(core, &by, &user).await.unwrap());
    assert_eq!(*house.authority(id).await, Authority::default());
    let new = plain("late");
    assert_eq!(refused(roles::create(cx, &ada, new).await), INSUFFICIENT);
    assert!(admin::users::enable(core, &by, &user).await.unwrap());
    assert!(house.authority(id).await.superuser);
    assert!(admin::users::delete(core, &by, &user).await.unwrap());
    assert_eq!(*house.authority(id).await, Authority::default());
}

#[tokio::test]
async fn assignments_of_a_deleted_role_are_swept_and_mean_nothing_before_that() {
    let house = House::open(|_| {}).await;
    let crowd = house.role("crowd", false, &["post:View"]).await;
    let people = (0..450).map(|number| admin::users::NewUser {
        email: format!("user{number}@example.org"),
        ..Default::default()
    });
    let (core, by) = (&house.cx.core, operator());
    let made = admin::users::import(
        core,
        &by,
        &house.cx.project,
        house.cx.environment,
        people.collect(),
    )
    .await
    .unwrap();
    let people: Vec<_> = made.into_iter().map(|it| it.unwrap().id).collect();
    for id in &people {
        house.assign(&crowd, *id).await;
    }
    assert_eq!(
        admin::roles::holders(core, house.half(), crowd.id, 1)
            .await
            .unwrap()
            .0,
        450
    );
    async fn depart(tx: &mut Tx, role: &Role) -> Result<(), crate::error::Stop> {
        Ok(vestibule_store::roles::delete(tx, role).await?)
    }
    core.write(depart, crowd.clone()).await.unwrap();
    assert_eq!(*house.authority(people[449]).await, Authority::default());
    assert_eq!(roles::sweep::departed(core).await.unwrap(), 450);
    assert_eq!(
        admin::roles::holders(core, house.half(), crowd.id, 1)
            .await
            .unwrap()
            .0,
        0
    );
    assert_eq!(roles::sweep::departed(core).await.unwrap(), 0);
}
