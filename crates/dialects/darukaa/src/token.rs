//! Darukaa's access token (`contracts/darukaa.md`, last paragraph).

use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_model::Timestamp;
use vestibule_model::id::UserId;
use vestibule_model::token::{Algorithm, Expected, Presented, TokenFacts, TokenShape, jti, read_jti};

/// HS256, without a `kid`.
pub(crate) struct DarukaaToken;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Claims<'a> {
    sub: UserId,
    email: &'a str,
    sid: String,
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl TokenShape for DarukaaToken {
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
            sub: facts.user,
            email: facts.email,
            sid: facts.session.to_string(),
            iss: facts.issuer,
            aud: facts.audience,
            iat: facts.issued_at.seconds(),
            exp: facts.expires_at.seconds(),
            jti: jti(facts.session, facts.generation),
        };
        serde_json::to_string(&claims).unwrap_or_default()
    }

    fn read(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        expected: &Expected<'_>,
    ) -> Option<Presented> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let ours = header.len() == 2
            && header.get("typ").and_then(Value::as_str) == Some("JWT")
            && text("iss") == Some(expected.issuer)
            && text("aud") == Some(expected.audience)
            && text("sub")?.parse::<UserId>().is_ok()
            && text("email").is_some();
        let (session, generation) = read_jti(text("jti")?)?;
        let own_session = text("sid")?.parse() == Ok(session);
        let expires_at = Timestamp::from_seconds(claims.get("exp")?.as_i64()?);
        (ours && own_session).then_some(Presented {
            session,
            generation,
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::id::{ProjectId, SessionId};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::{Environment, Realm};

    const EXPECTED: Expected<'static> = Expected {
        realm: Realm {
            project: ProjectId::from_bytes([7; 16]),
            environment: Environment::Test,
        },
        issuer: "darukaa",
        audience: "07070707-0707-0707-0707-070707070707",
    };

    fn written() -> String {
        DarukaaToken.claims(&TokenFacts {
            realm: EXPECTED.realm,
            issuer: EXPECTED.issuer,
            audience: EXPECTED.audience,
            own: &OwnSettings::default(),
            user: UserId::from_bytes([1; 16]),
            number: 42,
            email: "ada@example.org",
            roles: &["admin".to_owned()],
            permissions: &[],
            session: SessionId::from_bytes([2; 16]),
            generation: 3,
            issued_at: Timestamp::from_seconds(100),
            expires_at: Timestamp::from_seconds(1_000),
        })
    }

    fn claims() -> Map<String, Value> {
        serde_json::from_str(&written()).unwrap()
    }

    fn header() -> Map<String, Value> {
        serde_json::from_str(&DarukaaToken.header("k1")).unwrap()
    }

    #[test]
    fn the_header_is_the_samples_and_the_claims_are_these_eight() {
        assert_eq!(DarukaaToken.header("k1"), r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(
            written(),
            r#"{"sub":"01010101-0101-0101-0101-010101010101","email":"ada@example.org","sid":"02020202-0202-0202-0202-020202020202","iss":"darukaa","aud":"07070707-0707-0707-0707-070707070707","iat":100,"exp":1000,"jti":"02020202-0202-0202-0202-020202020202.3"}"#
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let expected = Presented {
            session: SessionId::from_bytes([2; 16]),
            generation: 3,
            expires_at: Timestamp::from_seconds(1_000),
        };
        assert_eq!(DarukaaToken.read(&header(), &claims(), &EXPECTED), Some(expected));
    }

    #[test]
    fn t11_t12_t13_x13_a_claim_that_differs_in_value_or_type_is_not_ours() {
        for (name, wrong) in [
            ("iss", Value::from("rakomi.com")),
            ("iss", Value::from("Darukaa")),
            ("aud", Value::from("other")),
            ("aud", Value::from(vec![EXPECTED.audience])),
            ("sub", Value::from("1")),
            ("sub", Value::from(1)),
            ("email", Value::from(true)),
            ("sid", Value::from(SessionId::from_bytes([9; 16]).to_string())),
            (
                "jti",
                Value::from(format!("{}.03", SessionId::from_bytes([2; 16]))),
            ),
            ("exp", Value::from("1000")),
        ] {
            let mut tampered = claims();
            tampered.insert(name.to_owned(), wrong.clone());
            let read = DarukaaToken.read(&header(), &tampered, &EXPECTED);
            assert_eq!(read, None, "{name} = {wrong}");
            tampered.remove(name);
            let read = DarukaaToken.read(&header(), &tampered, &EXPECTED);
            assert_eq!(read, None, "{name} absent");
        }
        for (name, value) in [("typ", "at+jwt"), ("kid", "k1")] {
            let mut other = header();
            other.insert(name.to_owned(), Value::from(value));
            assert_eq!(DarukaaToken.read(&other, &claims(), &EXPECTED), None, "{name}");
        }
    }
}
