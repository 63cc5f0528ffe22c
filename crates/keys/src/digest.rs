//! SHA-256, HMAC-SHA256 and comparison in constant time.

use aws_lc_rs::{digest, hmac};
use subtle::ConstantTimeEq;
use vestibule_model::{Entropy, entropy};
use zeroize::Zeroizing;

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    array(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-256 of what comes in pieces.
pub struct Sha256(digest::Context);

impl Sha256 {
    /// The digest of nothing yet.
    pub fn begin() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Takes the next piece; where pieces are divided makes no difference.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was taken.
    pub fn end(self) -> [u8; 32] {
        array(self.0.finish().as_ref())
    }
}

/// Whether two texts are equal, in a time that depends on their lengths only.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// A key for [`mac`], set up once.
pub struct MacKey(hmac::Key);

impl MacKey {
    /// The key with these 32 secret bytes.
    pub fn new(material: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, material))
    }

    /// Material for a new key: 32 random bytes.
    pub fn generate(entropy: &dyn Entropy) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(entropy::bytes(entropy))
    }
}

/// What [`mac`] computes. It is compared in constant time or not at all:
///
/// ```compile_fail,E0369
/// # use vestibule_keys::digest::{MacKey, mac};
/// let key = MacKey::new(&[7; 32]);
/// assert!(mac(&key, &[]) == mac(&key, &[]));
/// ```
pub struct Mac([u8; 32]);

impl Mac {
    /// Whether somebody presents this one, in a time that depends on the length of what is presented only.
    pub fn is(&self, presented: &[u8]) -> bool {
        equal(&self.0, presented)
    }

    /// The 32 bytes, to be sent or stored.
    pub const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

/// HMAC-SHA256 (RFC 2104) over `parts`, each preceded by its length as eight bytes, so that no two lists of
/// parts give the same text.
pub fn mac(key: &MacKey, parts: &[&[u8]]) -> Mac {
    let mut context = hmac::Context::with_key(&key.0);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    Mac(array(context.sign().as_ref()))
}

/// The 32 bytes of a SHA-256 output; both libraries give exactly that many.
fn array(output: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(output).for_each(|(to, from)| *to = *from);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_is_the_standard_one() {
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
            0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(sha256(b"abc"), expected);
        let mut pieces = Sha256::begin();
        pieces.update(b"a");
        pieces.update(b"bc");
        assert_eq!(pieces.end(), expected);
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_mac() {
        let key = MacKey::new(&[7; 32]);
        let macs = [
            mac(&key, &[b"ab", b"c"]).bytes(),
            mac(&key, &[b"a", b"bc"]).bytes(),
            mac(&key, &[b"abc"]).bytes(),
            mac(&key, &[b"abc", b""]).bytes(),
        ];
        for (index, left) in macs.iter().enumerate() {
            assert!(macs.iter().skip(index + 1).all(|right| left != right));
        }
        assert_ne!(mac(&MacKey::new(&[8; 32]), &[b"abc"]).bytes(), macs[2]);
    }

    /// That it takes constant time is what `subtle` promises; that nothing else compares one, the type does.
    #[test]
    fn t28_a_mac_is_only_what_it_is_as_a_whole() {
        let mac = mac(&MacKey::new(&[7; 32]), &[b"abc"]);
        let good = mac.bytes();
        assert!(mac.is(&good));
        for bit in 0..256 {
            let mut flipped = good;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!mac.is(&flipped), "bit {bit}");
        }
        assert!(!mac.is(&good[..31]) && !mac.is(&[]) && !mac.is(&[&good[..], &[0]].concat()));
    }

    #[test]
    fn texts_of_different_length_are_never_equal() {
        assert!(equal(b"abc", b"abc"));
        assert!(!equal(b"abc", b"abd"));
        assert!(!equal(b"abc", b"abc\0"));
    }
}
