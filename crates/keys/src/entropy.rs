//! The operating system's randomness.

use vestibule_model::Entropy;

/// The operating system's generator, asked directly: aws-lc's own takes 28 ms of its first caller, which the start
/// of the server does not have.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl SystemEntropy {
    /// Makes aws-lc's generator ready, on a thread of its own: it makes and blinds RSA keys, and no request should
    /// pay for its start.
    pub fn warm() {
        let drawing = std::thread::Builder::new()
            .name("entropy".into())
            .spawn(|| aws_lc_rs::rand::fill(&mut [0; 32]));
        if let Err(error) = drawing {
            tracing::warn!(%error, "no thread to start aws-lc's generator on; the first signature will wait for it");
        }
    }
}

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
