//! Rakomi's access token (`contracts/rakomi.md`, "Access token").

use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_model::id::{ProjectId, SessionId, UserId};
use vestibule_model::token::{Algorithm, Claims, Expected, Presented, TokenFacts, TokenShape, jti};

/// RS256, `at+jwt` (RFC 9068), with the claims that the vendor's clients read.
pub(crate) struct RakomiToken;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Written<'a> {
    iss: &'a str,
    sub: UserId,
    aud: &'a str,
    tenant_id: ProjectId,
    email: &'a str,
    sid: SessionId,
    iat: i64,
    exp: i64,
    jti: String,
    rkm_env: &'static str,
    roles: &'a [String],
    permissions: &'a [String],
}

impl TokenShape for RakomiToken {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn header(&self, kid: &str) -> String {
        format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{kid}"}}"#)
    }

    fn claims(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Written {
            iss: facts.issuer,
            sub: facts.user,
            aud: facts.audience,
            tenant_id: facts.realm.project,
            email: facts.email,
            sid: facts.session,
            iat: facts.issued_at.seconds(),
            exp: facts.expires_at.seconds(),
            jti: jti(facts.session, facts.generation),
            rkm_env: facts.realm.environment.as_str(),
            roles: facts.roles,
            permissions: facts.permissions,
        };
        serde_json::to_string(&claims).unwrap_or_default()
    }

    fn read(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        expected: &Expected<'_>,
    ) -> Option<Presented> {
        let claims = Claims::of(claims);
        let ours = header.get("typ").and_then(Value::as_str) == Some("at+jwt")
            && claims.text("iss") == Some(expected.issuer)
            && claims.text("aud") == Some(expected.audience)
            && claims.parsed("tenant_id") == Some(expected.realm.project)
            && claims.text("rkm_env") == Some(expected.realm.environment.as_str());
        claims.presented().filter(|_| ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::id::SessionId;
    use vestibule_model::project::OwnSettings;
    use vestibule_model::{Environment, Realm, Timestamp};

    const REALM: Realm = Realm {
        project: ProjectId::from_bytes([7; 16]),
        environment: Environment::Test,
    };

    fn claims() -> Map<String, Value> {
        let facts = TokenFacts {
            realm: REALM,
            issuer: "rakomi.com",
            audience: "app",
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
        };
        serde_json::from_str(&RakomiToken.claims(&facts)).unwrap()
    }

    fn header() -> Map<String, Value> {
        serde_json::from_str(&RakomiToken.header("k1")).unwrap()
    }

    const EXPECTED: Expected<'static> = Expected {
        realm: REALM,
        issuer: "rakomi.com",
        audience: "app",
    };

    #[test]
    fn the_documents_sample_begins_like_our_header() {
        assert!(RakomiToken.header("k1").starts_with(r#"{"alg":"RS256","#));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let presented = RakomiToken.read(&header(), &claims(), &EXPECTED).unwrap();
        let expires_at = Timestamp::from_seconds(1_000);
        assert_eq!(
            presented,
            Presented {
                session: SessionId::from_bytes([2; 16]),
                generation: 3,
                expires_at
            }
        );
    }

    #[test]
    fn t11_t12_t13_x13_a_claim_that_differs_in_value_or_type_is_not_ours() {
        for (name, wrong) in [
            ("iss", Value::from("rakomi.com/")),
            ("iss", Value::from("Rakomi.com")),
            ("iss", Value::from("https://rakomi.com")),
            ("aud", Value::from("other")),
            ("aud", Value::from(vec!["app"])),
            ("aud", Value::from(1)),
            (
                "tenant_id",
                Value::from(ProjectId::from_bytes([8; 16]).to_string()),
            ),
            ("rkm_env", Value::from("live")),
            ("sid", Value::from(SessionId::from_bytes([9; 16]).to_string())),
            (
                "jti",
                Value::from(format!("{}.03", SessionId::from_bytes([2; 16]))),
            ),
            ("exp", Value::from("1000")),
        ] {
            let mut tampered = claims();
            tampered.insert(name.to_owned(), wrong.clone());
            assert_eq!(
                RakomiToken.read(&header(), &tampered, &EXPECTED),
                None,
                "{name} = {wrong}"
            );
            tampered.remove(name);
            assert_eq!(
                RakomiToken.read(&header(), &tampered, &EXPECTED),
                None,
                "{name} absent"
            );
        }
        let mut other_type = header();
        other_type.insert("typ".to_owned(), Value::from("JWT"));
        assert_eq!(RakomiToken.read(&other_type, &claims(), &EXPECTED), None);
    }
}
