//! The secrets that users see: API keys, mailed tokens and codes, refresh tokens.
//!
//! Of all but the refresh token only [`hash_of`] is stored; of the refresh token nothing is.

mod refresh;

pub use refresh::{RefreshScope, RefreshText};

use crate::base62;
use crate::digest::sha256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_model::{Entropy, Environment, entropy};
use zeroize::Zeroizing;

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiKeyKind {
    /// `akm_…`: an application's server.
    Api,
    /// `pk_…`: a browser or an app; public by nature.
    Publishable,
    /// `drk_…`: an application of Darukaa's; its live keys say `prod`.
    Darukaa,
    /// `sk_…`: administration.
    Secret,
}

impl ApiKeyKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Api, Self::Publishable, Self::Darukaa, Self::Secret];

    /// The first part of the key's text.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Api => "akm",
            Self::Publishable => "pk",
            Self::Darukaa => "drk",
            Self::Secret => "sk",
        }
    }

    /// The second part of the key's text.
    pub const fn environment(self, environment: Environment) -> &'static str {
        match (self, environment) {
            (Self::Darukaa, Environment::Live) => "prod",
            (_, environment) => environment.as_str(),
        }
    }
}

/// Random characters of an API key: 190 bits.
const BODY: usize = 32;
const CHECKSUM: usize = 6;

/// A text that is no API key: it can be refused, and the typo named, without asking the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnApiKey {
    /// It does not begin like an API key.
    #[error("not an API key: keys begin with akm_, pk_, drk_ or sk_, then live_ (drk_: prod_) or test_")]
    Form,
    /// It begins like one, but its length, its characters or its checksum are wrong: mistyped or cut.
    #[error("the API key is mistyped or cut short: its checksum is wrong")]
    Mistyped,
}

/// What an API key's text says about itself. Whether it was ever issued, the database knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyText {
    /// What it may do.
    pub kind: ApiKeyKind,
    /// Which half of the project it belongs to.
    pub environment: Environment,
}

impl ApiKeyText {
    /// A new key: `akm_live_` and 38 letters and digits, the last six of them a checksum of all before.
    pub fn generate(self, entropy: &dyn Entropy) -> Zeroizing<String> {
        let body = Zeroizing::new(base62::random(entropy, BODY));
        let environment = self.kind.environment(self.environment);
        let mut text = Zeroizing::new(format!("{}_{environment}_{}", self.kind.prefix(), *body));
        let sum = checksum(&text);
        text.push_str(&sum);
        text
    }

    /// Reads kind and environment off a key, after its checksum.
    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        let (kind, rest) = text.split_once('_').ok_or(NotAnApiKey::Form)?;
        let (environment, body) = rest.split_once('_').ok_or(NotAnApiKey::Form)?;
        let kind = ApiKeyKind::ALL
            .into_iter()
            .find(|it| it.prefix() == kind)
            .ok_or(NotAnApiKey::Form)?;
        let environment = Environment::ALL
            .into_iter()
            .find(|it| kind.environment(*it) == environment)
            .ok_or(NotAnApiKey::Form)?;
        if body.len() != BODY + CHECKSUM || !base62::is(body) {
            return Err(NotAnApiKey::Mistyped);
        }
        let (signed, sum) = text
            .split_at_checked(text.len() - CHECKSUM)
            .ok_or(NotAnApiKey::Mistyped)?;
        if checksum(signed) == sum {
            Ok(Self { kind, environment })
        } else {
            Err(NotAnApiKey::Mistyped)
        }
    }
}

fn checksum(text: &str) -> String {
    let [a, b, c, d, ..] = sha256(text.as_bytes());
    base62::six(u32::from_be_bytes([a, b, c, d]))
}

/// What is stored of an API key, a mailed token or a code: SHA-256 of its text. The texts of keys and tokens
/// are random enough that no slow hash is needed; a code must be bound to its user and be limited in attempts.
pub fn hash_of(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}

