//! Koolbase's session token (`contracts/koolbase.md`, "Token").

use serde::Serialize;
use serde_json::Value;
use vestibule_model::id::{ProjectId, SessionId, UserId};
use vestibule_model::token::{Claims, Expected, PlainClaims, TokenFacts, jti};

/// An `aud` that is a list of one.
pub(crate) struct KoolbaseClaims;

/// The claims in the order in which they are written.
#[derive(Serialize)]
struct Written<'a> {
    sub: UserId,
    iss: &'a str,
    aud: [&'a str; 1],
    email: &'a str,
    project_id: ProjectId,
    environment_id: &'static str,
    sid: SessionId,
    jti: String,
    iat: i64,
    exp: i64,
}

impl PlainClaims for KoolbaseClaims {
    fn write(&self, facts: &TokenFacts<'_>) -> String {
        let claims = Written {
            sub: facts.user,
            iss: facts.issuer,
            aud: [facts.audience],
            email: facts.email,
            project_id: facts.realm.project,
            environment_id: facts.realm.environment.as_str(),
            sid: facts.session,
            jti: jti(facts.session, facts.generation),
            iat: facts.issued_at.seconds(),
            exp: facts.expires_at.seconds(),
        };
        serde_json::to_string(&claims).unwrap_or_default()
    }

    fn are_ours(&self, claims: Claims<'_>, expected: &Expected<'_>) -> bool {
        let audience = claims.get("aud").and_then(Value::as_array).map(Vec::as_slice);
        claims.text("iss") == Some(expected.issuer)
            && matches!(audience, Some([only]) if only.as_str() == Some(expected.audience))
            && claims.parsed("project_id") == Some(expected.realm.project)
            && claims.text("environment_id") == Some(expected.realm.environment.as_str())
            && claims.parsed::<UserId>("sub").is_some()
            && claims.text("email").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};
    use vestibule_model::project::OwnSettings;
    use vestibule_model::token::{Plain, TokenShape};
    use vestibule_model::{Environment, Realm, Timestamp};

    const TOKEN: Plain<KoolbaseClaims> = Plain(KoolbaseClaims);

    const USER: UserId = UserId::from_bytes([1; 16]);
    const SESSION: SessionId = SessionId::from_bytes([2; 16]);

    const EXPECTED: Expected<'static> = Expected {
        realm: Realm {
            project: ProjectId::from_bytes([7; 16]),
            environment: Environment::Test,
        },
        issuer: "koolbase",
        audience: "koolbase-client",
    };

    fn written() -> String {
        TOKEN.claims(&TokenFacts {
            realm: EXPECTED.realm,
            issuer: EXPECTED.issuer,
            audience: EXPECTED.audience,
            own: &OwnSettings::default(),
            user: USER,
            number: 42,
            email: "user@example.com",
            roles: &["admin".to_owned()],
            permissions: &[],
            session: SESSION,
            generation: 3,
            issued_at: Timestamp::from_seconds(100),
            expires_at: Timestamp::from_seconds(1_000),
        })
    }

    fn header() -> Map<String, Value> {
        serde_json::from_str(&TOKEN.header("k1")).unwrap()
    }

    #[test]
    fn the_audience_is_a_list_of_one_and_the_header_names_no_key() {
        assert_eq!(TOKEN.header("k1"), r#"{"alg":"HS256","typ":"JWT"}"#);
        let project = EXPECTED.realm.project;
        let who = format!(
            r#""sub":"{USER}","iss":"koolbase","aud":["koolbase-client"],"email":"user@example.com""#
        );
        let place = format!(r#""project_id":"{project}","environment_id":"test","sid":"{SESSION}""#);
        let until = format!(r#""jti":"{SESSION}.3","iat":100,"exp":1000"#);
        assert_eq!(written(), format!("{{{who},{place},{until}}}"));
    }

    #[test]
    fn t11_t13_x13_a_claim_that_differs_in_value_or_type_is_not_ours() {
        let claims: Map<String, Value> = serde_json::from_str(&written()).unwrap();
        assert_eq!(TOKEN.read(&header(), &claims, &EXPECTED).unwrap().generation, 3);
        for (name, wrong) in [
            ("sub", json!(42)),
            ("sub", json!("42")),
            ("iss", json!("Koolbase")),
            ("aud", json!("koolbase-client")),
            ("aud", json!([])),
            ("aud", json!(["other"])),
            ("aud", json!(["koolbase-client", "other"])),
            ("email", json!(null)),
            ("project_id", json!(ProjectId::from_bytes([8; 16]))),
            ("environment_id", json!("live")),
            ("sid", json!(SessionId::from_bytes([9; 16]))),
            ("jti", json!(format!("{SESSION}.03"))),
            ("iat", json!("100")),
            ("exp", json!("1000")),
            ("exp", json!(1000.0)),
        ] {
            let mut tampered = claims.clone();
            tampered.insert(name.to_owned(), wrong.clone());
            assert_eq!(
                TOKEN.read(&header(), &tampered, &EXPECTED),
                None,
                "{name} = {wrong}"
            );
            tampered.remove(name);
            assert_eq!(TOKEN.read(&header(), &tampered, &EXPECTED), None, "{name} absent");
        }
    }
}
