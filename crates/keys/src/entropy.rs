//! The operating system's randomness.

use vestibule_model::Entropy;

/// The operating system's generator, asked directly (`docs/decisions/2026-11-27-no-jitter.md`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            tracing::error!(
                "the operating system gives no random bytes; stopping, because every secret depends on them"
            );
            std::process::abort();
        }
    }
}
