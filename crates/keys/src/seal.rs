//! Secrets at rest: sealed by the master key, which itself is kept outside the database.

mod master;

pub use master::{MasterKey, MasterKeyId, NotAMasterKey};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use std::fmt;
use std::sync::Arc;
use vestibule_model::{Entropy, entropy};
use zeroize::{Zeroize, Zeroizing};

const VERSION: u8 = 1;
const SALT: usize = 16;
const NONCE: usize = 12;
const HEAD: usize = 1 + 8 + SALT + NONCE;

/// Why sealed bytes do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Sealed by a master key that was not given.
    #[error(
        "sealed by the master key {sealed_by}, which is not the one given; start with that key, or name it as a previous one"
    )]
    WrongKey {
        /// The key that sealed it.
        sealed_by: MasterKeyId,
    },
    /// Altered, cut short, moved from another row or purpose, or not written by this program.
    #[error("the sealed data is damaged or belongs to another row; restore it from a backup")]
    Damaged,
    /// The cipher refused to work.
    #[error("the cipher failed")]
    Cipher,
}

/// Seals with the current master key; opens what it or a previous one sealed.
pub struct Sealer {
    entropy: Arc<dyn Entropy>,
    keys: Vec<(MasterKeyId, MasterKey)>,
}

impl Sealer {
    /// A sealer with the current key, and the keys that it replaces while their rows are being re-sealed.
    pub fn new(entropy: Arc<dyn Entropy>, current: MasterKey, previous: Vec<MasterKey>) -> Self {
        let keys = std::iter::once(current)
            .chain(previous)
            .map(|key| (key.id(), key))
            .collect();
        Self { entropy, keys }
    }

    /// Seals `plaintext` for one purpose (`"signing key"`) and one row (its id): it opens nowhere else.
    ///
    /// AES-256-GCM under a key of this message alone, derived by HKDF-SHA256 (RFC 5869) from a random salt, so
    /// that random nonces cannot collide however many rows there are.
    /// Layout: version (1), master key id (8), salt (16), nonce (12), ciphertext and tag.
    pub fn seal(&self, purpose: &str, row: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, key) = self.keys.first().ok_or(SealError::Cipher)?;
        let salt: [u8; SALT] = entropy::bytes(self.entropy.as_ref());
        let nonce: [u8; NONCE] = entropy::bytes(self.entropy.as_ref());
        let mut body = Zeroizing::new(Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len()));
        body.extend_from_slice(plaintext);
        message_key(key, &salt)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(*id, purpose, row),
                &mut *body,
            )
            .map_err(|_| SealError::Cipher)?;
        let mut sealed = Vec::with_capacity(HEAD + body.len());
        sealed.push(VERSION);
        for part in [&id.0[..], &salt, &nonce, &body] {
            sealed.extend_from_slice(part);
        }
        Ok(sealed)
    }

    /// Opens what [`Sealer::seal`] sealed for the same purpose and row.
    pub fn open(&self, purpose: &str, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, salt, nonce, body) = split(sealed).ok_or(SealError::Damaged)?;
        let (_, key) = self
            .keys
            .iter()
            .find(|(it, _)| *it == id)
            .ok_or(SealError::WrongKey { sealed_by: id })?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = message_key(key, salt)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                associated(id, purpose, row),
                &mut body,
            )
            .map_err(|_| SealError::Damaged)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Whether `sealed` waits to be sealed again because a previous key sealed it.
    pub fn outdated(&self, sealed: &[u8]) -> bool {
        split(sealed).map(|(id, ..)| id) != self.keys.first().map(|(id, _)| *id)
    }

    /// The public name of the current key.
    pub fn current_id(&self) -> Option<MasterKeyId> {
        self.keys.first().map(|(id, _)| *id)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(id, _)| id))
            .finish()
    }
}

type Parts<'a> = (MasterKeyId, &'a [u8; SALT], &'a [u8; NONCE], &'a [u8]);

