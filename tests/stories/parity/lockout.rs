//! One counter of failures for an account, whichever doors they come through.

use super::door::{DOORS, Told, Verdict};
use std::time::Duration;
use vestibule_testkit::insta::assert_snapshot;
use vestibule_testkit::{PASSWORD, stories};

stories! {
    async fn l11_failures_at_all_doors_lock_the_account_at_all_doors(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for attempt in 0..10 {
            let door = &DOORS[attempt % DOORS.len()];
            door.says(&door.sign_in(&t, &ada.email, "wrong").await, Verdict::WrongCredentials);
        }
        let mut told = Told::default();
        for door in &DOORS {
            let answer = door.sign_in(&t, &ada.email, PASSWORD).await;
            door.says(&answer, Verdict::Locked);
            assert!(answer.header("retry-after").is_some(), "{}", door.name);
            told.add(door, &answer);
        }
        assert_snapshot!(told.text(), @r#"
        rakomi 429 {"type":"about:blank","title":"Too Many Requests","status":429,"code":"auth/account_locked","detail":"The account is locked for a while after too many failed attempts; see the Retry-After header","request_id":"req_…","error":{"code":"auth/account_locked","message":"The account is locked for a while after too many failed attempts; see the Retry-After header","request_id":"req_…"}}
        rakcha 429 {"message":"Too many requests."}
        koolbase 429 {"error":"Too many failed attempts: account temporarily locked; see the Retry-After header","code":"account_locked"}
        darukaa 429 {"error":{"code":"ACCOUNT_LOCKED","message":"The account is locked after too many failed attempts","details":"Please wait for the seconds in the Retry-After header, or reset the password","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}
        arkos 429 {"status":"error","message":"Too many requests, please try again later"}
        "#);
        t.advance(Duration::from_mins(1));
        for door in &DOORS {
            door.signed_in(&t, &ada.email, PASSWORD).await;
        }
    }

    async fn l10_spellings_of_one_account_share_its_counter(t: Server) {
        let ada = t.user("ada@example.org").profile("username", "ada").verified().await;
        let spellings = ["ada@example.org", "ADA@Example.org", " ada@example.org "];
        for attempt in 0..10 {
            let door = &DOORS[attempt % DOORS.len()];
            door.sign_in(&t, spellings[attempt % spellings.len()], "wrong").await;
        }
        for door in &DOORS {
            door.says(&door.sign_in(&t, &ada.email, PASSWORD).await, Verdict::Locked);
        }
        let arkos = DOORS.iter().find(|door| door.name == "arkos").expect("a door with user names");
        arkos.says(&arkos.sign_in(&t, "ada", PASSWORD).await, Verdict::Locked);
    }

    async fn e11_e12_an_unknown_name_is_locked_like_a_known_one(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            t.unlock(&ada).await;
            let nobody = format!("nobody-{}@example.org", door.name);
            for attempt in 0..11 {
                // Each pair from an address of its own, so that no client's budget is in the way.
                let from = format!("198.51.100.{attempt}").parse().expect("an address");
                let attempt = |email: &str| {
                    let body = serde_json::json!({door.identifier: email, "password": "wrong"});
                    door.request(&t, "POST", door.sign_in).from(from).json(&body).send()
                };
                let (known, unknown) = (attempt(&ada.email).await, attempt(&nobody).await);
                assert_eq!(known.masked(), unknown.masked(), "{} {from}", door.name);
            }
        }
    }
}
