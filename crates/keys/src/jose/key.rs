//! Keys: one algorithm each, parsed once, for signing and for checking.

use super::jwk::{Jwk, Public};
use crate::digest::sha256;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use vestibule_model::token::Algorithm;
use zeroize::Zeroizing;

/// Key material that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not a private key of the algorithm, inconsistent, or RSA below 2,048 or above 4,096 bits.
    #[error("not a sound {} private key (PKCS#8; RSA of 2,048 to 4,096 bits)", .0.as_str())]
    Material(Algorithm),
    /// A shared secret that somebody could guess.
    #[error("an HS256 secret needs at least 32 random bytes")]
    WeakSecret,
    /// The generator failed.
    #[error("the key could not be generated")]
    Generation,
}

/// The signature could not be made; nothing was consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SignError;

/// RSA signatures of the largest keys that are taken.
const MAX_SIGNATURE: usize = 512;

enum Secret {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Mac(Box<hmac::Key>),
}

/// A secret key: signs, and checks what it signed. Its algorithm is a property of it, never of a token.
pub struct Key {
    algorithm: Algorithm,
    kid: String,
    secret: Secret,
    /// `None` exactly for shared secrets, which have nothing to publish.
    public: Option<(ParsedPublicKey, Public)>,
}

impl Key {
    /// Makes a new key and the material to seal and store: PKCS#8, or 32 random bytes for HS256.
    /// RSA (2,048 bits) takes 100–175 ms, so call it off the runtime.
    pub fn generate(algorithm: Algorithm) -> Result<(Self, Zeroizing<Vec<u8>>), BadKey> {
        let material = Zeroizing::new(match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| BadKey::Generation)?;
                AsDer::<Pkcs8V1Der>::as_der(&pair)
                    .map_err(|_| BadKey::Generation)?
                    .as_ref()
                    .to_vec()
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| BadKey::Generation)?;
                pair.to_pkcs8v1()
                    .map_err(|_| BadKey::Generation)?
                    .as_ref()
                    .to_vec()
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(|_| BadKey::Generation)?;
                pair.to_pkcs8v1()
                    .map_err(|_| BadKey::Generation)?
                    .as_ref()
                    .to_vec()
            }
            Algorithm::Hs256 => {
                let mut secret = vec![0; 32];
                rand::fill(&mut secret).map_err(|_| BadKey::Generation)?;
                secret
            }
        });
        Ok((Self::from_material(algorithm, &material)?, material))
    }

    /// Parses stored or imported material.
    pub fn from_material(algorithm: Algorithm, material: &[u8]) -> Result<Self, BadKey> {
        let bad = BadKey::Material(algorithm);
        let (secret, public) = match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(material).map_err(|_| bad)?;
                if !(256..=MAX_SIGNATURE).contains(&pair.public_modulus_len()) {
                    return Err(bad);
                }
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                let public = Public::rsa(
                    n.big_endian_without_leading_zero(),
                    e.big_endian_without_leading_zero(),
                );
                let parsed = verifier(algorithm, key.as_ref()).ok_or(bad)?;
                (Secret::Rsa(pair), Some((parsed, public)))
            }
            Algorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, material).map_err(|_| bad)?;
                let point = pair.public_key().as_ref();
                let public = Public::p256(point).ok_or(bad)?;
                let parsed = verifier(algorithm, point).ok_or(bad)?;
                (Secret::Ec(pair), Some((parsed, public)))
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(material).map_err(|_| bad)?;
                let point = pair.public_key().as_ref();
                let public = Public::ed25519(point);
                let parsed = verifier(algorithm, point).ok_or(bad)?;
                (Secret::Ed(pair), Some((parsed, public)))
            }
            Algorithm::Hs256 => (Secret::Mac(Box::new(mac_key(material)?)), None),
        };
        let kid = public
            .as_ref()
            .map_or_else(|| secret_id(material), |(_, public)| public.thumbprint());
        Ok(Self {
            algorithm,
            kid,
            secret,
            public,
        })
    }

    /// The one algorithm of this key.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's id: its RFC 7638 thumbprint; for HS256 a hash of the random secret, cut to 16 bytes.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What is published of this key; `None` for HS256.
    pub fn jwk(&self) -> Option<Jwk> {
        self.public
            .as_ref()
            .map(|(_, public)| public.jwk(&self.kid, self.algorithm.as_str()))
    }

    /// Signs a token of this header (already base64url, see [`super::encode_header`]) and these claims (JSON).
    pub fn sign(&self, header: &str, claims: &str) -> Result<String, SignError> {
        let body = claims.len().div_ceil(3) * 4;
        let mut token = String::with_capacity(header.len() + body + MAX_SIGNATURE.div_ceil(3) * 4 + 2);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signed = token.len();
        token.push('.');
        let message = token.get(..signed).ok_or(SignError)?.as_bytes();
        let mut signature = [0; MAX_SIGNATURE];
        let signature = self.signature(message, &mut signature).ok_or(SignError)?;
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature<'a>(&self, message: &[u8], buffer: &'a mut [u8; MAX_SIGNATURE]) -> Option<&'a [u8]> {
        let short = match &self.secret {
            Secret::Rsa(pair) => {
                let out = buffer.get_mut(..pair.public_modulus_len())?;
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, out)
                    .ok()?;
                return Some(out);
            }
            Secret::Mac(key) => {
                let tag = hmac::sign(key, message);
                let out = buffer.get_mut(..tag.as_ref().len())?;
                out.copy_from_slice(tag.as_ref());
                return Some(out);
            }
            Secret::Ec(pair) => pair.sign(&SystemRandom::new(), message).ok()?,
            Secret::Ed(pair) => pair.try_sign(message).ok()?,
        };
        let out = buffer.get_mut(..short.as_ref().len())?;
        out.copy_from_slice(short.as_ref());
        Some(out)
    }

    /// Whether `signature` is this key's for `message`. ECDSA signatures are r ‖ s (RFC 7518 §3.4), never DER.
    pub(super) fn authentic(&self, message: &[u8], signature: &[u8]) -> bool {
        match (&self.secret, &self.public) {
            (Secret::Mac(key), _) => hmac::verify(key, message, signature).is_ok(),
            (_, Some((public, _))) => public.verify_sig(message, signature).is_ok(),
            (_, None) => false,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A public key that checks signatures of this algorithm: RSA in DER, P-256 as a point, Ed25519 as 32 bytes.
pub(super) fn verifier(algorithm: Algorithm, public: &[u8]) -> Option<ParsedPublicKey> {
    let algorithm: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::EdDsa => &ED25519,
        Algorithm::Hs256 => return None,
    };
    ParsedPublicKey::new(algorithm, public).ok()
}

/// Refuses what is short, or of so few different bytes that nobody drew it at random.
fn mac_key(material: &[u8]) -> Result<hmac::Key, BadKey> {
    let mut seen = [false; 256];
    for byte in material {
        if let Some(slot) = seen.get_mut(usize::from(*byte)) {
            *slot = true;
        }
    }
    let varied = seen.into_iter().filter(|seen| *seen).count() >= 10;
    if material.len() < 32 || !varied {
        Err(BadKey::WeakSecret)
    } else {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, material))
    }
}

fn secret_id(material: &[u8]) -> String {
    let text = Zeroizing::new([b"vestibule hs256 key id v1".as_slice(), material].concat());
    URL_SAFE_NO_PAD.encode(sha256(&text).first_chunk::<16>().copied().unwrap_or_default())
}
