//! Darukaa's access token (`contracts/darukaa.md`, last paragraph).

use serde::Serialize;
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::token::{Claims, Expected, PlainClaims, TokenFacts, jti};

/// Issuer and audience are texts.
pub(crate) struct DarukaaClaims;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Written<'a> {
    sub: UserId,
    email: &'a str,
    sid: SessionId,
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl PlainClaims for DarukaaClaims {
    fn write(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Written {
            sub: facts.user,
            email: facts.email,
            sid: facts.session,
            iss: facts.issuer,
            aud: facts.audience,
            iat: facts.issued_at.seconds(),
            exp: facts.expires_at.seconds(),
            jti: jti(facts.session, facts.generation),
        };
        serde_json::to_string(&claims).unwrap_or_default()
    }

    fn are_ours(&self, claims: Claims<'_>, expected: &Expected<'_>) -> bool {
        claims.text("iss") == Some(expected.issuer)
            && claims.text("aud") == Some(expected.audience)
            && claims.parsed::<UserId>("sub").is_some()
            && claims.text("email").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};
    use vestibule_model::id::{ProjectId, SessionId};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::token::{Plain, Presented, TokenShape};
    use vestibule_model::{Environment, Realm, Timestamp};

    const TOKEN: Plain<DarukaaClaims> = Plain(DarukaaClaims);

    const EXPECTED: Expected<'static> = Expected {
        realm: Realm {
            project: ProjectId::from_bytes([7; 16]),
            environment: Environment::Test,
        },
        issuer: "darukaa",
        audience: "07070707-0707-0707-0707-070707070707",
    };

    fn written() -> String {
        TOKEN.claims(&TokenFacts {
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
        serde_json::from_str(&TOKEN.header("k1")).unwrap()
    }

    #[test]
    fn the_header_is_the_samples_and_the_claims_are_these_eight() {
        assert_eq!(TOKEN.header("k1"), r#"{"alg":"HS256","typ":"JWT"}"#);
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
        assert_eq!(TOKEN.read(&header(), &claims(), &EXPECTED), Some(expected));
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
            let read = TOKEN.read(&header(), &tampered, &EXPECTED);
            assert_eq!(read, None, "{name} = {wrong}");
            tampered.remove(name);
            let read = TOKEN.read(&header(), &tampered, &EXPECTED);
            assert_eq!(read, None, "{name} absent");
        }
    }
}
