//! Chance that comes out the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};
use vestibule_model::Entropy;

/// `SplitMix64`: as long as a story asks for one thing after another, its ids, tokens and salts are always the same.
pub(crate) struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Goes on from this seed. Returns the one from which it would have gone on.
    pub(crate) fn begin_at(&self, seed: u64) -> u64 {
        self.0.swap(seed, Ordering::SeqCst)
    }

    fn word(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut word = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.word().to_be_bytes()[..chunk.len()]);
        }
    }
}
