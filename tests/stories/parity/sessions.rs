//! Sessions end at every door, at once.

use super::door::{DOORS, Told, Verdict};
use vestibule_testkit::insta::assert_snapshot;
use vestibule_testkit::{PASSWORD, stories};

stories! {
    async fn s05_a_token_is_dead_after_logout_and_logging_out_again_is_no_error(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            let Some((method, path)) = door.logout else { continue };
            let (token, other) = (
                door.signed_in(&t, &ada.email, PASSWORD).await,
                door.signed_in(&t, &ada.email, PASSWORD).await,
            );
            assert_eq!(door.bearing(&t, &token, method, path).await.status, 204, "{}", door.name);
            door.says(&door.me(&t, &token).await, Verdict::NotSignedIn);
            door.says(&door.me(&t, &other).await, Verdict::Done);
            assert_eq!(door.bearing(&t, &token, method, path).await.status, 204, "{}", door.name);
        }
    }

    async fn s08_a_disabled_user_is_out_at_every_door(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let mut tokens = Vec::new();
        for door in &DOORS {
            tokens.push(door.signed_in(&t, &ada.email, PASSWORD).await);
        }
        t.disable(&ada).await;
        let mut told = Told::default();
        for (door, token) in DOORS.iter().zip(&tokens) {
            let answer = door.me(&t, token).await;
            door.says(&answer, Verdict::NotSignedIn);
            told.add(door, &answer);
        }
        assert_snapshot!(told.text(), @r#"
        rakomi 401 {"type":"about:blank","title":"Unauthorized","status":401,"code":"token/revoked","detail":"The session of this access token has ended","request_id":"req_…","error":{"code":"token/revoked","message":"The session of this access token has ended","request_id":"req_…"}}
        rakcha 401 {"message":"Invalid credentials."}
        koolbase 401 {"error":"Missing or invalid session token","code":"unauthorized"}
        darukaa 401 {"error":{"code":"UNAUTHORIZED","message":"Invalid or missing access token","details":"Please provide a valid Bearer token in the Authorization header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}
        arkos 401 {"status":"error","message":"You are not logged in! Please log in to get access."}
        "#);
    }

    async fn s08_r25_a_deleted_user_is_out_and_a_new_one_of_the_address_gets_nothing_of_it(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let mut tokens = Vec::new();
        for door in &DOORS {
            tokens.push(door.signed_in(&t, &ada.email, PASSWORD).await);
        }
        t.delete(&ada).await;
        t.user("ada@example.org").verified().await;
        for (door, token) in DOORS.iter().zip(&tokens) {
            door.says(&door.me(&t, token).await, Verdict::NotSignedIn);
        }
    }

    async fn f14_a_changed_password_ends_the_sessions_of_every_other_door(t: Server) {
        for door in &DOORS {
            let Some((path, old, new)) = door.change else { continue };
            let ada = t.user(&format!("{}@example.org", door.name)).verified().await;
            let mut others = Vec::new();
            for other in &DOORS {
                others.push((other, other.signed_in(&t, &ada.email, PASSWORD).await));
            }
            // A door with a small budget of its own has it again.
            t.advance(std::time::Duration::from_secs(6));
            let own = door.signed_in(&t, &ada.email, PASSWORD).await;
            let body = serde_json::json!({old: PASSWORD, new: "EvenStronger@456"});
            let request = door.request(&t, "POST", path).header("authorization", &format!("Bearer {own}"));
            door.says(&request.json(&body).send().await, Verdict::Done);
            door.says(&door.me(&t, &own).await, Verdict::Done);
            for (other, token) in others {
                other.says(&other.me(&t, &token).await, Verdict::NotSignedIn);
                other.says(&other.sign_in(&t, &ada.email, PASSWORD).await, Verdict::WrongCredentials);
                other.signed_in(&t, &ada.email, "EvenStronger@456").await;
            }
        }
    }

    async fn f07_a_reset_password_ends_the_sessions_of_every_door(t: Server) {
        for door in &DOORS {
            let (Some(forgot), Some(reset)) = (door.forgot, door.reset) else { continue };
            let ada = t.user(&format!("{}@example.org", door.name)).verified().await;
            let mut sessions = Vec::new();
            for other in &DOORS {
                sessions.push((other, other.signed_in(&t, &ada.email, PASSWORD).await));
            }
            let asked = door.post(&t, forgot, serde_json::json!({"email": ada.email})).await;
            door.says(&asked, Verdict::Done);
            let token = t.mails_to(&ada.email).await.pop().expect("a mail").token();
            let body = serde_json::json!({"token": token, "password": "EvenStronger@456"});
            door.says(&door.post(&t, reset, body.clone()).await, Verdict::Done);
            door.says(&door.post(&t, reset, body).await, Verdict::DeadSecret);
            for (other, token) in sessions {
                other.says(&other.me(&t, &token).await, Verdict::NotSignedIn);
                other.signed_in(&t, &ada.email, "EvenStronger@456").await;
            }
        }
    }

    async fn s10_on_a_shared_device_nobody_gets_the_session_of_who_was_there_before(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        let eve = t.user("eve@example.org").verified().await;
        for door in &DOORS {
            let left = door.signed_in(&t, &ada.email, PASSWORD).await;
            if let Some((method, path)) = door.logout {
                door.says(&door.request(&t, method, path).send().await, Verdict::NotSignedIn);
            }
            for carried in [vec![], vec![("authorization", format!("Bearer {left}"))], vec![("cookie", format!("arkos_access_token={left}"))]] {
                let body = serde_json::json!({door.identifier: eve.email, "password": PASSWORD});
                let request = carried.iter().fold(door.request(&t, "POST", door.sign_in), |request, (name, value)| request.header(name, value));
                let answer = request.json(&body).send().await;
                door.says(&answer, Verdict::Done);
                assert!(!answer.to_string().contains(&left), "{}: {answer}", door.name);
                let me = door.me(&t, &answer.string(door.token)).await.to_string();
                assert!(me.contains(&eve.email) && !me.contains(&ada.email), "{}: {me}", door.name);
            }
            let hers = door.me(&t, &left).await.to_string();
            assert!(hers.contains(&ada.email), "{}: {hers}", door.name);
        }
    }

    async fn s14_no_answer_with_a_token_or_a_profile_is_kept(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            let signed_in = door.sign_in(&t, &ada.email, PASSWORD).await;
            let me = door.me(&t, &signed_in.string(door.token)).await;
            for answer in [&signed_in, &me] {
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", door.name);
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", door.name);
            }
        }
    }

    async fn s13_t27_a_token_counts_only_where_one_is_looked_for(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            let token = door.signed_in(&t, &ada.email, PASSWORD).await;
            let me = door.me.expect("a door shows who is signed in");
            for (target, headers) in [
                (format!("{me}?access_token={token}"), vec![]),
                (me.to_owned(), vec![format!("Bearer  {token}")]),
                (me.to_owned(), vec![format!("Bearer {token}, Bearer {token}")]),
                (me.to_owned(), vec![format!("Bearer {token}"), format!("Bearer {token}")]),
                (me.to_owned(), vec![format!("Token {token}")]),
                (me.to_owned(), vec![token.clone()]),
            ] {
                // The check for other proxies knows its parameters and refuses every other one.
                if door.name == "rakcha" && target != me {
                    continue;
                }
                let request = headers
                    .iter()
                    .fold(door.request(&t, "GET", &target), |request, value| request.header("authorization", value));
                door.says(&request.send().await, Verdict::NotSignedIn);
            }
            let lower = door.request(&t, "GET", me).header("authorization", &format!("bearer {token}"));
            door.says(&lower.send().await, Verdict::Done);
        }
    }
}
