//! Digits and letters only: texts that a double click selects whole.

use vestibule_model::{Entropy, entropy};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` characters, each uniform among the 62: 5.95 bits of chance each.
pub(crate) fn random(entropy: &dyn Entropy, length: usize) -> String {
    (0..length).map(|_| digit(entropy::below(entropy, 62))).collect()
}

/// `value` in exactly six characters; 62⁶ exceeds 2³².
pub(crate) fn six(value: u32) -> String {
    let powers = [916_132_832, 14_776_336, 238_328, 3_844, 62, 1];
    powers
        .into_iter()
        .map(|power: u32| digit(value / power % 62))
        .collect()
}

/// Whether `text` consists of such characters alone.
pub(crate) fn is(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn digit(value: u32) -> char {
    usize::try_from(value)
        .ok()
        .and_then(|index| ALPHABET.get(index))
        .map_or('0', |byte| char::from(*byte))
}
