//! Passwords: their normal form, the rule for new ones, and the records that are stored of them.
//!
//! **Normalisation, decided once**: a password is taken in Unicode normal form C and is otherwise left as typed.
//! NFC makes what one keyboard composes and another decomposes the same password; it folds nothing that looks
//! different (`①` is not `1`), and spaces and case stay. Every record says which form it was made from
//! ([`Normalisation`]), so an imported hash is compared with the very bytes that were typed.

mod foreign;
#[cfg(test)]
mod known_answers;
mod phc;
mod rule;

pub mod argon2;
pub mod hash;

pub use argon2::{Engine, Params};
pub use hash::{BadHash, Normalisation, StoredHash};
pub use rule::{Rule, Weak};

use std::fmt;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

/// The longest password, in bytes of its normal form.
pub const MAX_BYTES: usize = 1_024;

/// The longest text that is looked at: no spelling of [`MAX_BYTES`] normal bytes is longer, as one character
/// decomposes to at most three times its bytes.
const MAX_TYPED: usize = 4 * MAX_BYTES;

/// What is hashed in place of a password that cannot be anybody's: it contains NUL, which no password may.
const NOBODYS: &str = "\0";

/// A password as a person typed it and in its normal form. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct Password {
    normal: Zeroizing<String>,
    /// What was typed, where that differs.
    typed: Option<Zeroizing<String>>,
    possible: bool,
}

impl Password {
    /// The password of a login attempt. It never fails: a text that cannot be anybody's password (too long, or
    /// with NUL) becomes one that costs the same work and matches nothing. The length is judged before any hash.
    pub fn for_login(typed: &str) -> Self {
        Self::read(typed).unwrap_or_else(|_| Self {
            normal: Zeroizing::new(NOBODYS.into()),
            typed: None,
            possible: false,
        })
    }

    fn read(typed: &str) -> Result<Self, Weak> {
        if typed.len() > MAX_TYPED {
            return Err(Weak::TooLong);
        }
        if typed.contains('\0') {
            return Err(Weak::ContainsNul);
        }
        let password = if is_nfc(typed) {
            Self {
                normal: Zeroizing::new(typed.into()),
                typed: None,
                possible: true,
            }
        } else {
            // Reserved up front, because a growing buffer would leave copies behind that nobody wipes.
            let mut normal = Zeroizing::new(String::with_capacity(3 * typed.len()));
            normal.extend(typed.nfc());
            Self {
                normal,
                typed: Some(Zeroizing::new(typed.into())),
                possible: true,
            }
        };
        if password.normal.len() > MAX_BYTES {
            Err(Weak::TooLong)
        } else {
            Ok(password)
        }
    }

    /// The bytes that a record of this normalisation was made from.
    fn bytes(&self, normalisation: Normalisation) -> &[u8] {
        match (&self.typed, normalisation) {
            (Some(typed), Normalisation::AsTyped) => typed.as_bytes(),
            _ => self.normal.as_bytes(),
        }
    }

    /// False for what can be nobody's password, whatever the hash says.
    const fn possible(&self) -> bool {
        self.possible
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_spellings_are_one_password() {
        let (composed, decomposed) = (
            Password::for_login("caf\u{e9} \u{ac01}"),
            Password::for_login("cafe\u{301} \u{1100}\u{1161}\u{11a8}"),
        );
        assert_eq!(
            composed.bytes(Normalisation::Nfc),
            decomposed.bytes(Normalisation::Nfc)
        );
        assert_ne!(
            composed.bytes(Normalisation::AsTyped),
            decomposed.bytes(Normalisation::AsTyped)
        );
    }

    #[test]
    fn nothing_that_looks_different_is_folded_together() {
        let texts = [
            "①",
            "1",
            "ﬁ",
            "fi",
            "Ａ",
            "A",
            "a",
            " a",
            "a ",
            "²",
            "2",
            "ß",
            "ss",
            "😀",
            "\u{202e}a",
        ];
        for (index, left) in texts.iter().enumerate() {
            for right in texts.iter().skip(index + 1) {
                let bytes = |text| Password::for_login(text).bytes(Normalisation::Nfc).to_vec();
                assert_ne!(bytes(left), bytes(right), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn the_longest_password_is_possible_and_one_byte_more_is_not() {
        assert!(Password::for_login(&"a".repeat(MAX_BYTES)).possible());
        for impossible in [
            "a".repeat(MAX_BYTES + 1),
            "a".repeat(100_000_000),
            "ab\0cd".into(),
        ] {
            let password = Password::for_login(&impossible);
            assert!(!password.possible());
            assert_eq!(password.bytes(Normalisation::Nfc), NOBODYS.as_bytes());
        }
        // 341 Hangul syllables are 1,023 bytes composed and 3,069 decomposed: the form decides, not the spelling.
        assert!(Password::for_login(&"\u{1100}\u{1161}\u{11a8}".repeat(341)).possible());
        assert!(!Password::for_login(&"\u{1100}\u{1161}\u{11a8}".repeat(342)).possible());
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(
            format!("{:?}", Password::for_login("hunter2hunter2")),
            "Password(…)"
        );
    }
}
