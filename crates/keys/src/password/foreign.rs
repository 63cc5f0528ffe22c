//! Hashes that other systems made: verified once, then replaced by ours.

use super::argon2::HashFailed;
use super::hash::BadHash;
use super::phc::{decode, number, parameters};
use aws_lc_rs::pbkdf2;
use std::num::NonZeroU32;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// 2¹⁵ rounds take about two seconds.
const MAX_BCRYPT: u32 = 15;
/// bcrypt looks at no byte after these.
const MAX_BCRYPT_BYTES: usize = 72;
const MAX_SCRYPT_LOG_N: u32 = 17;
const MAX_SCRYPT_KIB: u32 = 256 * 1024;
const MAX_SCRYPT_LANES: u32 = 16;
const MAX_PBKDF2: u32 = 2_000_000;
const MAX_SHA_CRYPT: u32 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sha {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Foreign {
    Bcrypt {
        cost: u32,
        text: String,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
        salt: Vec<u8>,
        tag: Vec<u8>,
    },
    Pbkdf2 {
        sha: Sha,
        rounds: NonZeroU32,
        salt: Vec<u8>,
        tag: Vec<u8>,
    },
    ShaCrypt {
        sha: Sha,
        rounds: u32,
        text: String,
    },
}

impl Foreign {
    pub(super) fn parse(text: &str) -> Result<Self, BadHash> {
        let fields: Vec<&str> = text.split('$').collect();
        match fields.as_slice() {
            ["", "2a" | "2b" | "2y", cost, _] => bcrypt(text, cost),
            ["", "scrypt", settings, salt, tag] => scrypt(settings, salt, tag),
            ["", name, rounds, salt, tag] if name.starts_with("pbkdf2") => {
                let rounds = rounds.split_once(',').map_or(*rounds, |(first, _)| first);
                pbkdf2(
                    &[name, rounds.strip_prefix("i=").unwrap_or(rounds)],
                    decode(salt)?,
                    tag,
                )
            }
            // Django's salt is text, not base64.
            [
                name @ ("pbkdf2_sha1" | "pbkdf2_sha256" | "pbkdf2_sha512"),
                rounds,
                salt,
                tag,
            ] => pbkdf2(&[name, rounds], salt.as_bytes().to_vec(), tag),
            ["", name @ ("5" | "6"), rounds, salt, tag] => sha_crypt(text, name, Some(rounds), &[salt, tag]),
            ["", name @ ("5" | "6"), salt, tag] => sha_crypt(text, name, None, &[salt, tag]),
            ["", "2a" | "2b" | "2y" | "scrypt" | "5" | "6", ..] => Err(BadHash::Damaged),
            ["", name, ..] if name.starts_with("pbkdf2") => Err(BadHash::Damaged),
            _ => Err(BadHash::UnknownScheme),
        }
    }

    /// Thousandths of a hash with the floor's parameters, for a password of this many bytes. Measured on x86-64
    /// with SHA extensions; elsewhere the pool's deadlines still bound what is begun.
    pub(super) fn cost(&self, password: usize) -> u32 {
        let millionths = match self {
            Self::Bcrypt { cost, .. } => 8_000_000_u64 << cost,
            Self::Scrypt { log_n, r, p, .. } => (36_000_u64 << log_n) * u64::from(*r) * u64::from(*p),
            Self::Pbkdf2 { sha, rounds, .. } => {
                u64::from(rounds.get()) * if *sha == Sha::Sha512 { 70_000 } else { 16_000 }
            }
            Self::ShaCrypt { sha, rounds, .. } => {
                // Every round digests the whole password up to three times.
                let blocks = 1 + password as u64 / 32;
                u64::from(*rounds) * blocks * if *sha == Sha::Sha512 { 61_000 } else { 24_000 }
            }
        };
        u32::try_from(millionths / 1_000_000).unwrap_or(u32::MAX).max(1)
    }

    pub(super) fn memory_kib(&self) -> u32 {
        match self {
            Self::Scrypt { log_n, r, .. } => scrypt_kib((*log_n).into(), *r),
            _ => 4,
        }
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashFailed> {
        match self {
            Self::Bcrypt { text, .. } => {
                // Beyond 72 bytes bcrypt would take any ending for the right one: hashed for its time, then refused.
                let head = password.get(..MAX_BCRYPT_BYTES).unwrap_or(password);
                let equal = bcrypt::verify(head, text).map_err(|_| HashFailed)?;
                Ok(equal && password.len() <= MAX_BCRYPT_BYTES)
            }
            Self::Scrypt {
                log_n,
                r,
                p,
                salt,
                tag,
            } => {
                let params = scrypt::Params::new(*log_n, *r, *p).map_err(|_| HashFailed)?;
                let mut computed = Zeroizing::new(vec![0; tag.len()]);
                scrypt::scrypt(password, salt, &params, &mut computed).map_err(|_| HashFailed)?;
                Ok(computed.ct_eq(tag).into())
            }
            Self::Pbkdf2 {
                sha,
                rounds,
                salt,
                tag,
            } => {
                let algorithm = match sha {
                    Sha::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
                    Sha::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
                    Sha::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
                };
                Ok(pbkdf2::verify(algorithm, *rounds, salt, password, tag).is_ok())
            }
            Self::ShaCrypt { text, .. } => {
                use sha_crypt::{PasswordVerifier, ShaCrypt};
                Ok(ShaCrypt::default()
                    .verify_password(password, text.as_str())
                    .is_ok())
            }
        }
    }
}

fn bcrypt(text: &str, cost: &str) -> Result<Foreign, BadHash> {
    bcrypt::HashParts::from_str(text).map_err(|_| BadHash::Damaged)?;
    match cost.parse() {
        Ok(cost @ 4..=MAX_BCRYPT) => Ok(Foreign::Bcrypt {
            cost,
            text: text.to_owned(),
        }),
        Ok(16..) => Err(BadHash::TooCostly),
        _ => Err(BadHash::Damaged),
    }
}

fn scrypt_kib(log_n: u32, r: u32) -> u32 {
    1_u32
        .checked_shl(log_n)
        .and_then(|n| n.checked_mul(r))
        .map_or(u32::MAX, |blocks| blocks / 8)
}

fn scrypt(settings: &str, salt: &str, tag: &str) -> Result<Foreign, BadHash> {
    let [Some(log_n), Some(r), Some(p)] = parameters(settings, ["ln", "r", "p"])? else {
        return Err(BadHash::Damaged);
    };
    let lanes = r.saturating_mul(p);
    if log_n > MAX_SCRYPT_LOG_N
        || p > MAX_SCRYPT_LANES
        || lanes > 128
        || scrypt_kib(log_n, r) > MAX_SCRYPT_KIB
    {
        return Err(BadHash::TooCostly);
    }
    let log_n = u8::try_from(log_n).map_err(|_| BadHash::TooCostly)?;
    if log_n == 0 || r == 0 || p == 0 {
        return Err(BadHash::Damaged);
    }
    Ok(Foreign::Scrypt {
        log_n,
        r,
        p,
        salt: decode(salt)?,
        tag: sized(decode(tag)?)?,
    })
}

fn pbkdf2(name_and_rounds: &[&str; 2], salt: Vec<u8>, tag: &str) -> Result<Foreign, BadHash> {
    let [name, rounds] = name_and_rounds;
    let sha = match *name {
        "pbkdf2" | "pbkdf2-sha1" | "pbkdf2_sha1" => Sha::Sha1,
        "pbkdf2-sha256" | "pbkdf2_sha256" => Sha::Sha256,
        "pbkdf2-sha512" | "pbkdf2_sha512" => Sha::Sha512,
        _ => return Err(BadHash::UnknownScheme),
    };
    let rounds = number(rounds)?;
    if rounds > MAX_PBKDF2 {
        return Err(BadHash::TooCostly);
    }
    let rounds = NonZeroU32::new(rounds).ok_or(BadHash::Damaged)?;
    Ok(Foreign::Pbkdf2 {
        sha,
        rounds,
        salt,
        tag: sized(decode(tag)?)?,
    })
}

fn sha_crypt(
    text: &str,
    name: &str,
    rounds: Option<&str>,
    salt_and_tag: &[&str; 2],
) -> Result<Foreign, BadHash> {
    let (sha, length) = if name == "5" {
        (Sha::Sha256, 43)
    } else {
        (Sha::Sha512, 86)
    };
    let rounds = match rounds {
        Some(field) => number(field.strip_prefix("rounds=").ok_or(BadHash::Damaged)?)?,
        None => 5_000,
    };
    let [salt, tag] = salt_and_tag;
    let alphabet = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte))
    };
    match rounds {
        _ if tag.len() != length || salt.len() > 16 || !alphabet(tag) || !alphabet(salt) => {
            Err(BadHash::Damaged)
        }
        1_000..=MAX_SHA_CRYPT => Ok(Foreign::ShaCrypt {
            sha,
            rounds,
            text: text.to_owned(),
        }),
        1_000_001.. => Err(BadHash::TooCostly),
        _ => Err(BadHash::Damaged),
    }
}

/// A hash of a length that no guess passes by chance.
fn sized(tag: Vec<u8>) -> Result<Vec<u8>, BadHash> {
    if (16..=128).contains(&tag.len()) {
        Ok(tag)
    } else {
        Err(BadHash::Damaged)
    }
}
