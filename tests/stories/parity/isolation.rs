//! Walls: between doors, projects and environments, and before tokens that nobody issued. Rakomi's own tokens are told
//! in `rakomi::tokens`; these are the doors whose tokens are signed with a shared secret and name no key.

use super::door::{DOORS, Door, Verdict};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use vestibule_testkit::{BEGINNING, Environment, PASSWORD, Server, hmac_secret, stories};

/// The moment at which every story begins, in seconds.
const NOW: i64 = BEGINNING.seconds();

/// A token in the making: at first a copy of a genuine one.
#[derive(Clone)]
struct Copy {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Copy {
    fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("an object")
        });
        let mut part = || parts.next().expect("a part");
        Self {
            header: part(),
            claims: part(),
        }
    }

    fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    fn without(mut self, claim: &str) -> Self {
        self.claims.shift_remove(claim).expect("a claim to leave out");
        self
    }

    fn message(&self) -> String {
        let part = |object: &Map<String, Value>| {
            URL_SAFE_NO_PAD.encode(serde_json::to_string(object).expect("JSON"))
        };
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    fn signed(&self, door: &Door) -> String {
        signed(&self.message(), &hmac_secret(door.name, Environment::Live))
    }
}

fn signed(message: &str, secret: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The doors whose tokens are signed with a shared secret.
fn shared_secret_doors() -> impl Iterator<Item = &'static Door> {
    DOORS.iter().filter(|door| door.name != "rakomi")
}

/// Somebody's token at a door, as a copy that is good as long as nothing is changed.
async fn copied(t: &Server, door: &Door) -> Copy {
    let email = format!("{}@example.org", door.name);
    t.user(&email).verified().await;
    let token = door.signed_in(t, &email, PASSWORD).await;
    let copy = Copy::of(&token);
    door.says(&door.me(t, &copy.signed(door)).await, Verdict::Done);
    copy
}

async fn is_not_ours(t: &Server, door: &Door, what: &str, token: &str) {
    let answer = door.me(t, token).await;
    assert_eq!(answer.status, 401, "{} {what}: {answer}", door.name);
    door.says(&answer, Verdict::NotSignedIn);
}

