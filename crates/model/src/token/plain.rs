//! Tokens that say as little of themselves as tokens can.

use super::{Algorithm, Claims, Expected, Presented, TokenFacts, TokenShape};
use serde_json::{Map, Value};

/// The one header of these tokens, as it is written.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The claims of a dialect whose tokens are [`Plain`].
pub trait PlainClaims: Send + Sync + 'static {
    /// The claims, as JSON in the documented order.
    fn write(&self, facts: &TokenFacts<'_>) -> String;

    /// Whether everything beside `sid`, `jti`, `iat` and `exp` is exactly what this dialect issues.
    fn are_ours(&self, claims: Claims<'_>, expected: &Expected<'_>) -> bool;
}

/// HS256 with the shortest header that is used, and no `kid`. The key that verified such a token names its project,
/// environment and dialect, whatever its claims say.
pub struct Plain<T>(pub T);

impl<T: PlainClaims> TokenShape for Plain<T> {
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
        self.0.write(facts)
    }

    fn read(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        expected: &Expected<'_>,
    ) -> Option<Presented> {
        let is = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
        let claims = Claims::of(claims);
        let ours = header.len() == 2
            && is("alg", Algorithm::Hs256.as_str())
            && is("typ", "JWT")
            && self.0.are_ours(claims, expected);
        claims.presented().filter(|_| ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ProjectId, SessionId};
    use crate::{Environment, Realm, Timestamp};
    use serde_json::json;

    /// Claims that are always right beside what all tokens have.
    struct Bare;

    impl PlainClaims for Bare {
        fn write(&self, _: &TokenFacts<'_>) -> String {
            String::new()
        }

        fn are_ours(&self, claims: Claims<'_>, _: &Expected<'_>) -> bool {
            claims.get("foreign").is_none()
        }
    }

    const SESSION: SessionId = SessionId::from_bytes([2; 16]);

    fn read(header: &str, claims: &Value) -> Option<Presented> {
        let expected = Expected {
            realm: Realm {
                project: ProjectId::from_bytes([7; 16]),
                environment: Environment::Test,
            },
            issuer: "",
            audience: "",
        };
        let header = serde_json::from_str(header).unwrap();
        Plain(Bare).read(&header, claims.as_object().unwrap(), &expected)
    }

    fn good() -> Value {
        json!({"sid": SESSION, "jti": format!("{SESSION}.3"), "iat": 100, "exp": 1000})
    }

    #[test]
    fn what_every_token_has_is_read_back() {
        let expected = Presented {
            session: SESSION,
            generation: 3,
            expires_at: Timestamp::from_seconds(1_000),
        };
        assert_eq!(Plain(Bare).header("k1"), HEADER);
        assert_eq!(read(HEADER, &good()), Some(expected));
    }

    #[test]
    fn t12_no_other_header_is_ours() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"jwt"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#,
        ] {
            assert_eq!(read(header, &good()), None, "{header}");
        }
    }

    #[test]
    fn t26_t30_a_claim_of_another_type_or_without_an_end_is_refused() {
        for (name, wrong) in [
            ("sid", json!(SessionId::from_bytes([9; 16]))),
            ("sid", json!([SESSION])),
            ("jti", json!(format!("{SESSION}.03"))),
            ("jti", json!(SESSION)),
            ("jti", json!(3)),
            ("iat", json!("100")),
            ("iat", json!(100.5)),
            ("exp", json!("1000")),
            ("exp", json!(1000.0)),
            ("exp", json!(null)),
        ] {
            let mut tampered = good();
            tampered[name] = wrong.clone();
            assert_eq!(read(HEADER, &tampered), None, "{name} = {wrong}");
            tampered.as_object_mut().unwrap().remove(name);
            assert_eq!(read(HEADER, &tampered), None, "{name} absent");
        }
        let mut foreign = good();
        foreign["foreign"] = json!(true);
        assert_eq!(read(HEADER, &foreign), None, "what the dialect does not take");
    }
}
