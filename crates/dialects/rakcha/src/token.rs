//! Rakcha's token (`contracts/rakcha.md`, "Token").

use crate::role;
use serde::Serialize;
use vestibule_model::id::SessionId;
use vestibule_model::token::{Claims, Expected, PlainClaims, TokenFacts, jti};

/// Neither issuer, audience nor environment: the key itself is that of one project, environment and dialect.
pub(crate) struct RakchaClaims;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Written<'a> {
    sub: i64,
    email: &'a str,
    role: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    sid: SessionId,
}

impl PlainClaims for RakchaClaims {
    fn write(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Written {
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

    fn are_ours(&self, claims: Claims<'_>, _: &Expected<'_>) -> bool {
        claims.number("sub").is_some_and(|number| number >= 1)
            && claims.text("email").is_some()
            && claims.text("role").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};
    use vestibule_model::id::{ProjectId, UserId};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::token::{Plain, Presented, TokenShape};
    use vestibule_model::{Environment, Realm, Timestamp};

    const TOKEN: Plain<RakchaClaims> = Plain(RakchaClaims);

    const EXPECTED: Expected<'static> = Expected {
        realm: Realm {
            project: ProjectId::from_bytes([7; 16]),
            environment: Environment::Test,
        },
        issuer: "",
        audience: "",
    };

    fn written(roles: &[String]) -> String {
        TOKEN.claims(&TokenFacts {
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
        serde_json::from_str(&TOKEN.header("k1")).unwrap()
    }

    fn read(claims: &Map<String, Value>) -> Option<Presented> {
        TOKEN.read(&header(), claims, &EXPECTED)
    }

    #[test]
    fn the_documents_claims_stand_first_and_in_its_order() {
        assert_eq!(TOKEN.header("k1"), r#"{"alg":"HS256","typ":"JWT"}"#);
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
}