stories! {
    async fn x03_a_token_of_one_door_opens_no_other(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            let token = door.signed_in(&t, &ada.email, PASSWORD).await;
            for other in &DOORS {
                let answer = other.me(&t, &token).await;
                other.says(&answer, if other.name == door.name { Verdict::Done } else { Verdict::NotSignedIn });
            }
        }
    }

    async fn x01_x14_the_same_people_in_another_project_are_other_people(t: Server) {
        let other = t.another_project("other").await;
        let key = &other.keys.live.publishable;
        for door in &DOORS {
            let Some(path) = door.sign_up else { continue };
            let email = format!("{}@example.org", door.name);
            t.user(&email).verified().await;
            let here = door.signed_in(&t, &email, PASSWORD).await;
            let body = json!({"email": email, "password": "SecureP@ss123"});
            let there = t.request("POST", path).header("x-api-key", key).json(&body).send().await;
            assert_eq!(there.status, 201, "{}: {there}", door.name);
            let me = t.request("GET", door.me.expect("a door shows who is signed in"));
            let me = me.header("x-api-key", key).header("authorization", &format!("Bearer {here}"));
            door.says(&me.send().await, Verdict::NotSignedIn);
        }
    }

    async fn x02_no_doors_secret_signs_for_another_door_or_project(t: Server) {
        let other = t.another_project("other").await;
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            for foreign in shared_secret_doors().filter(|foreign| foreign.name != door.name) {
                is_not_ours(&t, door, foreign.name, &copy.signed(foreign)).await;
            }
            let test = signed(&copy.message(), &hmac_secret(door.name, Environment::Test));
            let answer = door.me(&t, &test).await;
            assert!(answer.status == 401 || answer.status == 403, "{}: {answer}", door.name);
            for (claim, value) in [
                ("project_id", json!(other.project.id.to_string())),
                ("environment_id", json!("test")),
                ("iss", json!("another")),
                ("aud", json!("another")),
            ] {
                if copy.claims.contains_key(claim) {
                    is_not_ours(&t, door, claim, &copy.clone().claim(claim, value).signed(door)).await;
                }
            }
        }
    }

    async fn x05_a_bad_key_is_refused_at_every_door_and_never_ignored(t: Server) {
        let ada = t.user("ada@example.org").verified().await;
        for door in &DOORS {
            for key in ["", "nonsense", "akm_live_nonsense", t.keys.live.secret.as_str()] {
                let body = json!({door.identifier: ada.email, "password": PASSWORD});
                let request = t.request("POST", door.sign_in).header("x-api-key", key).json(&body);
                let (answer, cost) = t.cost_of(Box::pin(request.send())).await;
                assert_eq!(answer.status, 401, "{} {key}: {answer}", door.name);
                assert_eq!(cost.hashes, 0, "{} {key}", door.name);
            }
        }
    }

    async fn t01_t03_the_key_chooses_the_algorithm_and_never_the_header(t: Server) {
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            for alg in ["none", "None", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "hs256", "HS256 "] {
                let copy = copy.clone().header("alg", alg);
                is_not_ours(&t, door, alg, &copy.signed(door)).await;
                is_not_ours(&t, door, alg, &format!("{}.", copy.message())).await;
            }
            is_not_ours(&t, door, "no signature", &format!("{}.", copy.message())).await;
            is_not_ours(&t, door, "another secret", &signed(&copy.message(), &[7; 32])).await;
        }
    }

    async fn t05_t06_t07_a_header_that_asks_for_more_is_refused(t: Server) {
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            for (name, value) in [
                ("jku", json!("http://127.0.0.1:1/")),
                ("x5u", json!("http://127.0.0.1:1/")),
                ("jwk", json!({"kty": "oct", "k": "AA"})),
                ("x5c", json!(["AA"])),
                ("crit", json!(["exp"])),
                ("b64", json!(false)),
                ("kid", json!("../../dev/null")),
                ("typ", json!("at+jwt")),
                ("typ", json!("refresh")),
            ] {
                is_not_ours(&t, door, name, &copy.clone().header(name, value).signed(door)).await;
            }
        }
    }

    async fn t08_t09_t10_t30_a_token_has_a_time_that_can_be_judged(t: Server) {
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            is_not_ours(&t, door, "no exp", &copy.clone().without("exp").signed(door)).await;
            for exp in [
                json!(null), json!("9999999999"), json!(9_999_999_999.5), json!(-1), json!(1e300), json!([NOW + 60]),
                json!(u64::MAX), json!(NOW - 31), json!(NOW - 60),
            ] {
                is_not_ours(&t, door, &exp.to_string(), &copy.clone().claim("exp", exp.clone()).signed(door)).await;
            }
            for (name, value) in [("nbf", json!(NOW + 3_600)), ("nbf", json!("0")), ("iat", json!("0")), ("iat", json!(NOW + 90_000))] {
                is_not_ours(&t, door, name, &copy.clone().claim(name, value).signed(door)).await;
            }
            let within_the_leeway = copy.clone().claim("exp", NOW - 29).signed(door);
            door.says(&door.me(&t, &within_the_leeway).await, Verdict::Done);
        }
    }

    async fn t14_a_token_has_one_spelling(t: Server) {
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            let good = copy.signed(door);
            let (message, signature) = good.rsplit_once('.').expect("three parts");
            let twice = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","alg":"HS256","typ":"JWT"}"#),
                message.split('.').nth(1).expect("claims")
            );
            for spelled in [
                format!("{good}="),
                format!("{good}."),
                format!("{good}.{signature}"),
                format!("{message}=.{signature}"),
                signed(&twice, &hmac_secret(door.name, Environment::Live)),
                good.to_uppercase(),
            ] {
                let answer = door.me(&t, &spelled).await;
                door.says(&answer, Verdict::NotSignedIn);
            }
        }
    }

    /// What is revoked is the session, never the bytes of one token of it.
    async fn t16_an_ended_session_is_dead_in_every_spelling_of_its_token(t: Server) {
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            let mut turned = copy.clone();
            turned.claims = copy.claims.clone().into_iter().rev().collect();
            assert_ne!(turned.signed(door), copy.signed(door));
            door.says(&door.me(&t, &turned.signed(door)).await, Verdict::Done);
            let session = copy.claims["sid"].as_str().expect("a session").parse().expect("its id");
            t.end_session(session).await;
            is_not_ours(&t, door, "the token", &copy.signed(door)).await;
            is_not_ours(&t, door, "the same claims in another order", &turned.signed(door)).await;
        }
    }

    async fn t26_a_claim_of_another_type_is_not_ours(t: Server) {
        for door in shared_secret_doors() {
            let copy = copied(&t, door).await;
            for (name, genuine) in copy.claims.clone() {
                let others = match genuine {
                    Value::Number(number) => vec![json!(number.to_string()), json!(number.as_f64().map(|it| it + 0.5)), json!([number])],
                    Value::String(text) => vec![json!([text]), json!(1), json!({"is": text})],
                    _ => vec![json!(1), json!("text")],
                };
                // What the door only tells its clients, and never reads back, may be anything.
                if ["email", "role", "environment_id"].contains(&name.as_str()) {
                    continue;
                }
                for other in others {
                    is_not_ours(&t, door, &format!("{name} = {other}"), &copy.clone().claim(&name, other).signed(door)).await;
                }
            }
        }
    }
}
