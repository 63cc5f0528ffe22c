//! Lists: pages, order, filters, search, and what is refused (A09, A10).

use super::*;
use crate::roles::assignments::AssignmentColumn;
use crate::roles::permissions::PermissionColumn;
use crate::roles::{Column, RoleColumn};

const ROLES: [(&str, RoleColumn); 4] = [
    ("id", RoleColumn::Id),
    ("name", RoleColumn::Name),
    ("createdAt", RoleColumn::CreatedAt),
    ("updatedAt", RoleColumn::UpdatedAt),
];
const PERMISSIONS: [(&str, PermissionColumn); 6] = [
    ("id", PermissionColumn::Id),
    ("roleId", PermissionColumn::Role),
    ("resource", PermissionColumn::Resource),
    ("action", PermissionColumn::Action),
    ("createdAt", PermissionColumn::CreatedAt),
    ("updatedAt", PermissionColumn::UpdatedAt),
];
const ASSIGNMENTS: [(&str, AssignmentColumn); 5] = [
    ("id", AssignmentColumn::Id),
    ("userId", AssignmentColumn::User),
    ("roleId", AssignmentColumn::Role),
    ("createdAt", AssignmentColumn::CreatedAt),
    ("updatedAt", AssignmentColumn::UpdatedAt),
];

fn query<C: Column>(text: &str, columns: &[(&str, C)]) -> Result<List<C>, Refusal> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    List::read(pairs.map(|pair| pair.split_once('=').unwrap()), columns)
}

