//! Arkos's access token (`contracts/arkos.md`, "Token").

use serde::Serialize;
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::token::{Claims, Expected, PlainClaims, TokenFacts, jti};

/// Neither issuer nor audience: the key that signed the token names project, environment and dialect.
pub(crate) struct ArkosClaims;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Written {
    id: UserId,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    jti: String,
}

impl PlainClaims for ArkosClaims {
    fn write(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Written {
            id: facts.user,
            sub: facts.user,
            sid: facts.session,
            iat: facts.issued_at.seconds(),
            exp: facts.expires_at.seconds(),
            jti: jti(facts.session, facts.generation),
        };
        serde_json::to_string(&claims).unwrap_or_default()
    }

    fn are_ours(&self, claims: Claims<'_>, _: &Expected<'_>) -> bool {
        let user: Option<UserId> = claims.parsed("id");
        claims.count() == 6 && user.is_some() && claims.parsed("sub") == user
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};
    use vestibule_model::id::{ProjectId, SessionId};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::token::{Plain, Presented, TokenShape};
    use vestibule_model::{Environment, Realm, Timestamp};

    const TOKEN: Plain<ArkosClaims> = Plain(ArkosClaims);

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
        TOKEN.claims(&TokenFacts {
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
        TOKEN.read(&map(&TOKEN.header("")), claims, &EXPECTED)
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
}