fn split(sealed: &[u8]) -> Option<Parts<'_>> {
    let sealed = sealed.strip_prefix(&[VERSION])?;
    let (id, sealed) = sealed.split_first_chunk()?;
    let (salt, sealed) = sealed.split_first_chunk()?;
    let (nonce, body) = sealed.split_first_chunk()?;
    Some((MasterKeyId(*id), salt, nonce, body))
}

fn message_key(key: &MasterKey, salt: &[u8; SALT]) -> Result<LessSafeKey, SealError> {
    let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key.0.as_slice());
    let mut bytes = [0; 32];
    let filled = derived
        .expand(&[b"vestibule seal v1"], &AES_256_GCM)
        .and_then(|okm| okm.fill(&mut bytes));
    let made = filled.and_then(|()| UnboundKey::new(&AES_256_GCM, &bytes));
    bytes.zeroize();
    made.map(LessSafeKey::new).map_err(|_| SealError::Cipher)
}

/// What is authenticated but not encrypted. The length before the purpose keeps purpose and row apart.
fn associated(id: MasterKeyId, purpose: &str, row: &[u8]) -> Aad<Vec<u8>> {
    let length = (purpose.len() as u64).to_be_bytes();
    Aad::from([&[VERSION], &id.0[..], &length, purpose.as_bytes(), row].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn key(seed: u8) -> MasterKey {
        let mut bytes = [seed; 32];
        bytes[0] = seed.wrapping_add(1);
        MasterKey(Zeroizing::new(bytes))
    }

    fn sealer(current: u8, previous: &[u8]) -> Sealer {
        Sealer::new(
            Arc::new(SystemEntropy),
            key(current),
            previous.iter().map(|seed| key(*seed)).collect(),
        )
    }

    #[test]
    fn sealed_bytes_open_only_for_their_purpose_and_row() {
        let ours = sealer(1, &[]);
        let sealed = ours.seal("signing key", b"row 1", b"private").unwrap();
        assert_eq!(
            ours.open("signing key", b"row 1", &sealed).unwrap().as_slice(),
            b"private"
        );
        for (purpose, row) in [
            ("signing key", &b"row 2"[..]),
            ("signing ke", b"yrow 1"),
            ("mail", b"row 1"),
        ] {
            assert_eq!(ours.open(purpose, row, &sealed).unwrap_err(), SealError::Damaged);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let ours = sealer(1, &[]);
        let sealed = ours.seal("p", b"r", b"private").unwrap();
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            let expected = if (1..9).contains(&index) {
                "WrongKey"
            } else {
                "Damaged"
            };
            assert!(
                format!("{:?}", ours.open("p", b"r", &altered).unwrap_err()).starts_with(expected),
                "byte {index}"
            );
            assert_eq!(
                ours.open("p", b"r", &sealed[..index]).unwrap_err(),
                SealError::Damaged,
                "cut at {index}"
            );
        }
    }

    #[test]
    fn a_wrong_master_key_is_told_from_damage_and_a_previous_one_still_opens() {
        let sealed = sealer(1, &[]).seal("p", b"r", b"private").unwrap();
        assert_eq!(
            sealer(2, &[]).open("p", b"r", &sealed).unwrap_err(),
            SealError::WrongKey {
                sealed_by: key(1).id()
            }
        );
        let rotating = sealer(2, &[1]);
        assert_eq!(rotating.open("p", b"r", &sealed).unwrap().as_slice(), b"private");
        assert!(rotating.outdated(&sealed));
        assert!(!rotating.outdated(&rotating.seal("p", b"r", b"private").unwrap()));
    }

    #[test]
    fn the_same_text_never_seals_to_the_same_bytes_and_debug_shows_no_secret() {
        let ours = sealer(1, &[]);
        assert_ne!(
            ours.seal("p", b"r", b"x").unwrap(),
            ours.seal("p", b"r", b"x").unwrap()
        );
        assert_eq!(format!("{:?}", key(1)), format!("MasterKey({})", key(1).id()));
    }
}
