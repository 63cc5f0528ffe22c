//! The master key.

use crate::digest::{equal, sha256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use vestibule_model::{Entropy, entropy};
use zeroize::Zeroizing;

const PREFIX: &str = "vmk1_";

/// The public name of a master key: the first eight bytes of a hash of it. It is stored beside what the key
/// seals, so that a wrong key is told apart from damage.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MasterKeyId(pub(super) [u8; 8]);

impl MasterKeyId {
    /// The eight bytes, as stored.
    pub const fn bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for MasterKeyId {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a master key: expected the one line `vmk1_` followed by 43 base64url characters, or 64 hexadecimal digits"
)]
pub struct NotAMasterKey;

/// The 256-bit key that seals every secret row.
#[derive(Clone)]
pub struct MasterKey(pub(super) Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new random key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(entropy::bytes(entropy)))
    }

    /// Reads `vmk1_<base64url>` as [`MasterKey::text`] writes it, or 64 hexadecimal digits (`openssl rand -hex 32`);
    /// white space around is ignored. A key of one repeated byte is refused: it is a sample, not a secret.
    pub fn parse(text: &str) -> Result<Self, NotAMasterKey> {
        let text = text.trim();
        let mut bytes = Zeroizing::new([0; 32]);
        if let Some(body) = text.strip_prefix(PREFIX) {
            let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| NotAMasterKey)?);
            *bytes = decoded.as_slice().try_into().map_err(|_| NotAMasterKey)?;
        } else {
            read_hex(text, &mut bytes)?;
        }
        let first = bytes.first().copied();
        if bytes.iter().all(|byte| Some(*byte) == first) {
            Err(NotAMasterKey)
        } else {
            Ok(Self(bytes))
        }
    }

    /// The key as the text of its file: `vmk1_<base64url>`.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.as_slice())))
    }

    /// The key's public name.
    pub fn id(&self) -> MasterKeyId {
        let text = Zeroizing::new([b"vestibule master key id v1".as_slice(), self.0.as_slice()].concat());
        MasterKeyId(sha256(&text).first_chunk().copied().unwrap_or_default())
    }
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        equal(self.0.as_slice(), other.0.as_slice())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

fn read_hex(text: &str, bytes: &mut [u8; 32]) -> Result<(), NotAMasterKey> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .ok_or(NotAMasterKey)
    };
    if text.len() != 64 {
        return Err(NotAMasterKey);
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
        let [high, low] = pair;
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    #[test]
    fn a_master_key_is_read_as_it_is_written() {
        let key = MasterKey::generate(&SystemEntropy);
        assert_eq!(MasterKey::parse(&format!(" {}\n", *key.text())).unwrap(), key);
        let hex = "00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100";
        let read = MasterKey::parse(hex).unwrap();
        assert_eq!(read.0[..4], [0x00, 0x11, 0x22, 0x33]);
        assert_eq!(read.0[28..], [0x33, 0x22, 0x11, 0x00]);
    }

    #[test]
    fn t19_what_is_short_long_or_a_sample_is_no_master_key() {
        let good = MasterKey::generate(&SystemEntropy).text().to_string();
        let (zeros, cut, long) = ("0".repeat(64), &good[..good.len() - 1], format!("{good}A"));
        let zero_text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([0; 32]));
        for text in [
            "",
            "secret",
            "vmk1_",
            "+1".repeat(32).as_str(),
            &zeros,
            cut,
            &long,
            &zero_text,
            &good.replace("vmk1", "vmk2"),
        ] {
            assert_eq!(MasterKey::parse(text).unwrap_err(), NotAMasterKey, "{text}");
        }
    }
}