/// A token for a mailed link: 256 random bits as 43 base64url characters.
pub fn mailed_token(entropy: &dyn Entropy) -> Zeroizing<String> {
    let bytes = Zeroizing::new(entropy::bytes::<32>(entropy));
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// A code to type off a mail: six digits, each of the million equally likely.
pub fn mailed_code(entropy: &dyn Entropy) -> Zeroizing<String> {
    Zeroizing::new(format!("{:06}", entropy::below(entropy, 1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn all() -> impl Iterator<Item = ApiKeyText> {
        let pairs = ApiKeyKind::ALL
            .into_iter()
            .flat_map(|kind| Environment::ALL.map(|environment| (kind, environment)));
        pairs.map(|(kind, environment)| ApiKeyText { kind, environment })
    }

    #[test]
    fn an_api_key_says_what_it_is() {
        for expected in all() {
            let text = expected.generate(&SystemEntropy);
            let environment = expected.kind.environment(expected.environment);
            assert!(text.starts_with(&format!("{}_{environment}_", expected.kind.prefix())));
            assert_eq!(ApiKeyText::parse(&text), Ok(expected));
            assert_ne!(*text, *expected.generate(&SystemEntropy));
        }
    }

    #[test]
    fn darukaas_live_keys_say_prod() {
        let (kind, environment) = (ApiKeyKind::Darukaa, Environment::Live);
        let text = ApiKeyText { kind, environment }.generate(&SystemEntropy);
        assert!(text.starts_with("drk_prod_"));
        assert_eq!(
            ApiKeyText::parse(&text.replace("drk_prod_", "drk_live_")),
            Err(NotAnApiKey::Form)
        );
        assert_eq!(
            ApiKeyText::parse(&text.replace("drk_prod_", "akm_prod_")),
            Err(NotAnApiKey::Form)
        );
    }

    #[test]
    fn every_mistyped_character_is_noticed() {
        let text = ApiKeyText {
            kind: ApiKeyKind::Api,
            environment: Environment::Live,
        }
        .generate(&SystemEntropy);
        for index in "akm_live_".len()..text.len() {
            let mut typo = text.as_bytes().to_vec();
            typo[index] = if typo[index] == b'x' { b'y' } else { b'x' };
            assert_eq!(
                ApiKeyText::parse(std::str::from_utf8(&typo).unwrap()),
                Err(NotAnApiKey::Mistyped),
                "character {index}"
            );
        }
        assert_eq!(
            ApiKeyText::parse(&text[..text.len() - 1]),
            Err(NotAnApiKey::Mistyped)
        );
        assert_eq!(
            ApiKeyText::parse(&format!("{}0", *text)),
            Err(NotAnApiKey::Mistyped)
        );
        assert_eq!(
            ApiKeyText::parse(&text.replacen("live", "test", 1)),
            Err(NotAnApiKey::Mistyped)
        );
        assert_eq!(
            ApiKeyText::parse(&text.replacen("akm", "sk", 1)),
            Err(NotAnApiKey::Mistyped)
        );
    }

    #[test]
    fn what_does_not_begin_like_a_key_is_none() {
        for text in [
            "",
            "akm",
            "akm_live",
            "rt_live_x",
            "akm_prod_x",
            "AKM_live_x",
            " akm_live_x",
            "ghp_x_y",
        ] {
            assert_eq!(ApiKeyText::parse(text), Err(NotAnApiKey::Form), "{text}");
        }
        assert_eq!(
            ApiKeyText::parse("pk_test_\u{e9}\u{e9}"),
            Err(NotAnApiKey::Mistyped)
        );
    }

    #[test]
    fn mailed_secrets_have_their_whole_range() {
        let token = mailed_token(&SystemEntropy);
        assert_eq!(token.len(), 43);
        assert_ne!(*token, *mailed_token(&SystemEntropy));
        let codes: Vec<_> = (0..1_000).map(|_| mailed_code(&SystemEntropy)).collect();
        assert!(
            codes
                .iter()
                .all(|code| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()))
        );
        assert!((b'0'..=b'9').all(|digit| codes.iter().any(|code| code.as_bytes()[0] == digit)));
    }
}
