//! Rakcha's token (`contracts/rakcha.md`, "Token").

use crate::role;
use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_model::Timestamp;
use vestibule_model::id::SessionId;
use vestibule_model::token::{Algorithm, Expected, Presented, TokenFacts, TokenShape, jti, read_jti};

/// HS256 without a `kid`. It names no issuer, audience or environment: the key itself is that of one project,
/// environment and dialect.
pub(crate) struct RakchaToken;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    sub: i64,
    email: &'a str,
    role: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    sid: SessionId,
}

impl TokenShape for RakchaToken {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Hs256
    }

    fn names_key(&self) -> bool {
        false
    }

    fn header(&self, _: &str) -> String {
        r#"{"alg":"HS256","typ":"JWT"}"#.to_owned()
    }

    fn claims(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Claims {
            sub: facts.number,
            email: facts.email,
            role: role::shown(facts.roles, facts.own),
            iat: facts.issued_at.seconds(),
            exp: facts.expires_at.seconds(),
            jti: jti(facts.session, facts.generation),
            sid: facts.session,
        };
        serde_json::to_string(&claims).unwrap_or_default()
    }

    fn read(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        _: &Expected<'_>,
    ) -> Option<Presented> {
        let text = |name: &str| claims.get(name)?.as_str();
        let number = |name: &str| claims.get(name)?.as_i64();
        let plain = header.len() == 2 && header.get("typ").and_then(Value::as_str) == Some("JWT");
        // A whole number of JSON: neither `"42"` nor `42.0` is one.
        let of_a_user = number("sub")? >= 1;
        let (_, _, _) = (text("email")?, text("role")?, number("iat")?);
        let (session, generation) = read_jti(text("jti")?)?;
        let own_session = text("sid")?.parse() == Ok(session);
        let expires_at = Timestamp::from_seconds(number("exp")?);
        (plain && of_a_user && own_session).then_some(Presented {
            session,
            generation,
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_model::id::{ProjectId, UserId};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::{Environment, Realm};

    const EXPECTED: Expected<'static> = Expected {
        realm: Realm {
            project: ProjectId::from_bytes([7; 16]),
            environment: Environment::Test,
        },
        issuer: "",
        audience: "",
    };

    fn written(roles: &[String]) -> String {
        RakchaToken.claims(&TokenFacts {
            realm: EXPECTED.realm,
            issuer: EXPECTED.issuer,
            audience: EXPECTED.audience,
            own: &OwnSettings::default(),
            user: UserId::from_bytes([1; 16]),
            number: 42,
            email: "user@example.com",
            roles,
            permissions: &[],
            session: SessionId::from_bytes([2; 16]),
            generation: 1,
            issued_at: Timestamp::from_seconds(1_711_528_000),
            expires_at: Timestamp::from_seconds(1_711_531_600),
        })
    }

    fn header() -> Map<String, Value> {
        serde_json::from_str(&RakchaToken.header("k1")).unwrap()
    }

    fn read(claims: &Map<String, Value>) -> Option<Presented> {
        RakchaToken.read(&header(), claims, &EXPECTED)
    }

    #[test]
    fn the_documents_claims_stand_first_and_in_its_order() {
        assert_eq!(RakchaToken.header("k1"), r#"{"alg":"HS256","typ":"JWT"}"#);
        let document = r#"{"sub":42,"email":"user@example.com","role":"client","iat":1711528000,"#;
        let session = SessionId::from_bytes([2; 16]);
        let ours = format!(r#""exp":1711531600,"jti":"{session}.1","sid":"{session}"}}"#);
        assert_eq!(written(&[]), format!("{document}{ours}"));
        assert!(written(&["admin".to_owned()]).contains(r#""role":"admin""#));
    }

    #[test]
    fn t26_t30_a_claim_of_another_type_or_none_is_not_ours() {
        let claims: Map<String, Value> = serde_json::from_str(&written(&[])).unwrap();
        assert_eq!(read(&claims).unwrap().generation, 1);
        for (name, wrongs) in [
            (
                "sub",
                vec![json!("42"), json!(42.0), json!([42]), json!(0), json!(-42)],
            ),
            ("email", vec![json!(1)]),
            ("role", vec![json!(["client"])]),
            ("iat", vec![json!("1711528000")]),
            ("exp", vec![json!("1711531600"), json!(1_711_531_600.0)]),
            ("jti", vec![json!("x"), json!(1)]),
            ("sid", vec![json!(SessionId::from_bytes([3; 16]))]),
        ] {
            let mut tampered = claims.clone();
            for wrong in wrongs {
                tampered.insert(name.to_owned(), wrong.clone());
                assert_eq!(read(&tampered), None, "{name} = {wrong}");
            }
            tampered.remove(name);
            assert_eq!(read(&tampered), None, "{name} absent");
        }
    }

    #[test]
    fn t12_a_header_with_more_or_another_type_is_not_ours() {
        let claims = serde_json::from_str(&written(&[])).unwrap();
        for (name, value) in [("kid", "k1"), ("typ", "at+jwt"), ("typ", "jwt")] {
            let mut header = header();
            header.insert(name.to_owned(), value.into());
            assert_eq!(RakchaToken.read(&header, &claims, &EXPECTED), None, "{name}");
        }
    }
}