/// The field that a refused query is refused for.
fn wrong<C: Column + std::fmt::Debug>(text: &str, columns: &[(&str, C)]) -> String {
    match query(text, columns) {
        Err(Refusal::Input(vestibule_model::refusal::Input::Fields(fields))) => fields[0].field.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a09_only_known_columns_are_sorted_and_filtered_by() {
    for (text, field) in [
        ("sort=superuser", "sort"),
        ("sort=name;DROP TABLE roles", "sort"),
        ("sort=", "sort"),
        ("sort=--name", "sort"),
        ("sort=name,name,name,name,name,name", "sort"),
        ("sort=Name", "sort"),
        ("sort=1", "sort"),
        ("superuser=true", "superuser"),
        ("project=x", "project"),
        ("environment=test", "environment"),
        ("name[contains]=x", "name[contains]"),
        ("name[$ne]=", "name[$ne]"),
        ("createdAt=2025", "createdAt"),
        ("name__like=%", "name__like"),
        ("include=user", "include"),
        ("fields=password", "fields"),
        ("__proto__=x", "__proto__"),
        ("name=a&name=b", "name"),
        ("sort=name&sort=id", "sort"),
    ] {
        assert_eq!(wrong(text, &ROLES), field, "{text}");
    }
    for (text, field) in [
        ("sort=userId", "sort"),
        ("sort=user.email", "sort"),
        ("user.email=x", "user.email"),
        ("email=x", "email"),
    ] {
        assert_eq!(wrong(text, &ASSIGNMENTS), field, "{text}");
    }
    for text in [
        "sort=-createdAt,name",
        "name=x' OR '1'='1",
        "search=%25",
        "id=x&page=2&limit=1",
    ] {
        query(text, &ROLES).unwrap();
    }
    let long = format!("search={}", "x".repeat(257));
    assert_eq!(wrong(&long, &PERMISSIONS), "search");
}

#[test]
fn a10_a_page_is_a_number_and_nothing_else() {
    for text in [
        "page=0",
        "page=-1",
        "page=+1",
        "page=1.5",
        "page=x",
        "page=",
        "page=4294967296",
        "page=4294967295",
        "page=100001&limit=100",
    ] {
        assert_eq!(wrong(text, &ROLES), "page", "{text}");
    }
    for text in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=all",
        "limit= 5",
        "limit=",
    ] {
        assert_eq!(wrong(text, &ROLES), "limit", "{text}");
    }
    let list = query("", &ROLES).unwrap();
    assert_eq!((list.page, list.limit), (1, 30));
}

#[tokio::test]
async fn roles_are_listed_in_pages_sorted_filtered_and_searched() {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &[]).await;
    for name in ["Editor", "author", "SubEditor"] {
        house.pass(Duration::from_secs(1));
        house.role(name, false, &[]).await;
    }
    let ada = house.somebody("ada@example.org", &[&root]).await;
    let listed = async |text: &str| {
        let page = roles::list(&house.cx, &ada, &query(text, &ROLES).unwrap())
            .await
            .unwrap();
        (
            page.total,
            page.rows.into_iter().map(|role| role.name).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        listed("").await,
        (
            4,
            ["root", "Editor", "author", "SubEditor"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!(
        listed("sort=-createdAt&limit=2").await,
        (4, vec!["SubEditor".into(), "author".into()])
    );
    assert_eq!(
        listed("sort=-createdAt&limit=2&page=2").await,
        (4, vec!["Editor".into(), "root".into()])
    );
    assert_eq!(listed("page=3&limit=2").await, (4, vec![]));
    assert_eq!(
        listed("sort=name").await.1,
        ["Editor", "SubEditor", "author", "root"]
    );
    assert_eq!(
        listed("search=EDIT&sort=name").await,
        (2, vec!["Editor".into(), "SubEditor".into()])
    );
    assert_eq!(listed("search=%").await, (0, vec![]));
    assert_eq!(listed("name=author").await, (1, vec!["author".into()]));
    assert_eq!(listed("name=Author").await.0, 0);
    assert_eq!(listed("name=x' OR '1'='1").await.0, 0);
    assert_eq!(listed(&format!("id={}&name=root", root.id)).await.0, 1);
    assert_eq!(listed(&format!("id={}&name=author", root.id)).await.0, 0);
}

#[tokio::test]
async fn permissions_are_listed_sorted_filtered_and_searched() {
    let house = House::open(|_| {}).await;
    let root = house.role("root", true, &["post:View"]).await;
    let editor = house
        .role("editor", false, &["post:View", "comment:Delete", "post:Publish"])
        .await;
    let ada = house.somebody("ada@example.org", &[&root]).await;
    let listed = async |text: &str| {
        let page = permissions::list(&house.cx, &ada, &query(text, &PERMISSIONS).unwrap())
            .await
            .unwrap();
        (
            page.total,
            page.rows
                .iter()
                .map(|it| format!("{}:{}", it.resource, it.action))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(listed("").await.0, 4);
    let editors = format!("roleId={}&sort=resource,-action", editor.id);
    assert_eq!(
        listed(&editors).await.1,
        ["comment:Delete", "post:View", "post:Publish"]
    );
    assert_eq!(listed("resource=post&action=View").await.0, 2);
    assert_eq!(listed("search=pub").await.1, ["post:Publish"]);
    assert_eq!(listed("search=Comm").await.1, ["comment:Delete"]);
    let known = roles::actions(&house.cx, &ada).await.unwrap();
    assert_eq!(known.len(), 12 + 3);
    assert!(known.is_sorted() && known.contains(&("post".into(), "Publish".into())));
    assert!(known.contains(&("user-role".into(), "Create".into())));
}

#[tokio::test]
async fn assignments_are_listed_by_index_in_either_order_and_narrowed_to_users_and_roles() {
    let house = House::open(|_| {}).await;
    let (root, editor) = (
        house.role("root", true, &[]).await,
        house.role("editor", false, &[]).await,
    );
    let ada = house.somebody("ada@example.org", &[&root]).await;
    let mut people = vec![ada.user.id];
    for number in 0..4 {
        house.pass(Duration::from_secs(1));
        people.push(
            house
                .somebody(&format!("user{number}@example.org"), &[&editor])
                .await
                .user
                .id,
        );
    }
    house.pass(Duration::from_secs(1));
    house.assign(&root, people[1]).await;
    let cx = &house.cx;
    let listed = async |text: &str| {
        let page = assignments::list(cx, &ada, &query(text, &ASSIGNMENTS).unwrap())
            .await
            .unwrap();
        let place = |id: UserId| people.iter().position(|it| *it == id).unwrap();
        (
            page.total,
            page.rows.iter().map(|it| place(it.user)).collect::<Vec<_>>(),
        )
    };
    assert_eq!(listed("").await, (6, vec![0, 1, 2, 3, 4, 1]));
    assert_eq!(listed("sort=-createdAt&limit=4").await, (6, vec![1, 4, 3, 2]));
    assert_eq!(listed("sort=-createdAt&limit=4&page=2").await, (6, vec![1, 0]));
    let editors = format!("roleId={}", editor.id);
    assert_eq!(listed(&editors).await, (4, vec![1, 2, 3, 4]));
    assert_eq!(
        listed(&format!("{editors}&sort=-createdAt&limit=3&page=2")).await,
        (4, vec![1])
    );
    assert_eq!(listed(&format!("userId={}", people[1])).await, (2, vec![1, 1]));
    assert_eq!(
        listed(&format!("userId={}&{editors}", people[1])).await,
        (1, vec![1])
    );
    assert_eq!(listed("search=USER2@example.org").await, (1, vec![3]));
    assert_eq!(listed("search=root").await, (2, vec![0, 1]));
    assert_eq!(listed(&format!("search=root&{editors}")).await, (0, vec![]));
    assert_eq!(listed("search=nobody").await, (0, vec![]));
    assert_eq!(listed("userId=x").await, (0, vec![]));

    let page = assignments::list(cx, &ada, &query(&editors, &ASSIGNMENTS).unwrap())
        .await
        .unwrap();
    let first = page.rows[0].id.to_string();
    house.pass(Duration::from_secs(1));
    let change = AssignmentChange {
        user: Some(people[0].to_string()),
        role: None,
    };
    assignments::update(cx, &ada, &first, change).await.unwrap();
    assert_eq!(
        listed(&format!("{editors}&sort=-updatedAt")).await,
        (4, vec![0, 4, 3, 2])
    );
    assert_eq!(
        listed(&format!("{editors}&sort=updatedAt")).await,
        (4, vec![2, 3, 4, 0])
    );
    assert_eq!(listed("sort=-updatedAt&limit=2").await, (6, vec![0, 1]));
    assert_eq!(listed("sort=updatedAt&limit=2").await, (6, vec![0, 2]));
    assert_eq!(listed(&format!("id={first}")).await, (1, vec![0]));
}
