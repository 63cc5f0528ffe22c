//! The refresh token's text: `rt_<session>.<base64url(generation ‖ MAC)>` (STORE.md §2).

use crate::digest::{Mac, MacKey, mac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_model::id::SessionId;
use vestibule_model::{DialectName, Realm};
use zeroize::Zeroizing;

const PREFIX: &str = "rt_";
const SESSION: usize = 36;

/// What a refresh token is bound to besides its session and generation.
#[derive(Clone, Copy, Debug)]
pub struct RefreshScope<'a> {
    /// The session's 16 random bytes: with them, database and master key are both needed to make a token.
    pub salt: &'a [u8],
    /// Project and environment of the session.
    pub realm: Realm,
    /// The API through which the session began.
    pub dialect: DialectName,
}

/// A refresh token taken apart; its MAC has not been checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshText {
    /// The session that it claims to belong to.
    pub session: SessionId,
    /// The generation that it claims to be.
    pub generation: u32,
    mac: [u8; 32],
}

impl RefreshText {
    /// The token of a session and generation.
    pub fn make(
        key: &MacKey,
        scope: &RefreshScope<'_>,
        session: SessionId,
        generation: u32,
    ) -> Zeroizing<String> {
        let mac = authenticator(key, scope, session, generation);
        let body = [&generation.to_be_bytes()[..], &mac.bytes()].concat();
        Zeroizing::new(format!("{PREFIX}{session}.{}", URL_SAFE_NO_PAD.encode(body)))
    }

    /// Takes a token apart. Only the one spelling that [`RefreshText::make`] writes is read.
    pub fn parse(text: &str) -> Option<Self> {
        let (session, body) = text.strip_prefix(PREFIX)?.split_at_checked(SESSION)?;
        let body = body.strip_prefix('.').filter(|body| body.len() == 48)?;
        let body = URL_SAFE_NO_PAD.decode(body).ok()?;
        let (generation, mac) = body.split_first_chunk()?;
        Some(Self {
            session: session.parse().ok()?,
            generation: u32::from_be_bytes(*generation),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether this server made it for this scope; compared in constant time.
    pub fn authentic(&self, key: &MacKey, scope: &RefreshScope<'_>) -> bool {
        authenticator(key, scope, self.session, self.generation).is(&self.mac)
    }
}

fn authenticator(key: &MacKey, scope: &RefreshScope<'_>, session: SessionId, generation: u32) -> Mac {
    let RefreshScope { salt, realm, dialect } = scope;
    let (session, generation, project) = (session.bytes(), generation.to_be_bytes(), realm.project.bytes());
    let (environment, dialect) = (realm.environment.as_str(), dialect.as_str());
    mac(
        key,
        &[
            b"vestibule refresh v1",
            salt,
            &session,
            &generation,
            &project,
            environment.as_bytes(),
            dialect.as_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::Environment;
    use vestibule_model::id::ProjectId;

    const SALT: [u8; 16] = [9; 16];

    fn scope(salt: &[u8]) -> RefreshScope<'_> {
        let realm = Realm {
            project: ProjectId::from_bytes([3; 16]),
            environment: Environment::Live,
        };
        RefreshScope {
            salt,
            realm,
            dialect: DialectName::new("rakomi"),
        }
    }

    fn session() -> SessionId {
        "01926f1a-0000-7000-8000-000000000000".parse().unwrap()
    }

    #[test]
    fn a_token_is_read_as_it_was_made() {
        let key = MacKey::new(&[1; 32]);
        for generation in [1, 2, u32::MAX] {
            let text = RefreshText::make(&key, &scope(&SALT), session(), generation);
            assert!(text.starts_with("rt_01926f1a-0000-7000-8000-000000000000."));
            assert_eq!(text.len(), 88);
            let read = RefreshText::parse(&text).unwrap();
            assert_eq!((read.session, read.generation), (session(), generation));
            assert!(read.authentic(&key, &scope(&SALT)));
        }
    }

    #[test]
    fn it_is_bound_to_everything_around_it() {
        let key = MacKey::new(&[1; 32]);
        let made = RefreshText::parse(&RefreshText::make(&key, &scope(&SALT), session(), 1)).unwrap();
        let here = scope(&SALT);
        let test = Realm {
            environment: Environment::Test,
            ..here.realm
        };
        let other = Realm {
            project: ProjectId::from_bytes([4; 16]),
            ..here.realm
        };
        assert!(!made.authentic(&MacKey::new(&[2; 32]), &here));
        assert!(!made.authentic(&key, &scope(&[8; 16])));
        assert!(!made.authentic(&key, &RefreshScope { realm: test, ..here }));
        assert!(!made.authentic(&key, &RefreshScope { realm: other, ..here }));
        assert!(!made.authentic(
            &key,
            &RefreshScope {
                dialect: DialectName::new("arkos"),
                ..here
            }
        ));
        assert!(
            !RefreshText {
                generation: 2,
                ..made.clone()
            }
            .authentic(&key, &here)
        );
        assert!(
            !RefreshText {
                session: SessionId::from_bytes([5; 16]),
                ..made
            }
            .authentic(&key, &here)
        );
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        let text = RefreshText::make(&MacKey::new(&[1; 32]), &scope(&SALT), session(), 1).to_string();
        let (head, body) = text.split_once('.').unwrap();
        let odd = [
            String::new(),
            "rt_".into(),
            head.into(),
            text.to_uppercase(),
            format!(" {text}"),
            format!("{text} "),
            format!("{text}="),
            format!("{text}A"),
            text[..text.len() - 1].into(),
            text.replace('.', "-"),
            text.replace("rt_", "RT_"),
            format!("{}.{body}", head.to_uppercase().replace("RT_", "rt_")),
            format!("{}.{body}", head.replace('-', "")),
            format!("{head}.{}", body.replace('A', "+")),
            format!("rt_{}\u{e9}.{body}", &head[3..38]),
        ];
        for text in odd {
            assert_eq!(RefreshText::parse(&text), None, "{text}");
        }
        assert!(RefreshText::parse(&text).is_some());
    }
}
