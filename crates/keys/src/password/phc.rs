//! The shared grammar of stored hashes: `$name$key=value,…$salt$hash`.

use super::hash::BadHash;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Standard base64, with or without padding: writers differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest salt or hash that is decoded; longer ones are no hash of ours or of anybody's default.
const MAX_FIELD: usize = 256;

/// Decodes a salt or a hash. passlib writes `.` where base64 has `+`.
pub(super) fn decode(field: &str) -> Result<Vec<u8>, BadHash> {
    if field.len() > MAX_FIELD {
        return Err(BadHash::Damaged);
    }
    BASE64
        .decode(field.replace('.', "+"))
        .map_err(|_| BadHash::Damaged)
}

/// Encodes a salt or a hash, without padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// A number without sign or leading zero.
pub(super) fn number(text: &str) -> Result<u32, BadHash> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical {
        text.parse().map_err(|_| BadHash::TooCostly)
    } else {
        Err(BadHash::Damaged)
    }
}

/// `key=value` pairs, each key of `keys` at most once and no other: the values in the order of `keys`.
pub(super) fn parameters<const N: usize>(field: &str, keys: [&str; N]) -> Result<[Option<u32>; N], BadHash> {
    let mut values = [None; N];
    for pair in field.split(',') {
        let (key, value) = pair.split_once('=').ok_or(BadHash::Damaged)?;
        let (_, slot) = keys
            .iter()
            .zip(&mut values)
            .find(|(it, _)| **it == key)
            .ok_or(BadHash::Damaged)?;
        if slot.replace(number(value)?).is_some() {
            return Err(BadHash::Damaged);
        }
    }
    Ok(values)
}
