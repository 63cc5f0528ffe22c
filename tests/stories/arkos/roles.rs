//! Roles, permissions and who has them.

use serde_json::{Value, json};
use vestibule_model::Environment;
use vestibule_ops::admin::roles as desk;
use vestibule_ops::roles::NewRole;
use vestibule_testkit::{Arkos, Persona, Server, answered, operator, stories};

const NOT_PERMITTED: &str = "You do not have permission to perform this action";
const COLLECTIONS: [&str; 3] = ["/api/auth-roles", "/api/auth-permissions", "/api/user-roles"];

/// Gives somebody a role with these permissions, as an operator does; one that permits everything where there are none.
async fn assign(t: &Server, persona: &Persona, name: &str, permissions: &[&str]) {
    let (core, by, half) = (t.core(), operator(), (&*t.project, Environment::Live));
    let new = NewRole {
        name: name.to_owned(),
        superuser: permissions.is_empty(),
    };
    let role = desk::create(core, &by, half, new).await.unwrap();
    for permission in permissions {
        desk::grant(core, &by, half, &role, permission).await.unwrap();
    }
    desk::assign(core, &by, half, role.id, persona.id).await.unwrap();
}

/// Somebody who may do everything.
async fn root(t: &Server) -> Arkos<'_> {
    let root = t.user("root@example.org").await;
    assign(t, &root, "root", &[]).await;
    t.arkos().signed_in(&root).await
}

/// The id of the record that an answer shows.
#[track_caller]
fn id(answer: &vestibule_testkit::Answer) -> String {
    answer.json()["data"]["id"].as_str().expect("an id").to_owned()
}

