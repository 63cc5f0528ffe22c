//! Arkos's access token (`contracts/arkos.md`, "Token").

use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_model::Timestamp;
use vestibule_model::id::UserId;
use vestibule_model::token::{Algorithm, Expected, Presented, TokenFacts, TokenShape, jti, read_jti};

/// HS256 with the shortest header that is used. It has neither issuer nor audience: the key that signed it names
/// project, environment and dialect.
pub(crate) struct ArkosToken;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Claims {
    id: UserId,
    sub: UserId,
    sid: String,
    iat: i64,
    exp: i64,
    jti: String,
}

impl TokenShape for ArkosToken {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Hs256
    }

    fn names_key(&self) -> bool {
        false
    }

    fn header(&self, _: &str) -> String {
        HEADER.to_owned()
    }

    fn claims(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Claims {
            id: facts.user,
            sub: facts.user,
            sid: facts.session.to_string(),
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
        _: &Expected<'_>,
    ) -> Option<Presented> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let user: UserId = text("id")?.parse().ok()?;
        let (session, generation) = read_jti(text("jti")?)?;
        claims.get("iat")?.as_i64()?;
        let expires_at = Timestamp::from_seconds(claims.get("exp")?.as_i64()?);
        let ours = header.len() == 2
            && header.get("alg").and_then(Value::as_str) == Some("HS256")
            && header.get("typ").and_then(Value::as_str) == Some("JWT")
            && claims.len() == 6
            && text("sub")?.parse() == Ok(user)
            && text("sid")?.parse() == Ok(session);
        ours.then_some(Presented {
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
    use vestibule_model::id::{ProjectId, SessionId};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::{Environment, Realm};

    const REALM: Realm = Realm {
        project: ProjectId::from_bytes([7; 16]),
        environment: Environment::Test,
    };

    const EXPECTED: Expected<'static> = Expected {
        realm: REALM,
        issuer: "",
        audience: "",
    };

    fn written() -> String {
        ArkosToken.claims(&TokenFacts {
            realm: REALM,
            issuer: "",
            audience: "",
            own: &OwnSettings::default(),
            user: UserId::from_bytes([1; 16]),
            number: 42,
            email: "ada@example.org",
            roles: &[],
            permissions: &[],
            session: SessionId::from_bytes([2; 16]),
            generation: 3,
            issued_at: Timestamp::from_seconds(100),
            expires_at: Timestamp::from_seconds(1_000),
        })
    }

    fn map(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    fn read(claims: &Map<String, Value>) -> Option<Presented> {
        ArkosToken.read(&map(HEADER), claims, &EXPECTED)
    }

    #[test]
    fn the_claims_stand_in_the_documented_order() {
        let names: Vec<_> = map(&written()).keys().cloned().collect();
        assert_eq!(names, ["id", "sub", "sid", "iat", "exp", "jti"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let presented = Presented {
            session: SessionId::from_bytes([2; 16]),
            generation: 3,
            expires_at: Timestamp::from_seconds(1_000),
        };
        assert_eq!(read(&map(&written())), Some(presented));
    }

    #[test]
    fn t26_a_claim_that_differs_in_value_or_type_is_not_ours() {
        let other = SessionId::from_bytes([9; 16]).to_string();
        let claims = map(&written());
        for (name, wrong) in [
            ("id", json!(1)),
            ("id", json!("1")),
            ("id", json!(other)),
            ("sub", json!(UserId::from_bytes([8; 16]).to_string())),
            ("sid", json!(other)),
            ("sid", json!([claims["sid"]])),
            ("iat", json!("100")),
            ("iat", json!(100.5)),
            ("exp", json!("1000")),
            ("exp", json!(1000.0)),
            ("jti", json!(format!("{}.03", SessionId::from_bytes([2; 16])))),
        ] {
            let mut tampered = claims.clone();
            tampered.insert(name.to_owned(), wrong.clone());
            assert_eq!(read(&tampered), None, "{name} = {wrong}");
            tampered.shift_remove(name);
            assert_eq!(read(&tampered), None, "{name} absent");
        }
        let mut more = claims;
        more.insert("role".to_owned(), json!("admin"));
        assert_eq!(read(&more), None, "one claim more");
    }

    #[test]
    fn no_other_header_is_ours() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"jwt"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#,
        ] {
            assert_eq!(
                ArkosToken.read(&map(header), &map(&written()), &EXPECTED),
                None,
                "{header}"
            );
        }
    }
}
