//! Keys that were opened and parsed before, which takes an RSA key longer than everything else in a request.
//!
//! Nothing is believed because it is here: the row is read by whoever asks, and a key is what its sealed bytes are. So no
//! lease is needed, and a node without one, which reads every row for every request, parses none of them again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vestibule_keys::jose::Key;
use vestibule_model::id::KeyId;
use vestibule_store::secret_keys::SecretKeyRow;

/// How many are kept, of some kilobytes each; one more, and all are forgotten.
const MOST: usize = 1_024;

/// Parsed keys by id.
#[derive(Default)]
pub(crate) struct Parsed(Mutex<HashMap<KeyId, Opened>>);

/// A key beside the sealed bytes that it was parsed from.
struct Opened {
    sealed: Vec<u8>,
    key: Arc<Key>,
}

impl Parsed {
    /// The key of this row, if these very bytes were parsed before.
    pub(super) fn get(&self, row: &SecretKeyRow) -> Option<Arc<Key>> {
        let keys = self.keys();
        let Opened { sealed, key } = keys.get(&row.id)?;
        (*sealed == row.sealed && key.algorithm().as_str() == row.algorithm).then(|| Arc::clone(key))
    }

    /// Keeps the key of this row.
    pub(super) fn keep(&self, row: &SecretKeyRow, key: &Arc<Key>) {
        let mut keys = self.keys();
        if keys.len() >= MOST {
            keys.clear();
        }
        let (sealed, key) = (row.sealed.clone(), Arc::clone(key));
        keys.insert(row.id, Opened { sealed, key });
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<KeyId, Opened>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::id::ProjectId;
    use vestibule_model::token::Algorithm;
    use vestibule_model::{Environment, Realm, Timestamp};

    fn row(number: usize, sealed: &[u8], algorithm: Algorithm) -> SecretKeyRow {
        SecretKeyRow {
            id: KeyId::from_bytes((number as u128).to_be_bytes()),
            realm: Realm {
                project: ProjectId::from_bytes([1; 16]),
                environment: Environment::Test,
            },
            dialect: "sample".to_owned(),
            purpose: "signing".to_owned(),
            algorithm: algorithm.as_str().to_owned(),
            kid: number.to_string(),
            sealed: sealed.to_vec(),
            created_at: Timestamp::from_micros(0),
            active_from: Timestamp::from_micros(0),
            retired_at: None,
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_is_the_same_only_while_its_row_is() {
        let (key, _) = Key::generate(Algorithm::EdDsa).unwrap();
        let (parsed, key) = (Parsed::default(), Arc::new(key));
        let known = row(1, b"sealed", Algorithm::EdDsa);
        assert!(parsed.get(&known).is_none());
        parsed.keep(&known, &key);
        assert!(parsed.get(&known).is_some_and(|found| Arc::ptr_eq(&found, &key)));
        for other in [
            row(2, b"sealed", Algorithm::EdDsa),
            row(1, b"sealed anew", Algorithm::EdDsa),
            row(1, b"sealed", Algorithm::Rs256),
        ] {
            assert!(parsed.get(&other).is_none());
        }
    }

    #[test]
    fn memory_is_bounded() {
        let (key, _) = Key::generate(Algorithm::EdDsa).unwrap();
        let (parsed, key) = (Parsed::default(), Arc::new(key));
        for number in 0..3 * MOST {
            parsed.keep(&row(number, b"sealed", Algorithm::EdDsa), &key);
        }
        assert!(parsed.keys().len() <= MOST);
    }
}