/// The values of a field, in the order of a list.
fn column(answer: &vestibule_testkit::Answer, field: &str) -> Vec<String> {
    let rows = answer.json()["data"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .map(|row| row[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

stories! {
    async fn the_three_collections_create_read_change_and_delete(t: Server) {
        let (app, ada) = (root(&t).await, t.user("ada@example.org").await);
        let role = app.post("/api/auth-roles", json!({"name": "manager"})).await;
        answered!(role, 201, @r#"{"data":{"id":"019cb391-c200-7e1d-b917-c8122eb72197","name":"manager","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);
        let role = id(&role);
        let permission = app.post("/api/auth-permissions", json!({"resource": "post", "action": "Create", "roleId": role})).await;
        answered!(permission, 201, @r#"{"data":{"id":"019cb391-c200-73e6-8cf0-1334e99e7ab2","resource":"post","action":"Create","roleId":"019cb391-c200-7e1d-b917-c8122eb72197","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);
        app.post("/api/auth-permissions", json!({"resource": "post", "action": "Publish", "role": {"id": role}})).await.ok(201);
        let assigned = app.post("/api/user-roles", json!({"userId": ada.id.to_string(), "roleId": role})).await;
        answered!(assigned, 201, @r#"{"data":{"id":"019cb391-c200-705e-8a98-4235e11c8a89","userId":"019cb391-c200-7294-8600-276084db857b","roleId":"019cb391-c200-7e1d-b917-c8122eb72197","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);
        let rakomi = t.rakomi().signed_in(&ada).await;
        assert_eq!(rakomi.me().await.ok(200).json()["permissions"], json!(["post:Create", "post:Publish"]));

        t.advance(std::time::Duration::from_secs(1));
        answered!(app.get(&format!("/api/auth-roles/{role}")).await, 200, @r#"{"data":{"id":"019cb391-c200-7e1d-b917-c8122eb72197","name":"manager","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}}"#);
        answered!(app.patch(&format!("/api/auth-roles/{role}"), json!({"name": "editor"})).await, 200, @r#"{"data":{"id":"019cb391-c200-7e1d-b917-c8122eb72197","name":"editor","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:01.000Z"}}"#);
        let put = app.request("PUT", &format!("/api/auth-permissions/{}", id(&permission))).json(&json!({"action": "Delete"})).send().await;
        answered!(put, 200, @r#"{"data":{"id":"019cb391-c200-73e6-8cf0-1334e99e7ab2","resource":"post","action":"Delete","roleId":"019cb391-c200-7e1d-b917-c8122eb72197","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:01.000Z"}}"#);
        answered!(app.get("/api/auth-permissions?resource=post&sort=-action").await, 200, @r#"{"total":2,"results":2,"data":[{"id":"019cb391-c200-7243-830d-2e4fed052d3d","resource":"post","action":"Publish","roleId":"019cb391-c200-7e1d-b917-c8122eb72197","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"},{"id":"019cb391-c200-73e6-8cf0-1334e99e7ab2","resource":"post","action":"Delete","roleId":"019cb391-c200-7e1d-b917-c8122eb72197","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:01.000Z"}]}"#);
        answered!(app.get(&format!("/api/user-roles?userId={}", ada.id)).await, 200, @r#"{"total":1,"results":1,"data":[{"id":"019cb391-c200-705e-8a98-4235e11c8a89","userId":"019cb391-c200-7294-8600-276084db857b","roleId":"019cb391-c200-7e1d-b917-c8122eb72197","createdAt":"2026-03-03T12:00:00.000Z","updatedAt":"2026-03-03T12:00:00.000Z"}]}"#);

        for path in [format!("/api/user-roles/{}", id(&assigned)), format!("/api/auth-permissions/{}", id(&permission)), format!("/api/auth-roles/{role}")] {
            let gone = app.delete(&path).await.ok(204);
            assert_eq!(gone.text(), "");
            assert_eq!(app.get(&path).await.status, 404);
        }
        assert_eq!(rakomi.me().await.ok(200).json()["permissions"], json!([]));
    }

    async fn what_can_be_permitted_is_listed(t: Server) {
        let app = root(&t).await;
        let role = id(&app.post("/api/auth-roles", json!({"name": "manager"})).await.ok(201));
        app.post("/api/auth-permissions", json!({"resource": "post", "action": "Publish", "roleId": role})).await.ok(201);
        answered!(app.get("/api/auth-actions").await, 200, @r#"{"total":13,"results":13,"data":[{"resource":"auth-permission","action":"Create"},{"resource":"auth-permission","action":"Delete"},{"resource":"auth-permission","action":"Update"},{"resource":"auth-permission","action":"View"},{"resource":"auth-role","action":"Create"},{"resource":"auth-role","action":"Delete"},{"resource":"auth-role","action":"Update"},{"resource":"auth-role","action":"View"},{"resource":"post","action":"Publish"},{"resource":"user-role","action":"Create"},{"resource":"user-role","action":"Delete"},{"resource":"user-role","action":"Update"},{"resource":"user-role","action":"View"}]}"#);
    }

    async fn a15_a_plain_user_is_refused_everywhere(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.arkos().signed_in(&ada).await;
        for path in COLLECTIONS {
            let one = format!("{path}/{}", ada.id);
            app.get(path).await.refused_by_arkos(403, NOT_PERMITTED);
            app.get(&one).await.refused_by_arkos(403, NOT_PERMITTED);
            app.delete(&one).await.refused_by_arkos(403, NOT_PERMITTED);
            let bodies = json!({"/api/auth-roles": {"name": "x"}, "/api/auth-permissions": {"resource": "post", "action": "View", "roleId": "x"}, "/api/user-roles": {"userId": "x", "roleId": "x"}});
            for (method, target) in [("POST", path), ("PATCH", one.as_str()), ("PUT", one.as_str())] {
                app.request(method, target).json(&bodies[path]).send().await.refused_by_arkos(403, NOT_PERMITTED);
                // What is wrong with a request is told to those who may make one.
                app.request(method, target).json(&json!({"name": [], "x": 1})).send().await.refused_by_arkos(403, NOT_PERMITTED);
                app.request(method, target).raw_json("{").send().await.refused_by_arkos(403, NOT_PERMITTED);
            }
            app.get(&format!("{path}?limit=0&x=1")).await.refused_by_arkos(403, NOT_PERMITTED);
        }
        app.get("/api/auth-actions").await.refused_by_arkos(403, NOT_PERMITTED);
    }

    async fn a05_nobody_grants_what_they_do_not_hold(t: Server) {
        let (root, mia) = (root(&t).await, t.user("mia@example.org").await);
        let all = ["auth-role", "auth-permission", "user-role"].map(|it| ["View", "Create", "Update", "Delete"].map(|action| format!("{it}:{action}")));
        let mut held: Vec<&str> = all.iter().flatten().map(String::as_str).collect();
        held.push("post:View");
        assign(&t, &mia, "limited", &held).await;
        let app = t.arkos().signed_in(&mia).await;
        let root_role = column(&root.get("/api/auth-roles?name=root").await.ok(200), "id").remove(0);
        let strong = id(&root.post("/api/auth-roles", json!({"name": "strong"})).await.ok(201));
        root.post("/api/auth-permissions", json!({"resource": "post", "action": "Delete", "roleId": strong})).await.ok(201);
        let own = id(&app.post("/api/auth-roles", json!({"name": "own"})).await.ok(201));
        let user = mia.id.to_string();

        app.post("/api/auth-permissions", json!({"resource": "post", "action": "View", "roleId": own})).await.ok(201);
        for (path, body) in [
            ("/api/auth-permissions", json!({"resource": "post", "action": "Delete", "roleId": own})),
            ("/api/auth-permissions", json!({"resource": "post", "action": "View", "roleId": strong})),
            ("/api/user-roles", json!({"userId": user, "roleId": strong})),
            ("/api/user-roles", json!({"userId": user, "roleId": root_role})),
        ] {
            app.post(path, body).await.refused_by_arkos(403, NOT_PERMITTED);
        }
        app.patch(&format!("/api/auth-roles/{strong}"), json!({"name": "mine"})).await.refused_by_arkos(403, NOT_PERMITTED);
        app.delete(&format!("/api/auth-roles/{root_role}")).await.refused_by_arkos(403, NOT_PERMITTED);
        let forbidden = app.post("/api/auth-roles", json!({"name": "boss", "superuser": true})).await;
        assert_eq!(forbidden.invalid_data(), ["superuser additionalProperties"]);
    }

    async fn a06_the_last_superuser_stays(t: Server) {
        let app = root(&t).await;
        let own = column(&app.get("/api/user-roles").await.ok(200), "id").remove(0);
        app.delete(&format!("/api/user-roles/{own}")).await.refused_by_arkos(409, "The last superuser cannot be removed");
        let role = column(&app.get("/api/auth-roles").await.ok(200), "id").remove(0);
        app.delete(&format!("/api/auth-roles/{role}")).await.refused_by_arkos(409, "The last superuser cannot be removed");
        app.get("/api/auth-roles").await.ok(200);
    }

    async fn a09_lists_are_sorted_filtered_and_searched_by_known_fields_alone(t: Server) {
        let app = root(&t).await;
        for name in ["beta", "alpha", "gamma"] {
            app.post("/api/auth-roles", json!({"name": name})).await.ok(201);
            t.advance(std::time::Duration::from_secs(1));
        }
        let names = async |query: &str| column(&app.get(&format!("/api/auth-roles{query}")).await.ok(200), "name");
        assert_eq!(names("?sort=name").await, ["alpha", "beta", "gamma", "root"]);
        assert_eq!(names("?sort=-createdAt,name&limit=2").await, ["gamma", "alpha"]);
        assert_eq!(names("?sort=name&limit=2&page=2").await, ["gamma", "root"]);
        assert_eq!(names("?name=beta").await, ["beta"]);
        assert_eq!(names("?search=AMM").await, ["gamma"]);
        assert_eq!(names("?search=%25").await, [""; 0]);
        answered!(app.get("/api/auth-roles?sort=name&limit=1&page=3").await, 200, @r#"{"total":4,"results":1,"data":[{"id":"019cb391-c9d0-7682-95ce-dee18c139499","name":"gamma","createdAt":"2026-03-03T12:00:02.000Z","updatedAt":"2026-03-03T12:00:02.000Z"}]}"#);
        for (query, field) in [
            ("superuser=true", "superuser"), ("password=x", "password"), ("createdAt=2026", "createdAt"), ("name[contains]=a", "name[contains]"), ("$where=1", "$where"), ("__proto__=x", "__proto__"),
            ("sort=superuser", "sort"), ("sort=name;DROP", "sort"), ("sort=", "sort"), ("page=0", "page"), ("page=-1", "page"), ("page=x", "page"), ("page=1e3", "page"), ("limit=0", "limit"), ("limit=101", "limit"), ("page=1000000000", "page"),
        ] {
            let answer = app.get(&format!("/api/auth-roles?{query}")).await;
            assert_eq!(answer.invalid_data(), [format!("{field} invalid")], "{query}");
        }
        for path in ["/api/auth-permissions", "/api/user-roles"] {
            assert_eq!(app.get(&format!("{path}?email=x")).await.invalid_data(), ["email invalid"]);
        }
        app.get("/api/auth-roles?name=a&name=b").await.refused_by_arkos(400, "The request cannot be read: the parameter name was sent more than once");
    }

    async fn an_unknown_record_is_named_with_its_id(t: Server) {
        let app = root(&t).await;
        for (path, model, body) in [("/api/auth-roles", "AuthRole", json!({"name": "x"})), ("/api/auth-permissions", "AuthPermission", json!({"action": "View"})), ("/api/user-roles", "UserRole", json!({}))] {
            for unknown in ["1", "019cb391-c200-7000-8000-000000000000", "root"] {
                let (one, gone) = (format!("{path}/{unknown}"), format!("{model} with ID {unknown} not found"));
                app.get(&one).await.refused_by_arkos(404, &gone);
                app.patch(&one, body.clone()).await.refused_by_arkos(404, &gone);
                app.delete(&one).await.refused_by_arkos(404, &gone);
            }
        }
        let role = column(&app.get("/api/auth-roles").await, "id").remove(0);
        app.post("/api/user-roles", json!({"userId": "1", "roleId": role})).await.refused_by_arkos(404, "User with ID 1 not found");
        app.post("/api/user-roles", json!({"userId": "1", "roleId": "2"})).await.refused_by_arkos(404, "AuthRole with ID 2 not found");
    }

    async fn a_record_that_is_there_already_is_a_duplicate_value(t: Server) {
        let app = root(&t).await;
        let role = id(&app.post("/api/auth-roles", json!({"name": "manager"})).await.ok(201));
        app.post("/api/auth-roles", json!({"name": "manager"})).await.refused_by_arkos(409, "Duplicate value detected for the unique field(s): name. Please use a different value.");
        let permission = json!({"resource": "post", "action": "View", "roleId": role});
        app.post("/api/auth-permissions", permission.clone()).await.ok(201);
        app.post("/api/auth-permissions", permission).await.refused_by_arkos(409, "Duplicate value detected for the unique field(s): roleId, resource, action. Please use a different value.");
        let user = app.me().await.ok(200).json()["data"]["id"].clone();
        let assignment = json!({"userId": user, "roleId": role});
        app.post("/api/user-roles", assignment.clone()).await.ok(201);
        app.post("/api/user-roles", assignment).await.refused_by_arkos(409, "Duplicate value detected for the unique field(s): userId, roleId. Please use a different value.");
    }

    async fn i05_every_field_of_a_record_is_checked(t: Server) {
        let app = root(&t).await;
        let post = async |path: &str, body: Value| app.post(path, body).await.invalid_data();
        assert_eq!(post("/api/auth-roles", json!({})).await, ["name required"]);
        assert_eq!(post("/api/auth-roles", json!({"name": null})).await, ["name type"]);
        assert_eq!(post("/api/auth-roles", json!({"name": ["x"], "id": "1"})).await, ["name type", "id additionalProperties"]);
        assert_eq!(post("/api/auth-roles", json!({"name": "x".repeat(65)})).await.len(), 1);
        assert_eq!(post("/api/auth-permissions", json!({})).await, ["resource required", "action required", "roleId required"]);
        assert_eq!(post("/api/auth-permissions", json!({"resource": 1, "action": {}, "role": {}})).await, ["resource type", "action type", "role.id required"]);
        assert_eq!(post("/api/auth-permissions", json!({"resource": "post", "action": "View", "role": "x"})).await, ["role type"]);
        assert_eq!(post("/api/auth-permissions", json!({"resource": "Blog Post", "action": "*", "roleId": "x"})).await.len(), 2);
        assert_eq!(post("/api/user-roles", json!({"user": {"id": 1}, "role": {"id": "x", "name": "root"}})).await, ["user.id type", "role.name additionalProperties"]);
    }

    async fn what_is_wrong_with_a_reference_is_told_of_the_field_that_was_sent(t: Server) {
        let app = root(&t).await;
        let (user, role) = (t.user("ada@example.org").await.id.to_string(), "x");
        let post = async |body: Value| app.post("/api/user-roles", body).await.invalid_data();
        assert_eq!(post(json!({"user": user, "role": role})).await, ["user type", "role type"]);
        assert_eq!(post(json!({"userId": 1, "roleId": 2})).await, ["userId type", "roleId type"]);
        assert_eq!(post(json!({"userId": user, "roleId": role, "role": {"id": role}})).await, ["role additionalProperties"]);
        let mut roles = Vec::new();
        for number in 0..51 {
            roles.push(id(&app.post("/api/auth-roles", json!({"name": format!("r{number}")})).await.ok(201)));
        }
        for role in &roles[..50] {
            app.post("/api/user-roles", json!({"userId": user, "roleId": role})).await.ok(201);
        }
        assert_eq!(post(json!({"userId": user, "roleId": roles[50]})).await, ["userId invalid"]);
        assert_eq!(post(json!({"user": {"id": user}, "roleId": roles[50]})).await, ["user invalid"]);
    }

    async fn static_roles_are_listed_and_changed_by_nobody(t: Server) {
        t.set("roles", json!({"mode": "static", "static": {"root": {"superuser": true}, "reader": {"permissions": ["post:View"]}}})).await;
        let ada = t.user("ada@example.org").await;
        let project = vestibule_ops::project_by_id(t.core(), t.project.id).await.unwrap().unwrap();
        let half = (&*project, Environment::Live);
        let role = desk::find(t.core(), half, "root").await.unwrap().unwrap();
        desk::assign(t.core(), &operator(), half, role.id, ada.id).await.unwrap();
        let app = t.arkos().signed_in(&ada).await;

        let listed = app.get("/api/auth-roles?sort=name").await.ok(200);
        assert_eq!(column(&listed, "name"), ["reader", "root"]);
        assert_eq!(column(&app.get("/api/auth-permissions").await.ok(200), "resource"), ["post"]);
        let one = format!("/api/auth-roles/{}", role.id);
        app.get(&one).await.ok(200);

        let why = "Roles and permissions are static: they stand in the configuration of this project";
        let reader = column(&listed, "id").remove(0);
        app.post("/api/auth-roles", json!({"name": "x"})).await.refused_by_arkos(403, why);
        app.patch(&one, json!({"name": "x"})).await.refused_by_arkos(403, why);
        app.delete(&one).await.refused_by_arkos(403, why);
        for path in COLLECTIONS {
            app.post(path, json!({"x": 1})).await.refused_by_arkos(403, why);
            app.patch(&format!("{path}/1"), json!({"x": 1})).await.refused_by_arkos(403, why);
        }
        app.post("/api/auth-permissions", json!({"resource": "post", "action": "Create", "roleId": reader})).await.refused_by_arkos(403, why);
        app.post("/api/user-roles", json!({"userId": ada.id.to_string(), "roleId": reader})).await.refused_by_arkos(403, why);
    }
}
