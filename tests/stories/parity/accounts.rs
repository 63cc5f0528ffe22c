//! One user store: who exists at one door exists at all, in the same state.

use super::door::{DOORS, Told, Verdict};
use serde_json::json;
use vestibule_testkit::insta::assert_snapshot;
use vestibule_testkit::{PASSWORD, Server, stories};

/// A password that every door's rule takes.
const STRONG: &str = "SecureP@ss123";

/// Sets the same policy on every door.
pub async fn demand_verified(t: &Server, demanded: bool) {
    for door in &DOORS {
        t.set(&format!("dialects.{}.verified_email", door.name), demanded)
            .await;
    }
}

stories! {
    async fn x11_who_signs_up_at_one_door_signs_in_at_all(t: Server) {
        demand_verified(&t, false).await;
        for door in &DOORS {
            let Some(path) = door.sign_up else { continue };
            let email = format!("{}@example.org", door.name);
            let answer = door.post(&t, path, json!({"email": email, "password": STRONG})).await;
            door.says(&answer, Verdict::Done);
            assert_eq!(answer.status, 201, "{}", door.name);
            for other in &DOORS {
                let token = other.signed_in(&t, &email.to_uppercase(), STRONG).await;
                let me = other.me(&t, &token).await;
                other.says(&me, Verdict::Done);
            }
        }
    }

    async fn x11_e01_the_wrong_password_and_the_unknown_user_hear_the_same_at_every_door(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let mut told = Told::default();
        for door in &DOORS {
            let wrong = door.sign_in(&t, &ada.email, "wrong").await;
            let unknown = door.sign_in(&t, "nobody@example.org", "wrong").await;
            door.says(&wrong, Verdict::WrongCredentials);
            assert_eq!(wrong.clone().masked(), unknown.masked(), "{}", door.name);
            told.add(door, &wrong);
        }
        assert_snapshot!(told.text(), @r#"
        rakomi 401 {"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/invalid_credentials","detail":"Invalid email or password","request_id":"req_…","error":{"code":"auth/invalid_credentials","message":"Invalid email or password","request_id":"req_…"}}
        rakcha 401 {"message":"Invalid credentials."}
        koolbase 400 {"error":"Wrong email or password","code":"invalid_credentials"}
        darukaa 401 {"error":{"code":"INVALID_CREDENTIALS","message":"Invalid email or password","details":"The provided credentials do not match any account","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}
        arkos 401 {"status":"error","message":"Incorrect email or password"}
        "#);
    }

    async fn x11_e04_a_disabled_user_is_told_so_only_after_the_right_password(t: Server) {
        let ada = t.user("ada@example.org").verified().disabled().await;
        let mut told = Told::default();
        for door in &DOORS {
            door.says(&door.sign_in(&t, &ada.email, "wrong").await, Verdict::WrongCredentials);
            let right = door.sign_in(&t, &ada.email, PASSWORD).await;
            door.says(&right, Verdict::Disabled);
            told.add(door, &right);
        }
        assert_snapshot!(told.text(), @r#"
        rakomi 403 {"type":"about:blank","title":"Forbidden","status":403,"code":"auth/user_disabled","detail":"This account has been disabled","request_id":"req_…","error":{"code":"auth/user_disabled","message":"This account has been disabled","request_id":"req_…"}}
        rakcha 401 {"message":"Invalid credentials."}
        koolbase 403 {"error":"Account has been disabled by project admin","code":"user_disabled"}
        darukaa 403 {"error":{"code":"ACCOUNT_DISABLED","message":"This account has been disabled","details":"Please contact those who run this service","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}
        arkos 401 {"status":"error","message":"Incorrect email or password"}
        "#);
    }

    async fn x11_e04_an_unverified_user_is_told_so_only_after_the_right_password(t: Server) {
        demand_verified(&t, true).await;
        let ada = t.user("ada@example.org").await;
        let mut told = Told::default();
        for door in &DOORS {
            door.says(&door.sign_in(&t, &ada.email, "wrong").await, Verdict::WrongCredentials);
            let right = door.sign_in(&t, &ada.email, PASSWORD).await;
            door.says(&right, Verdict::Unverified);
            told.add(door, &right);
        }
        assert_snapshot!(told.text(), @r#"
        rakomi 403 {"type":"about:blank","title":"Forbidden","status":403,"code":"auth/email_not_verified","detail":"The email address must be verified before logging in","request_id":"req_…","error":{"code":"auth/email_not_verified","message":"The email address must be verified before logging in","request_id":"req_…"}}
        rakcha 401 {"message":"Invalid credentials."}
        koolbase 400 {"error":"User must verify email before logging in","code":"email_not_verified"}
        darukaa 403 {"error":{"code":"EMAIL_NOT_VERIFIED","message":"The email address has not been verified","details":"Please follow the link in the verification mail, or ask for a new one","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}
        arkos 403 {"status":"error","message":"Please verify your email to log in."}
        "#);
    }

    async fn x11_an_address_that_is_taken_at_one_door_is_taken_at_all(t: Server) {
        let ada = t.user("ada@example.org").await;
        let mut told = Told::default();
        for door in &DOORS {
            let Some(path) = door.sign_up else { continue };
            let body = json!({"email": ada.email.to_uppercase(), "password": STRONG});
            let answer = door.post(&t, path, body).await;
            door.says(&answer, Verdict::Taken);
            told.add(door, &answer);
        }
        assert_snapshot!(told.text(), @r#"
        rakomi 409 {"type":"about:blank","title":"Conflict","status":409,"code":"auth/email_taken","detail":"This email address is already registered","request_id":"req_…","error":{"code":"auth/email_taken","message":"This email address is already registered","request_id":"req_…"}}
        koolbase 409 {"error":"Email already registered","code":"email_taken"}
        darukaa 400 {"error":{"code":"EMAIL_ALREADY_EXISTS","message":"An account with this email already exists","details":"Please use a different email address or try logging in","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}
        arkos 409 {"status":"error","message":"Duplicate value detected for the unique field(s): email. Please use a different value."}
        "#);
    }

    async fn r01_no_door_lets_a_stranger_choose_what_only_operators_decide(t: Server) {
        for (number, field) in [
            "id", "role", "roles", "isSuperUser", "is_admin", "isActive", "emailVerified", "email_verified", "verified",
            "project_id", "permissions", "status", "password_hash", "created_at", "createdAt",
        ]
        .into_iter()
        .enumerate()
        {
            for door in &DOORS {
                let Some(path) = door.sign_up else { continue };
                let email = format!("{}{number}@example.org", door.name);
                let body = json!({"email": email, "password": STRONG, field: true});
                let from = format!("198.51.100.{number}").parse().expect("an address");
                let answer = door.request(&t, "POST", path).from(from).json(&body).send().await;
                // Refused, or taken without the field; never obeyed.
                if door.meaning(&answer) == [Verdict::Done] {
                    let user = t.find(&email).await.expect("the user who signed up");
                    assert!(user.email_verified_at.is_none() && user.disabled_at.is_none(), "{}", door.name);
                    assert!(user.profile.is_empty() && user.public_metadata.is_empty(), "{}: {field}", door.name);
                } else {
                    door.says(&answer, Verdict::Malformed);
                    assert!(t.find(&email).await.is_none(), "{}: {field}", door.name);
                }
            }
        }
    }

    async fn i05_no_door_signs_up_or_in_by_anything_but_two_strings(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for (number, wrong) in [
            json!(null), json!(1), json!(true), json!([]), json!({"$gt": ""}), json!(""), json!([ada.email]),
        ]
        .into_iter()
        .enumerate()
        {
            for door in &DOORS {
                let from = format!("198.51.100.{number}").parse().expect("an address");
                for body in [
                    json!({door.identifier: wrong, "password": PASSWORD}),
                    json!({door.identifier: ada.email, "password": wrong}),
                ] {
                    for path in door.sign_up.into_iter().chain([door.sign_in]) {
                        let answer = door.request(&t, "POST", path).from(from).json(&body).send().await;
                        door.says(&answer, Verdict::Malformed);
                    }
                }
            }
        }
    }
}
