//! One rule for passwords behind every door, and each door's own beside it.

use super::door::{DOORS, Verdict};
use crate::parity::accounts::demand_verified;
use serde_json::json;
use vestibule_testkit::stories;

stories! {
    async fn the_sample_passwords_of_the_documents_are_taken_at_the_doors_that_document_them(t: Server) {
        for (number, (name, password)) in [
            ("rakomi", "SecureP@ss123"),
            ("koolbase", "securepassword"),
            ("koolbase", "newSecurePassword123"),
            ("arkos", "StrongP@ss123"),
            ("arkos", "EvenStronger@456"),
            ("darukaa", "SecureP@ss123"),
        ]
        .into_iter()
        .enumerate()
        {
            let door = DOORS.iter().find(|door| door.name == name).expect("the door");
            let body = json!({"email": format!("u{number}@example.org"), "password": password});
            let answer = door.post(&t, door.sign_up.expect("a door with sign-up"), body).await;
            assert_eq!(answer.status, 201, "{name} {password}: {answer}");
        }
    }

    async fn p02_p05_p10_p14_no_door_takes_a_password_that_is_too_short_too_long_common_or_cut(t: Server) {
        for (number, password) in [
            "Short1a".to_owned(), format!("Aa1{}", "x".repeat(1_022)), "Password1".to_owned(), "Nul\u{0}InTheMiddle1".to_owned(),
        ]
        .into_iter()
        .enumerate()
        {
            for door in &DOORS {
                let Some(path) = door.sign_up else { continue };
                // Its documented rule is another one: three kinds of letters (`contracts/README.md`, the defaults).
                if door.name == "arkos" && password == "Password1" {
                    continue;
                }
                let email = format!("{}{number}@example.org", door.name);
                let body = json!({"email": email, "password": password});
                let answer = door.post(&t, path, body).await;
                let meaning = door.meaning(&answer);
                assert!(
                    meaning.contains(&Verdict::WeakPassword) || meaning.contains(&Verdict::Malformed),
                    "{}: {answer}", door.name
                );
                assert!(t.find(&email).await.is_none(), "{}", door.name);
            }
        }
    }

    async fn p01_p06_p07_what_is_set_at_one_door_is_typed_at_any_other(t: Server) {
        demand_verified(&t, false).await;
        for (number, password) in [
            "Aa1 correct horse battery".repeat(10),
            "  Aa1 with spaces  ".to_owned(),
            "Aa1 \u{1f512}\u{5e9}\u{5dc}\u{5d5}\u{5dd}".to_owned(),
            "Aa1 Caf\u{e9} au lait".to_owned(),
        ]
        .into_iter()
        .enumerate()
        {
            for door in &DOORS {
                let Some(path) = door.sign_up else { continue };
                let email = format!("{}{number}@example.org", door.name);
                let from = format!("198.51.100.{number}").parse().expect("an address");
                let body = json!({"email": email, "password": password});
                let answer = door.request(&t, "POST", path).from(from).json(&body).send().await;
                door.says(&answer, Verdict::Done);
                for other in &DOORS {
                    // Typed on a keyboard that composes letters from two signs.
                    let typed = password.replace('\u{e9}', "e\u{301}");
                    let body = json!({other.identifier: email, "password": typed});
                    let answer = other.request(&t, "POST", other.sign_in).from(from).json(&body).send().await;
                    other.says(&answer, Verdict::Done);
                }
            }
        }
    }
}
