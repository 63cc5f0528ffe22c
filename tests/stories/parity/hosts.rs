//! Which project a request without an API key is about: that of its host name, else the default one.

use super::door::{DOORS, Verdict};
use serde_json::json;
use vestibule_ops::admin::projects;
use vestibule_testkit::{OtherProject, Server, operator, stories};

const SHOP: &str = "auth.shop.example";
const PASSWORD: &str = "SecureP@ss123";

/// Another project, and its host name.
async fn shop(t: &Server) -> OtherProject {
    let shop = t.another_project("shop").await;
    let hosts = json!({ SHOP: "live" });
    let set = projects::set(t.core(), &operator(), shop.project.id, "hosts", hosts).await;
    set.expect("a good setting").expect("the project");
    shop
}

stories! {
    async fn a_host_name_leads_to_its_project_at_every_door_that_needs_no_key(t: Server) {
        shop(&t).await;
        for door in DOORS.iter().filter(|door| door.key.is_none()) {
            let Some(path) = door.sign_up else { continue };
            let body = json!({"email": format!("{}@example.org", door.name), "password": PASSWORD});
            let at = |host: &str| t.request("POST", path).header("host", host).json(&body);
            // Two projects, two users: neither address is taken by the other.
            for host in [SHOP, "AUTH.shop.example:443", "auth.example.com"] {
                let answer = at(host).send().await;
                let verdict = if host.starts_with("AUTH") { Verdict::Taken } else { Verdict::Done };
                door.says(&answer, verdict);
            }
            let signed_in = t.request("POST", door.sign_in).header("host", SHOP).json(&json!({
                door.identifier: format!("{}@example.org", door.name), "password": PASSWORD,
            }));
            let token = signed_in.send().await.ok(200).string(door.token);
            let me = |host: &str| {
                let me = t.request("GET", door.me.expect("a door shows who is signed in")).header("host", host);
                me.header("authorization", &format!("Bearer {token}"))
            };
            door.says(&me(SHOP).send().await, Verdict::Done);
            door.says(&me("auth.example.com").send().await, Verdict::NotSignedIn);
        }
    }

    async fn x13_a_key_wins_over_the_host_name(t: Server) {
        shop(&t).await;
        for door in DOORS.iter().filter(|door| door.key.is_none()) {
            let Some(path) = door.sign_up else { continue };
            let email = format!("{}@example.org", door.name);
            let request = t.request("POST", path).header("host", SHOP).header("x-api-key", &t.keys.live.api);
            let answer = request.json(&json!({"email": email, "password": PASSWORD})).send().await;
            door.says(&answer, Verdict::Done);
            assert!(t.find(&email).await.is_some(), "{}", door.name);
        }
    }

    async fn w11_a_host_name_that_leads_nowhere_is_not_served(t: Server) {
        shop(&t).await;
        for host in ["evil.example", "shop.example", "x.auth.shop.example", "auth.shop.example.evil.example"] {
            assert_eq!(t.request("GET", "/api/users/me").header("host", host).send().await.status, 421, "{host}");
        }
    }

    async fn a_host_name_leads_to_one_project(t: Server) {
        shop(&t).await;
        let other = t.another_project("other").await;
        let taken = projects::set(t.core(), &operator(), other.project.id, "hosts", json!({ SHOP: "test" })).await;
        assert!(taken.is_err());
        let free = projects::set(t.core(), &operator(), other.project.id, "hosts", json!({"auth.other.example": "test"})).await;
        assert!(free.is_ok());
    }
}
